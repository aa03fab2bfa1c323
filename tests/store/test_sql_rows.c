#include "store/sql_rows.h"

#include "fixture.h"
#include "store/sql.h"

#include <math.h>

struct cat {
	int64_t id;
	double weight;
	const char *name;
};

static void cat_cell(const void *rows, size_t row, int column, struct sqlite3_context *to)
{
	const struct cat *cat = (const struct cat *)rows + row;
	if (column == 0)
		sql_rows_int(to, cat->id);
	else if (column == 1)
		sql_rows_real(to, cat->weight);
	else if (column == 2)
		sql_rows_text(to, cat->name);
}

static struct sql *open_cats(const char *dir)
{
	char path[4200];
	struct sql *sql = NULL;
	struct err err = {0};
	snprintf(path, sizeof(path), "%s/cats.db", dir);
	assert_int_equal(sql_open(path, SQL_WRITE, &err, &sql), 0);
	assert_int_equal(sql_run(sql,
				 "CREATE TABLE cats(id INTEGER PRIMARY KEY, weight REAL,"
				 " name TEXT, never TEXT) STRICT",
				 &err),
		0);
	return sql;
}

static const char insert_text[] = "INSERT INTO cats SELECT c0, c1, c2, c3 FROM given";

static int insert(struct sql *sql, const struct cat *cats, size_t count, struct err *err)
{
	return sql_run_rows(sql, insert_text, &(struct sql_rows){cat_cell, cats, count}, err);
}

static int64_t number(struct sql *sql, const char *text)
{
	struct err err = {0};
	int64_t result = -1;
	if (sql_number(sql, text, &err, &result) < 0)
		fail_msg("%s", err.text);
	return result;
}

static void values_are_those_of_memory(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct sql *sql = open_cats(dir);
	struct err err = {0};
	const struct cat cats[] = {{INT64_MAX, 4.5, "M\xc3\xb6hrchen"}, {INT64_MIN, NAN, NULL},
		{0, -0.25, ""}, {7, INFINITY, "it's"}};
	assert_int_equal(insert(sql, cats, 4, &err), 0);
	assert_int_equal(number(sql, "SELECT count(*) FROM cats WHERE never IS NULL"), 4);
	assert_int_equal(number(sql, "SELECT weight = 4.5 AND name = 'M\xc3\xb6hrchen' FROM cats"
				     " WHERE id = 9223372036854775807"),
		1);
	assert_int_equal(
		number(sql, "SELECT weight IS NULL AND name IS NULL FROM cats WHERE id < -9"), 1);
	assert_int_equal(
		number(sql, "SELECT weight = -0.25 AND name = '' FROM cats WHERE id = 0"), 1);
	assert_int_equal(
		number(sql, "SELECT weight IS NULL AND name = 'it''s' FROM cats WHERE id = 7"), 1);
	/* The same statement with other rows, and with none. */
	const struct cat more = {8, 1, "more"};
	assert_int_equal(insert(sql, &more, 1, &err), 0);
	assert_int_equal(insert(sql, NULL, 0, &err), 0);
	assert_int_equal(sql_run(sql, insert_text, &err), 0);
	assert_int_equal(number(sql, "SELECT count(*) FROM cats"), 5);
	sql_close(&sql);
	fixture_remove(dir);
}

/* Inside a transaction too, which goes on as if nothing had been tried. */
static void all_or_none(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct sql *sql = open_cats(dir);
	struct err err = {0};
	const struct cat first = {2, 1, "first"};
	const struct cat cats[] = {{1, 1, "a"}, {2, 1, "b"}, {3, 1, "c"}};
	assert_int_equal(sql_run(sql, "BEGIN IMMEDIATE", &err), 0);
	assert_int_equal(insert(sql, &first, 1, &err), 0);
	assert_int_equal(insert(sql, cats, 3, &err), -EEXIST);
	assert_non_null(strstr(err.text, "cats.id"));
	assert_int_equal(insert(sql, cats + 2, 1, &err), 0);
	assert_int_equal(sql_run(sql, "COMMIT", &err), 0);
	assert_int_equal(number(sql, "SELECT count(*) FROM cats"), 2);
	assert_int_equal(number(sql, "SELECT count(*) FROM cats WHERE name IN ('first', 'c')"), 2);
	sql_close(&sql);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(values_are_those_of_memory), cmocka_unit_test(all_or_none))
