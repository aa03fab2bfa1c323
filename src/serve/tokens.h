/*
 * Tokens between the store, which keeps them, and the guard, which asks for them.
 *
 * Threads: any, but not the service thread: the store may wait.
 */
#pragma once

#include "serve/guard.h"
#include "store/token_rows.h"

/* What is valid goes to the guard. */
int tokens_load(struct store *store, struct guard *guard, struct err *err);
/* Makes one with the row's name, role and expiry; the row gets its id. The guard knows it at once.
 */
int tokens_create(struct store *store, struct guard *guard, struct token_row *row,
	const char *actor, const char *address, struct err *err, char ret_token[GUARD_TOKEN_SIZE]);
/*
 * Where no token that is an admin's is valid, makes one, so that a new server has a way in:
 * `ret_token` is "" where there was one.
 */
int tokens_create_first(struct store *store, struct guard *guard, struct err *err,
	char ret_token[GUARD_TOKEN_SIZE]);
