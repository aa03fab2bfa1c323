#include "store/settled.h"

#include "fixture.h"
#include "store/rollups.h"
#include "store/violation_stats.h"

#define HOUR_US 3600000000

static struct settled read_settled(struct store *store)
{
	struct settled settled = {0};
	struct sql *sql;
	struct err err = {0};
	assert_int_equal(sql_open(store_path(store), SQL_READ, &err, &sql), 0);
	assert_int_equal(settled_read(sql, &err, &settled), 0);
	sql_close(&sql);
	return settled;
}

static void add_at(struct store *store, int64_t at_us)
{
	struct violation_row row = fixture_violation(0);
	row.at.us = at_us;
	fixture_add(store, &row);
}

static void check(struct store *store, int64_t hour, int64_t late_count)
{
	struct settled settled = read_settled(store);
	assert_int_equal(settled.hour, hour);
	assert_int_equal(settled.late_count, late_count);
}

static void late_changes_are_counted(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	const int64_t begin_us = fixture_violation(0).at.us, hour = begin_us / HOUR_US;
	struct err err = {0};
	check(store, INT64_MIN, 0);
	add_at(store, begin_us + 24 * HOUR_US);
	add_at(store, begin_us + 24 * HOUR_US + 5);
	check(store, hour + 24, 0);
	add_at(store, begin_us + 26 * HOUR_US);
	check(store, hour + 26, 0);
	add_at(store, begin_us + 26 * HOUR_US - 1);
	check(store, hour + 26, 1);
	add_at(store, begin_us);
	check(store, hour + 26, 2);
	assert_int_equal(violation_stats_expire(store, (struct wall){begin_us}, &err), 0);
	check(store, hour + 26, 2);
	assert_int_equal(
		violation_stats_expire(store, (struct wall){begin_us + 24 * HOUR_US}, &err), 0);
	check(store, hour + 26, 3);
	store_close(&store);
	fixture_remove(dir);
}

static void a_clock_that_is_wrong_settles_nothing(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	int64_t present = rollup_bucket(ROLLUP_HOUR, wall_now());
	add_at(store, wall_now().us + 1000 * HOUR_US);
	struct settled settled = read_settled(store);
	assert_in_range(settled.hour, present, present + 1);
	store_close(&store);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(late_changes_are_counted),
	cmocka_unit_test(a_clock_that_is_wrong_settles_nothing))
