/*
 * Who changed what: one row for every change that a person or a program asked for. Rows are written
 * in the transaction of the change, and never changed.
 */
#pragma once

#include "base/clock.h"
#include "store/store.h"

struct audit_row {
	int64_t id; /* the store's */
	struct wall at;
	const char *actor; /* a token's name, "console" */
	const char *action; /* "review", "create", "change", "delete", "start", ... */
	const char *object; /* "violations/7", "streams/north" */
	const char *address; /* where it came from, or NULL */
	const char *detail; /* or NULL; no secrets */
};

/* For changes that touch no row of the store (a stream started). Waits for the commit. */
int audit_rows_add(struct store *store, const struct audit_row *row, struct err *err);
/* Newest first, those before id `before` (0: all), at most `limit`. Not 0 from `each` ends it. */
int audit_rows_find(struct store *store, int64_t before, int limit,
	int (*each)(void *opaque, const struct audit_row *row), void *opaque, struct err *err);

/* On the writer's thread, in the transaction of the change. NULL texts become "". */
int audit_rows_insert(struct sql *sql, const struct audit_row *row, struct err *err);
