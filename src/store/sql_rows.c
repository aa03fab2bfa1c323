#include "store/sql_rows.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>

#define COLUMNS                                                                                    \
	"c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18,"     \
	" c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31"

struct given_table {
	sqlite3_vtab base;
	const struct sql_rows *const *given;
};

struct given_cursor {
	sqlite3_vtab_cursor base;
	struct sql_rows rows;
	size_t at;
};

void sql_rows_int(struct sqlite3_context *to, int64_t value)
{
	sqlite3_result_int64(to, value);
}

void sql_rows_real(struct sqlite3_context *to, double value)
{
	if (isfinite(value))
		sqlite3_result_double(to, value);
}

void sql_rows_text(struct sqlite3_context *to, const char *text)
{
	if (text)
		sqlite3_result_text(to, text, -1, SQLITE_STATIC);
}

static int given_connect(sqlite3 *db, void *opaque, int count, const char *const *words,
	sqlite3_vtab **ret_table, char **ret_message)
{
	(void)count;
	(void)words;
	(void)ret_message;
	int rc = sqlite3_declare_vtab(db, "CREATE TABLE given(" COLUMNS ")");
	if (rc != SQLITE_OK)
		return rc;
	struct given_table *t = sqlite3_malloc(sizeof(*t));
	if (!t)
		return SQLITE_NOMEM;
	*t = (struct given_table){.given = opaque};
	*ret_table = &t->base;
	return SQLITE_OK;
}

static int given_disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

/* There is one way to read it: from the first row to the last. */
static int given_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = 1000;
	return SQLITE_OK;
}

static int given_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret_cursor)
{
	(void)table;
	struct given_cursor *c = sqlite3_malloc(sizeof(*c));
	if (!c)
		return SQLITE_NOMEM;
	*c = (struct given_cursor){0};
	*ret_cursor = &c->base;
	return SQLITE_OK;
}

static int given_close(sqlite3_vtab_cursor *cursor)
{
	sqlite3_free(cursor);
	return SQLITE_OK;
}

static int given_filter(sqlite3_vtab_cursor *cursor, int number, const char *text, int count,
	sqlite3_value **values)
{
	struct given_cursor *c = (struct given_cursor *)cursor;
	const struct given_table *t = (const struct given_table *)cursor->pVtab;
	(void)number;
	(void)text;
	(void)count;
	(void)values;
	c->rows = *t->given ? **t->given : (struct sql_rows){0};
	c->at = 0;
	return SQLITE_OK;
}

static int given_next(sqlite3_vtab_cursor *cursor)
{
	((struct given_cursor *)cursor)->at++;
	return SQLITE_OK;
}

static int given_eof(sqlite3_vtab_cursor *cursor)
{
	const struct given_cursor *c = (const struct given_cursor *)cursor;
	return c->at >= c->rows.count;
}

static int given_column(sqlite3_vtab_cursor *cursor, sqlite3_context *to, int column)
{
	const struct given_cursor *c = (const struct given_cursor *)cursor;
	c->rows.cell(c->rows.rows, c->at, column, to);
	return SQLITE_OK;
}

static int given_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret_id)
{
	*ret_id = (sqlite3_int64)((const struct given_cursor *)cursor)->at;
	return SQLITE_OK;
}

static const sqlite3_module given_module = {
	.xConnect = given_connect,
	.xDisconnect = given_disconnect,
	.xBestIndex = given_best_index,
	.xOpen = given_open,
	.xClose = given_close,
	.xFilter = given_filter,
	.xNext = given_next,
	.xEof = given_eof,
	.xColumn = given_column,
	.xRowid = given_rowid,
};

int sql_rows_register(struct sqlite3 *db, const struct sql_rows *const *given)
{
	return sqlite3_create_module_v2(db, "given", &given_module, (void *)given, NULL);
}
