/*
 * The tables of a store, as numbered migrations: the database says which it has (PRAGMA
 * user_version), opening runs the missing ones, each in its own transaction. What has been
 * released is never changed; a new need is a new migration at the end of the list.
 */
#pragma once

#include "store/sql.h"

/* The number of migrations that this program knows. */
int schema_version(void);

/*
 * Brings the database up to date. -ENOTSUP with the reason where it is newer than this program or
 * belongs to another one; -EBADMSG where it is damaged.
 */
int schema_migrate(struct sql *sql, const char *path, struct err *err);
/* The same without changing anything: -ENOTSUP also where a migration is missing. */
int schema_check(struct sql *sql, const char *path, struct err *err);
/* For the tests of migrations: stops after `version` of them. */
int schema_migrate_to(struct sql *sql, const char *path, int version, struct err *err);
