#include "store/violation_stats.h"

#include "base/random.h"
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define HOUR_US 3600000000
#define DAY_US (24 * HOUR_US)
#define ROWS 4000
static const struct wall epoch = {1717200000000000}; /* 2024-06-01T00:00:00Z, a Saturday */
static const char *const types[] = {"speed_violation", "red_light", "wrong_way"};
static const char *const devices[] = {"north", "south", "east", "west", "far"};

/* What was written, to count again by hand. */
struct truth {
	struct wall at[ROWS];
	int type[ROWS], device[ROWS], severity[ROWS];
};

static struct truth *fill(struct store *store, uint64_t seed)
{
	struct truth *t = calloc(1, sizeof(*t));
	struct random random = random_at(seed, 0, 0, 0);
	struct err err = {0};
	assert_non_null(t);
	for (int i = 0; i < ROWS; i++) {
		struct violation_row row = violation_row_init();
		t->at[i].us = epoch.us + (int64_t)(random_u64(&random) % (40u * (uint64_t)DAY_US));
		t->type[i] = (int)(random_u64(&random) % 3);
		t->device[i] = (int)(random_u64(&random) % 5);
		t->severity[i] = (int)(random_u64(&random) % 4);
		row.at = t->at[i];
		row.type = types[t->type[i]];
		row.device = devices[t->device[i]];
		row.severity = t->severity[i];
		assert_int_equal(violation_rows_add(store, &row, NULL, NULL, &err), 0);
	}
	assert_int_equal(store_flush(store, &err), 0);
	return t;
}

/* Within the last `hours` clock hours before the end of that of `now`; `device` -1: all. */
static int64_t recount(
	const struct truth *t, struct wall now, int hours, int type, int device, int severity)
{
	int64_t to = (now.us / HOUR_US + 1) * HOUR_US, from = to - hours * HOUR_US, count = 0;
	for (int i = 0; i < ROWS; i++) {
		bool inside = hours == 0 || (t->at[i].us >= from && t->at[i].us < to);
		count += inside && (type < 0 || t->type[i] == type) &&
			 (device < 0 || t->device[i] == device) &&
			 (severity < 0 || t->severity[i] == severity);
	}
	return count;
}

static int64_t count_of(const struct name_counts *counts, const char *name)
{
	for (int i = 0; i < counts->count; i++)
		if (strcmp(counts->items[i].name, name) == 0)
			return counts->items[i].count;
	return 0;
}

static void check_trends(
	struct store *store, const struct truth *t, struct wall now, int hours, int device)
{
	struct violation_trends trends = {0};
	struct err err = {0};
	int64_t sum = 0;
	assert_int_equal(violation_stats_trends(store, now, hours,
				 device < 0 ? NULL : devices[device], &err, &trends),
		0);
	assert_int_equal(trends.total, recount(t, now, hours, -1, device, -1));
	assert_true(trends.per_hour == (double)trends.total / hours);
	for (int k = 0; k < 3; k++)
		assert_int_equal(
			count_of(&trends.by_type, types[k]), recount(t, now, hours, k, device, -1));
	for (int h = 0; h < hours; h++) {
		struct wall end = {trends.from.us + h * HOUR_US};
		sum += trends.hourly[h];
		assert_int_equal(trends.hourly[h], recount(t, end, 1, -1, device, -1));
	}
	assert_int_equal(sum, trends.total);
	violation_trends_finish(&trends);
}

static void check_places(struct store *store, const struct truth *t, struct wall now, int hours)
{
	struct name_counts places = {0}, pairs = {0};
	struct violation_summary summary = {0};
	struct err err = {0};
	int locations = 0;
	assert_int_equal(
		violation_stats_hotspots(store, now, hours, 0, &err, &places, &locations), 0);
	assert_int_equal(violation_stats_pairs(store, now, hours, 0, &err, &pairs), 0);
	assert_int_equal(violation_stats_summary(store, now, hours, &err, &summary), 0);
	assert_int_equal(locations, places.count);
	assert_int_equal(locations, summary.active_locations);
	assert_int_equal(summary.total, recount(t, now, hours, -1, -1, -1));
	for (int d = 0; d < 5; d++) {
		char pair[64];
		snprintf(pair, sizeof(pair), "%s\x1f%s", devices[d], types[1]);
		assert_int_equal(count_of(&places, devices[d]), recount(t, now, hours, -1, d, -1));
		assert_int_equal(count_of(&pairs, pair), recount(t, now, hours, 1, d, -1));
	}
	for (int i = 1; i < places.count; i++)
		assert_true(places.items[i - 1].count >= places.items[i].count);
	for (int s = 0; s < 4; s++)
		assert_int_equal(summary.by_severity[s], recount(t, now, hours, -1, -1, s));
	for (int k = 0; k < 3; k++)
		assert_int_equal(
			count_of(&summary.by_type, types[k]), recount(t, now, hours, k, -1, -1));
	violation_summary_finish(&summary);
	name_counts_finish(&places);
	name_counts_finish(&pairs);
}

static void sums_equal_recounted_rows(void **state)
{
	(void)state;
	static const int windows[] = {1, 2, 23, 24, 25, 48, 49, 167, 168, 500};
	for (uint64_t seed = 1; seed <= 3; seed++) {
		const char *dir = fixture_dir();
		struct store *store = fixture_open(dir);
		struct truth *t = fill(store, seed);
		struct random random = random_at(seed, 9, 9, 9);
		for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
			struct wall now = {epoch.us + (int64_t)(random_u64(&random) %
								(45u * (uint64_t)DAY_US))};
			check_trends(store, t, now, windows[i], -1);
			check_trends(store, t, now, windows[i], (int)(i % 5));
			check_places(store, t, now, windows[i]);
		}
		check_places(store, t, epoch, 0);
		free(t);
		store_close(&store);
		fixture_remove(dir);
	}
}

static void expired_days_leave_the_totals(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct truth *t = fill(store, 5);
	struct err err = {0};
	struct wall before = {epoch.us + 17 * DAY_US + 5 * HOUR_US};
	assert_int_equal(violation_stats_expire(store, before, &err), 0);
	for (int i = 0; i < ROWS; i++)
		if (t->at[i].us < epoch.us + 17 * DAY_US)
			t->at[i].us = 0, t->type[i] = t->device[i] = t->severity[i] = 99;
	struct violation_summary summary = {0};
	assert_int_equal(violation_stats_summary(store, epoch, 0, &err, &summary), 0);
	assert_int_equal(summary.total, recount(t, epoch, 0, 0, -1, -1) +
						recount(t, epoch, 0, 1, -1, -1) +
						recount(t, epoch, 0, 2, -1, -1));
	violation_summary_finish(&summary);
	check_trends(store, t, (struct wall){epoch.us + 40 * DAY_US}, 40 * 24, 2);
	free(t);
	store_close(&store);
	fixture_remove(dir);
}

/* More names than are held apart, most of them missing in each hour. */
static void many_places_are_each_counted_once(void **state)
{
	(void)state;
	enum { PLACES = 1500, EACH_HOUR = 300, HOURS = 20 };
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct random random = random_at(1, 0, 0, 0);
	int64_t expected[PLACES] = {0};
	struct err err = {0};
	for (int i = 0; i < HOURS * EACH_HOUR; i++) {
		struct violation_row row = fixture_violation(i);
		int place = (int)(random_u64(&random) % PLACES);
		char device[16];
		snprintf(device, sizeof(device), "place-%04d", place);
		row.device = device;
		row.at.us = epoch.us + i / EACH_HOUR * HOUR_US;
		expected[place]++;
		assert_int_equal(violation_rows_add(store, &row, NULL, NULL, &err), 0);
	}
	assert_int_equal(store_flush(store, &err), 0);
	struct name_counts places = {0};
	struct wall now = {epoch.us + (HOURS - 1) * HOUR_US};
	int locations, there = 0;
	assert_int_equal(
		violation_stats_hotspots(store, now, HOURS, 0, &err, &places, &locations), 0);
	for (int i = 0; i < PLACES; i++)
		there += expected[i] > 0;
	assert_int_equal(locations, there);
	for (int i = 0; i < locations; i++)
		assert_int_equal(places.items[i].count,
			expected[atoi(places.items[i].name + strlen("place-"))]);
	name_counts_finish(&places);
	store_close(&store);
	fixture_remove(dir);
}

/* Violations of now, of the hours after it and late ones, a question after each. */
static void each_question_counts_what_was_told_before(void **state)
{
	(void)state;
	enum { STEPS = 200, HOURS = 60 };
	const char *dir = fixture_dir();
	struct store *store = fixture_open_with(dir, (struct store_params){.group_us = 1});
	struct random random = random_at(3, 0, 0, 0);
	struct truth *t = calloc(1, sizeof(*t));
	assert_non_null(t);
	for (int i = 0; i < ROWS; i++)
		t->type[i] = t->device[i] = t->severity[i] = 99;
	for (int i = 0; i < STEPS; i++) {
		struct violation_row row = violation_row_init();
		uint64_t bits = random_u64(&random);
		int newest = i * HOURS / STEPS, late = bits % 8 == 0 ? (int)(bits >> 8) % 30 : 0;
		t->at[i].us = epoch.us + (newest > late ? newest - late : 0) * HOUR_US;
		t->type[i] = (int)((bits >> 20) % 3);
		t->device[i] = (int)((bits >> 30) % 5);
		t->severity[i] = (int)((bits >> 40) % 4);
		row.at = t->at[i];
		row.type = types[t->type[i]];
		row.device = devices[t->device[i]];
		row.severity = t->severity[i];
		fixture_add(store, &row);
		struct wall now = {epoch.us + newest * HOUR_US + 1};
		check_places(store, t, now, 24);
		check_trends(store, t, now, bits % 2 ? 24 : 72, -1);
	}
	struct err err = {0};
	struct wall end = {epoch.us + (HOURS - 1) * HOUR_US}, before = {epoch.us + DAY_US};
	assert_int_equal(violation_stats_expire(store, before, &err), 0);
	for (int i = 0; i < STEPS; i++)
		if (t->at[i].us < before.us)
			t->at[i].us = 0;
	check_places(store, t, end, 72);
	check_trends(store, t, end, 72, -1);
	free(t);
	store_close(&store);
	fixture_remove(dir);
}

static int64_t count_in_north(struct store *store, struct wall now)
{
	struct name_counts places = {0};
	struct err err = {0};
	int locations;
	assert_int_equal(violation_stats_hotspots(store, now, 24, 0, &err, &places, &locations), 0);
	int64_t count = count_of(&places, "north");
	name_counts_finish(&places);
	return count;
}

/* A sum at rest that is changed behind the store's back is seen when another one changes. */
static void sums_at_rest_are_read_once(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct violation_row old = fixture_violation(0), new = fixture_violation(3 * 3600);
	struct sql *sql;
	struct err err = {0};
	fixture_add(store, &old);
	fixture_add(store, &new);
	assert_int_equal(count_in_north(store, new.at), 2);
	assert_int_equal(sql_open(store_path(store), SQL_WRITE, &err, &sql), 0);
	assert_int_equal(sql_run(sql,
				 "UPDATE violation_sums SET count = 100 WHERE scale = 1"
				 " AND bucket = (SELECT min(bucket) FROM violation_sums WHERE"
				 " scale = 1)",
				 &err),
		0);
	sql_close(&sql);
	fixture_add(store, &new);
	assert_int_equal(count_in_north(store, new.at), 3);
	fixture_add(store, &old);
	assert_int_equal(count_in_north(store, new.at), 103);
	store_close(&store);
	fixture_remove(dir);
}

struct asking {
	struct store *store;
	struct wall now;
	atomic_int told; /* acknowledged */
	atomic_bool stop;
	int wrong, asked;
};

/* The answer is of one moment, in which all that was acknowledged before was there. */
static void *keep_asking(void *opaque)
{
	struct asking *a = opaque;
	while (!atomic_load(&a->stop)) {
		struct violation_summary summary = {0};
		struct err err;
		int64_t before = atomic_load(&a->told), by_severity = 0;
		int r = violation_stats_summary(a->store, a->now, 24, &err, &summary);
		for (int s = 0; s < 4; s++)
			by_severity += summary.by_severity[s];
		a->wrong += r < 0 || summary.total < before || summary.total != by_severity;
		a->asked++;
		violation_summary_finish(&summary);
	}
	return NULL;
}

static void answers_beside_the_writer_are_of_one_moment(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open_with(dir, (struct store_params){.group_us = 1});
	struct violation_row row = fixture_violation(20 * 3600);
	struct asking asking[2];
	pthread_t threads[2];
	for (int i = 0; i < 2; i++) {
		asking[i] = (struct asking){.store = store, .now = row.at};
		assert_int_equal(pthread_create(&threads[i], NULL, keep_asking, &asking[i]), 0);
	}
	for (int i = 0; i < 200; i++) {
		row.at.us = asking[0].now.us - (i % 3 ? 0 : i % 20 * HOUR_US);
		row.severity = i % 4;
		fixture_add(store, &row);
		for (int k = 0; k < 2; k++)
			atomic_fetch_add(&asking[k].told, 1);
	}
	for (int i = 0; i < 2; i++) {
		atomic_store(&asking[i].stop, true);
		pthread_join(threads[i], NULL);
		assert_int_equal(asking[i].wrong, 0);
		assert_true(asking[i].asked > 0);
	}
	store_close(&store);
	fixture_remove(dir);
}

/* Berlin put its clocks back on 2024-10-27 at 03:00: the hour from 02:00 came twice. */
static void clock_changes_lose_nothing(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct wall midnight;
	struct err err = {0};
	assert_int_equal(wall_parse("2024-10-27T00:00:00+02:00", &midnight), 0);
	for (int hour = 0; hour < 25; hour++) {
		struct violation_row row = fixture_violation(0);
		row.at.us = midnight.us + hour * HOUR_US + HOUR_US / 2;
		fixture_add(store, &row);
	}
	struct wall now = {midnight.us + 25 * HOUR_US - 1};
	struct violation_trends trends = {0};
	assert_int_equal(violation_stats_trends(store, now, 25, NULL, &err, &trends), 0);
	for (int hour = 0; hour < 25; hour++)
		assert_int_equal(trends.hourly[hour], 1);
	violation_trends_finish(&trends);
	struct violation_heat heat;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	assert_int_equal(violation_stats_heat(store, now, 25, NULL, HEAT_LOCAL, &err, &heat), 0);
	unsetenv("TZ");
	tzset();
	for (int hour = 0; hour < 24; hour++)
		assert_int_equal(heat.count[0][hour], hour == 2 ? 2 : 1);
	assert_int_equal(violation_stats_heat(store, now, 25, "red_light", 0, &err, &heat), 0);
	assert_int_equal(heat.count[0][5], 0);
	assert_int_equal(violation_stats_heat(store, now, 25, NULL, 7200, &err, &heat), 0);
	assert_int_equal(heat.count[0][2], 1);
	store_close(&store);
	fixture_remove(dir);
}

static void windows_have_bounds(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct violation_trends trends;
	struct err err = {0};
	assert_int_equal(violation_stats_trends(store, epoch, 0, NULL, &err, &trends), -EINVAL);
	assert_int_equal(
		violation_stats_trends(store, epoch, TREND_HOURS_MAX + 1, NULL, &err, &trends),
		-EINVAL);
	assert_non_null(strstr(err.text, "hours must be 1 to"));
	assert_int_equal(violation_stats_trends(store, epoch, 24, NULL, &err, &trends), 0);
	assert_int_equal(trends.total, 0);
	violation_trends_finish(&trends);
	store_close(&store);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(sums_equal_recounted_rows),
	cmocka_unit_test(expired_days_leave_the_totals),
	cmocka_unit_test(many_places_are_each_counted_once),
	cmocka_unit_test(each_question_counts_what_was_told_before),
	cmocka_unit_test(sums_at_rest_are_read_once),
	cmocka_unit_test(answers_beside_the_writer_are_of_one_moment),
	cmocka_unit_test(clock_changes_lose_nothing), cmocka_unit_test(windows_have_bounds))
