#include "store/traffic_stats.h"

#include "base/random.h"
#include "fixture.h"
#include "store/passage_rows.h"
#include "store/schema.h"

#include <math.h>

#define HOUR_US 3600000000
static const struct wall epoch = {1717200000000000}; /* 2024-06-01T00:00:00Z, a Saturday */

static void pass(struct store *store, int64_t at_us, const char *line, const char *class_name,
	double speed_mps)
{
	struct passage_row row = {.at = {at_us},
		.device = "north",
		.line = line,
		.direction = "forward",
		.class_name = class_name,
		.speed_mps = speed_mps,
		.speed_sigma_mps = NAN,
		.occupied_s = 0.5};
	struct err err = {0};
	if (passage_rows_add(store, &row, &err) < 0)
		fail_msg("%s", err.text);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Percentiles from sums are within one bin of those of the speeds themselves. */
static void buckets_equal_the_passages(void **state)
{
	(void)state;
	enum { COUNT = 900 };
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct random random = random_at(3, 1, 4, 1);
	struct traffic_bucket *b = NULL;
	struct err err = {0};
	double speeds[COUNT], sum = 0;
	int count = 0;
	for (int i = 0; i < COUNT; i++) {
		speeds[i] = 5 + (double)(random_u64(&random) % 3000) / 100;
		sum += speeds[i];
		pass(store, epoch.us + HOUR_US + i * 1000000, "a", i % 10 ? "car" : "truck",
			speeds[i]);
	}
	assert_int_equal(store_flush(store, &err), 0);
	qsort(speeds, COUNT, sizeof(*speeds), by_value);
	struct traffic_place place = {.device = "north", .line = "a"};
	assert_int_equal(traffic_stats_flow(store, &place, ROLLUP_QUARTER, epoch,
				 (struct wall){epoch.us + 2 * HOUR_US}, 1, &err, &b, &count),
		0);
	assert_int_equal(count, 8);
	assert_int_equal(b[4].from.us, epoch.us + HOUR_US);
	assert_int_equal(b[4].count, COUNT);
	assert_true(fabs(b[4].flow_per_h - 3600) < 1e-9);
	assert_true(fabs(b[4].mean_mps - sum / COUNT) < 1e-9);
	assert_true(fabs(b[4].p15_mps - speeds[COUNT * 15 / 100]) < 0.3);
	assert_true(fabs(b[4].p50_mps - speeds[COUNT / 2]) < 0.3);
	assert_true(fabs(b[4].p85_mps - speeds[COUNT * 85 / 100]) < 0.3);
	assert_true(fabs(b[4].headway_s - 1) < 1e-9 && b[4].headway_sigma_s < 1e-6);
	assert_true(fabs(b[4].occupied_ratio - 0.5) < 1e-9);
	assert_true(fabs(b[4].density_per_km - 3960 / (sum / COUNT * 3.6)) < 1e-6);
	assert_int_equal(b[4].level, SERVICE_F);
	assert_int_equal(b[5].count, 0);
	assert_true(isnan(b[5].mean_mps) && isnan(b[5].headway_s));
	assert_int_equal(b[5].level, SERVICE_UNKNOWN);
	free(b);
	store_close(&store);
	fixture_remove(dir);
}

static void counts_by_class_and_line(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct traffic_count *c = NULL;
	struct err err = {0};
	int count = 0;
	for (int i = 0; i < 30; i++)
		pass(store, epoch.us + i * 1000000, i % 3 ? "a" : "b", i % 2 ? "car" : "bus",
			i % 5 ? 10 : NAN);
	assert_int_equal(store_flush(store, &err), 0);
	struct traffic_place place = {.line = "a"};
	assert_int_equal(traffic_stats_counts(store, &place, epoch,
				 (struct wall){epoch.us + HOUR_US}, &err, &c, &count),
		0);
	assert_int_equal(count, 2);
	assert_string_equal(c[0].class_name, "bus");
	assert_int_equal(c[0].count + c[1].count, 20);
	assert_int_equal(c[0].measured_count + c[1].measured_count, 16);
	assert_true(fabs(c[0].mean_mps - 10) < 1e-9);
	free(c);
	store_close(&store);
	fixture_remove(dir);
}

static void pass_in(struct store *store, int at_s, const char *lane, double speed_mps, bool unsure)
{
	struct passage_row row = {.at = {epoch.us + at_s * INT64_C(1000000)},
		.device = "north",
		.line = "a",
		.lane = lane,
		.lane_unsure = unsure,
		.direction = "forward",
		.class_name = "car",
		.speed_mps = speed_mps,
		.speed_sigma_mps = NAN,
		.occupied_s = 2};
	struct err err = {0};
	if (passage_rows_add(store, &row, &err) < 0)
		fail_msg("%s", err.text);
}

static int lanes_of(
	struct store *store, const struct traffic_place *place, struct traffic_lane **ret_lanes)
{
	struct err err = {0};
	int count = 0;
	if (traffic_stats_lanes(store, place, ROLLUP_QUARTER, epoch,
		    (struct wall){epoch.us + HOUR_US}, &err, ret_lanes, &count) < 0)
		fail_msg("%s", err.text);
	return count;
}

/* Two lanes in turn, 5 s apart: headways are those of a lane, and so is everything else. */
static void lanes_have_traffic_of_their_own(void **state)
{
	(void)state;
	enum { COUNT = 100 };
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct traffic_place place = {.line = "a"};
	struct traffic_lane *l = NULL;
	struct traffic_bucket *b = NULL;
	struct err err = {0};
	int count = 0;
	for (int i = 0; i < COUNT; i++)
		pass_in(store, 5 * i, i % 2 ? "right" : "left", i % 2 ? 10 : 20, i % 10 == 1);
	assert_int_equal(store_flush(store, &err), 0);
	assert_int_equal(lanes_of(store, &place, &l), 2);
	for (int i = 0; i < 2; i++) {
		const struct traffic_bucket *t = &l[i].traffic;
		double mean_mps = i ? 10 : 20;
		assert_string_equal(l[i].device, "north");
		assert_string_equal(l[i].line, "a");
		assert_string_equal(l[i].lane, i ? "right" : "left");
		assert_string_equal(l[i].direction, "forward");
		assert_int_equal(t->from.us, epoch.us);
		assert_int_equal(t->count, COUNT / 2);
		assert_int_equal(t->unsure_count, i ? COUNT / 10 : 0);
		assert_true(fabs(t->flow_per_h - COUNT / 2) < 1e-9);
		assert_true(fabs(t->mean_mps - mean_mps) < 1e-9);
		assert_true(fabs(t->headway_s - 10) < 1e-9 && t->headway_sigma_s < 1e-6);
		assert_true(fabs(t->occupied_ratio - COUNT / 3600.0) < 1e-9);
		assert_true(fabs(t->density_per_km - COUNT / 2 / (mean_mps * 3.6)) < 1e-9);
		assert_int_equal(t->level, SERVICE_A);
	}
	free(l);
	place.lane = "right";
	assert_int_equal(lanes_of(store, &place, &l), 1);
	free(l);
	assert_int_equal(traffic_stats_flow(store, &place, ROLLUP_HOUR, epoch,
				 (struct wall){epoch.us + HOUR_US}, 1, &err, &b, &count),
		0);
	assert_int_equal(count, 1);
	assert_int_equal(b[0].count, COUNT / 2);
	assert_int_equal(b[0].unsure_count, COUNT / 10);
	free(b);
	struct wall later = {epoch.us + 1};
	assert_int_equal(
		traffic_stats_lanes(store, &place, ROLLUP_ALL, epoch, later, &err, &l, &count),
		-EINVAL);
	assert_int_equal(
		traffic_stats_lanes(store, &place, ROLLUP_HOUR, later, epoch, &err, &l, &count),
		-EINVAL);
	store_close(&store);
	fixture_remove(dir);
}

/* The totals that are made anew when days leave keep the lanes apart. */
static void lanes_stay_apart_when_days_leave(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct traffic_place place = {.lane = "left"};
	struct traffic_lane *l = NULL;
	struct err err = {0};
	for (int day = -1; day <= 0; day++) {
		pass_in(store, day * 86400, "left", 10, true);
		pass_in(store, day * 86400, "right", 10, false);
	}
	assert_int_equal(traffic_stats_expire(store, epoch, &err), 0);
	assert_int_equal(lanes_of(store, &place, &l), 1);
	assert_int_equal(l[0].traffic.count, 1);
	free(l);
	struct sql *sql;
	char path[4200];
	int64_t number;
	snprintf(path, sizeof(path), "%s/store.db", dir);
	assert_int_equal(sql_open(path, SQL_READ, &err, &sql), 0);
	assert_int_equal(sql_number(sql,
				 "SELECT sum(count) * 10 + sum(unsure_count) FROM line_sums"
				 " WHERE scale = 3 AND lane = 'left'",
				 &err, &number),
		0);
	assert_int_equal(number, 11);
	assert_int_equal(sql_number(sql,
				 "SELECT sum(count) FROM traffic_sums WHERE scale = 3 AND"
				 " lane = 'right'",
				 &err, &number),
		0);
	assert_int_equal(number, 1);
	sql_close(&sql);
	store_close(&store);
	fixture_remove(dir);
}

/* What was summed before lines had lanes goes on as that of a line without. */
static void sums_from_before_lanes_stay(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct traffic_place place = {.device = "north"};
	struct traffic_lane *l = NULL;
	struct sql *sql = NULL;
	struct err err = {0};
	char path[4200], text[512];
	snprintf(path, sizeof(path), "%s/store.db", dir);
	snprintf(text, sizeof(text),
		"INSERT INTO line_sums VALUES(0, 'north', 'a', 'forward', %lld, 3, 2, 8, 34, 3, "
		"1.5);"
		"INSERT INTO traffic_sums VALUES(0, 'north', 'a', 'forward', %lld, 'car', 36, 3, "
		"30);"
		"INSERT INTO counters VALUES('last/north/a/forward', %lld)",
		(long long)rollup_bucket(ROLLUP_QUARTER, epoch),
		(long long)rollup_bucket(ROLLUP_QUARTER, epoch), (long long)epoch.us);
	assert_int_equal(sql_open(path, SQL_WRITE, &err, &sql), 0);
	assert_int_equal(schema_migrate_to(sql, path, 8, &err), 0);
	assert_int_equal(sql_run(sql, text, &err), 0);
	sql_close(&sql);
	struct store *store = fixture_open(dir);
	pass_in(store, 1, NULL, 10, false); /* a second after the one from before */
	pass_in(store, 2, "left", 10, false); /* the first in its lane */
	assert_int_equal(store_flush(store, &err), 0);
	assert_int_equal(lanes_of(store, &place, &l), 2);
	assert_string_equal(l[0].lane, "");
	assert_int_equal(l[0].traffic.count, 4);
	assert_true(fabs(l[0].traffic.headway_s - 3) < 1e-9);
	assert_true(fabs(l[0].traffic.mean_mps - 10) < 1e-9);
	assert_string_equal(l[1].lane, "left");
	assert_int_equal(l[1].traffic.count, 1);
	assert_true(isnan(l[1].traffic.headway_s));
	free(l);
	store_close(&store);
	fixture_remove(dir);
}

static void levels_of_the_manual(void **state)
{
	(void)state;
	assert_string_equal(service_level_name(service_level_of(0)), "A");
	assert_string_equal(service_level_name(service_level_of(6.9)), "B");
	assert_string_equal(service_level_name(service_level_of(16)), "C");
	assert_string_equal(service_level_name(service_level_of(21)), "D");
	assert_string_equal(service_level_name(service_level_of(28)), "E");
	assert_string_equal(service_level_name(service_level_of(29)), "F");
	assert_string_equal(service_level_name(service_level_of(NAN)), "unknown");
}

/* Five weeks in which each hour of the day has its own traffic; then a day of twice as much. */
static void a_forecast_knows_its_error(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct traffic_forecast f;
	struct traffic_place all = {0};
	struct err err = {0};
	double week[WEEK_HOURS];
	for (int hour = 0; hour < 5 * WEEK_HOURS; hour++)
		for (int i = 0; i < 2 + hour % 24 / 3; i++)
			pass(store, epoch.us + hour * HOUR_US + i * 60000000, "a", "car", 10);
	struct wall now = {epoch.us + 5 * WEEK_HOURS * HOUR_US};
	assert_int_equal(store_flush(store, &err), 0);
	assert_int_equal(traffic_stats_forecast(store, &all, now, 48, &err, &f), 0);
	assert_int_equal(f.from.us, now.us);
	for (int i = 0; i < 48; i++)
		assert_true(fabs(f.per_hour[i] - (2 + i % 24 / 3)) < 1e-9);
	assert_true(f.error_per_hour < 1e-9 && f.naive_error_per_hour < 1e-9);
	assert_int_equal(traffic_stats_week(store, &all, now, 4, &err, week), 0);
	for (int i = 0; i < WEEK_HOURS; i++)
		assert_true(fabs(week[i] - (2 + i % 24 / 3)) < 1e-9);

	for (int hour = 0; hour < 24; hour++)
		for (int i = 0; i < 2 * (2 + hour / 3); i++)
			pass(store, now.us + hour * HOUR_US + i * 60000000, "a", "car", 10);
	assert_int_equal(store_flush(store, &err), 0);
	now.us += 24 * HOUR_US;
	assert_int_equal(traffic_stats_forecast(store, &all, now, 24, &err, &f), 0);
	for (int i = 0; i < 24; i++)
		assert_true(fabs(f.per_hour[i] - 2 * (2 + i / 3)) < 1e-9);
	assert_true(f.error_per_hour > 0.1 && f.error_per_hour < f.naive_error_per_hour);
	struct traffic_place nowhere = {.device = "nowhere"};
	assert_int_equal(traffic_stats_forecast(store, &nowhere, now, 24, &err, &f), -ENODATA);
	store_close(&store);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(buckets_equal_the_passages), cmocka_unit_test(counts_by_class_and_line),
	cmocka_unit_test(lanes_have_traffic_of_their_own),
	cmocka_unit_test(lanes_stay_apart_when_days_leave),
	cmocka_unit_test(sums_from_before_lanes_stay), cmocka_unit_test(levels_of_the_manual),
	cmocka_unit_test(a_forecast_knows_its_error))
