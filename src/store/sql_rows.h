/*
 * Rows in memory as a table of SQL: `given`, with columns c0 to c31. One statement inserts hundreds
 * of them and opens every index once, where one statement a row opens, binds and ends each time.
 *
 *     static void cell(const void *rows, size_t row, int column, struct sqlite3_context *to)
 *     {
 *             const struct device *device = (const struct device *)rows + row;
 *             column == 0 ? sql_rows_int(to, device->id) : sql_rows_text(to, device->name);
 *     }
 *     sql_run_rows(sql, "INSERT INTO devices SELECT c0, c1 FROM given",
 *             &(struct sql_rows){cell, devices, count}, err);
 *
 * Such a statement happens as a whole or not at all. Only connections that write have the table.
 *
 * Threads, memory: as the connection (store/sql.h). Method: an eponymous virtual table
 * (sqlite.org/vtab.html).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_context;

struct sql_rows {
	/* Gives one value, by one of the functions below; NULL where none was called. */
	void (*cell)(const void *rows, size_t row, int column, struct sqlite3_context *to);
	const void *rows;
	size_t count;
};

void sql_rows_int(struct sqlite3_context *to, int64_t value);
/* Not finite: NULL. */
void sql_rows_real(struct sqlite3_context *to, double value);
/* Must live until the statement has ended. NULL: NULL. */
void sql_rows_text(struct sqlite3_context *to, const char *text);

/* Gives the connection its table, which shows what `*given` points to while a statement runs; of
 * NULL it is empty. 0 or a code of SQLite's. */
int sql_rows_register(struct sqlite3 *db, const struct sql_rows *const *given);
