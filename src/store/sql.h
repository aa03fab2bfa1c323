/*
 * One connection to a SQLite database, and statements that are prepared once. The only door to
 * SQLite, with sql_rows.h: its codes become errno values and sentences here.
 *
 *     struct sqlite3_stmt *s;
 *     int r = sql_get(sql, "SELECT name FROM devices WHERE id = ?", err, &s);
 *     if (r == 0) {
 *             sql_bind_int(s, 1, 7);
 *             while ((r = sql_step(sql, s, err)) > 0)
 *                     puts(sql_text(s, 0));
 *             sql_done(s);
 *     }
 *
 * Errors: -ENOSPC disk full, -EIO the disk failed, -EBADMSG no database or a damaged one, -EBUSY
 * locked by another process, -EROFS not writable, -EEXIST a constraint says no, -ENOMEM.
 *
 * Threads: a connection belongs to one thread at a time. Memory: statements are kept until close.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql;
struct sqlite3_stmt;

enum sql_mode {
	SQL_READ, /* the file must exist; nothing can be changed through it */
	SQL_WRITE, /* made where it is missing; WAL, synchronous FULL */
};

int sql_open(const char *path, enum sql_mode mode, struct err *err, struct sql **ret_sql);
void sql_close(struct sql **sql);

/* One or several statements without parameters; rows are thrown away. */
int sql_run(struct sql *sql, const char *text, struct err *err);
/* One of those, kept prepared: for what is run again and again. */
int sql_rerun(struct sql *sql, const char *text, struct err *err);
/* The first column of the first row of a statement without parameters; 0 where there is none. */
int sql_number(struct sql *sql, const char *text, struct err *err, int64_t *ret_number);

/* A statement ready to be bound; borrowed, and prepared once for each text. */
int sql_get(struct sql *sql, const char *text, struct err *err, struct sqlite3_stmt **ret_stmt);
/* Parameters count from 1. Texts must live until sql_done(). NULL and not finite numbers are NULL.
 */
void sql_bind_int(struct sqlite3_stmt *stmt, int index, int64_t value);
void sql_bind_real(struct sqlite3_stmt *stmt, int index, double value);
void sql_bind_text(struct sqlite3_stmt *stmt, int index, const char *text);
/* 1: a row, 0: no more. */
int sql_step(struct sql *sql, struct sqlite3_stmt *stmt, struct err *err);
/* Ends the use of a statement; every sql_get() needs one. */
void sql_done(struct sqlite3_stmt *stmt);
/* Runs a bound statement that gives no rows, and ends its use. */
int sql_finish(struct sql *sql, struct sqlite3_stmt *stmt, struct err *err);
/* Runs a statement that reads `rows` as the table `given`: store/sql_rows.h. */
struct sql_rows;
int sql_run_rows(struct sql *sql, const char *text, const struct sql_rows *rows, struct err *err);
/* Rows that the last statement changed. */
int64_t sql_changes(const struct sql *sql);

/* Columns count from 0. A text is borrowed until the next step, NULL for NULL; a real is NaN. */
int64_t sql_int(struct sqlite3_stmt *stmt, int column);
double sql_real(struct sqlite3_stmt *stmt, int column);
const char *sql_text(struct sqlite3_stmt *stmt, int column);
int sql_columns(struct sqlite3_stmt *stmt);
const char *sql_column_name(struct sqlite3_stmt *stmt, int column);
enum sql_type { SQL_NULL, SQL_INT, SQL_REAL, SQL_TEXT };
enum sql_type sql_type(struct sqlite3_stmt *stmt, int column);

/*
 * A consistent copy of the whole database into a new file, while others write. The copy appears
 * whole or not at all: written beside it, synced, renamed. -EEXIST where `path` is there already.
 */
int sql_backup(struct sql *sql, const char *path, struct err *err);
