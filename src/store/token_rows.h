/*
 * Tokens: who may do what. The store sees only hashes; whoever makes a token hashes it.
 */
#pragma once

#include "base/clock.h"
#include "store/store.h"

struct token_row {
	int64_t id; /* the store's */
	char name[64];
	char hash[130]; /* hexadecimal digits */
	char role[16]; /* "viewer", "operator", "admin" */
	struct wall created, expires, revoked; /* 0: never */
};

/* Writes the audit log too; `actor` and `address` may be NULL. -EEXIST: the hash is there. */
int token_rows_add(struct store *store, const struct token_row *row, const char *actor,
	const char *address, struct err *err, int64_t *ret_id);
/* -ENOENT. The row as it is: whether it has expired or was revoked is for the caller to see. */
int token_rows_find(
	struct store *store, const char *hash, struct err *err, struct token_row *ret_row);
/* All, oldest first, the revoked ones too. Not 0 from `each` ends it. */
int token_rows_list(struct store *store, int (*each)(void *opaque, const struct token_row *row),
	void *opaque, struct err *err);
/* -ENOENT where there is none that is not revoked yet. */
int token_rows_revoke(struct store *store, int64_t id, struct wall now, const char *actor,
	const char *address, struct err *err);
