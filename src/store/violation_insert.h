/*
 * How a violation becomes a row of its table. See violation_rows.h for what it is.
 *
 * Threads: the writer's.
 */
#pragma once

#include "store/sql.h"
#include "store/violation_rows.h"

/* Rows with their ids, by one statement: all of them or, where it fails, none. -EEXIST: the key of
 * one is known, or two have the same. */
int violation_insert_rows(
	struct sql *sql, const struct violation_row *const *rows, size_t count, struct err *err);
