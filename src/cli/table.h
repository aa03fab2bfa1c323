/*
 * Tables for people: aligned columns, by the width that text has on a terminal.
 *
 *     static const struct table_column columns[] = {{"class", TABLE_LEFT}, {"count", TABLE_RIGHT}};
 *     struct table t;
 *     table_init(&t, columns, 2);
 *     table_cell(&t, "car");
 *     table_cell(&t, "%d", 12);       // the row is full: the next cell begins another
 *     table_rule(&t);                 // a line, before totals
 *     table_print(&t, stdout);
 *     table_finish(&t);
 *
 * On a terminal the last column is wrapped at words where the table would be wider than it.
 *
 * Memory: cells are copied; out of memory shows as a last line that says so. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 32

enum table_align {
	TABLE_LEFT,
	TABLE_RIGHT,
};

struct table_column {
	const char *title;
	enum table_align align;
};

struct table {
	const struct table_column *columns; /* borrowed */
	int column_count;
	char **cells; /* row by row; the first of a row is NULL for a line */
	int count, capacity;
	bool failed;
};

void table_init(struct table *table, const struct table_column *columns, int column_count);
void table_cell(struct table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Fills the rest of a row that was begun with empty cells. */
void table_end_row(struct table *table);
void table_rule(struct table *table);
void table_print(const struct table *table, FILE *out);
/* The same, `columns` wide where that is possible; 0: as wide as it is. */
void table_print_within(const struct table *table, int columns, FILE *out);
void table_finish(struct table *table);

/* Columns that UTF-8 text takes on a terminal: wide characters two, combining marks none. */
int table_text_width(const char *text);
