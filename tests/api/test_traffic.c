#include "test.h"

#include <errno.h>
#include <gantry/gantry.h>
#include <math.h>
#include <time.h>

static time_t begin;
static char path[] = "/tmp/gantry-traffic-XXXXXX";

static struct gantry_analytics *open_analytics(void)
{
	struct gantry_analytics_config config;
	struct gantry_analytics *analytics = NULL;
	struct gantry_error error = {{0}};
	char file[64];
	gantry_analytics_config_init(&config);
	snprintf(file, sizeof(file), "%s/s.db", path);
	config.store_path = file;
	if (gantry_analytics_create(&config, &analytics, &error) < 0)
		fail_msg("%s", error.text);
	return analytics;
}

static int add(struct gantry_analytics *a, int seconds_ago, const char *line, double speed_kmh,
	struct gantry_error *error)
{
	char text[32];
	time_t t = begin - seconds_ago;
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	struct gantry_passage passage = {.device_id = "north",
		.line = line,
		.direction = "forward",
		.class_name = "car",
		.timestamp = text,
		.speed_kmh = speed_kmh,
		.occupied_seconds = 0.5};
	return gantry_analytics_record_passage(a, &passage, error);
}

/* Whatever the bucket that they fall into: together they are what was recorded. */
static void flow_adds_up(void **state)
{
	(void)state;
	struct gantry_analytics *a = open_analytics();
	struct gantry_error error;
	for (int i = 0; i < 60; i++)
		assert_int_equal(add(a, 60 - i, "a", i % 2 ? 50 : NAN, &error), 0);
	assert_int_equal(add(a, 60, "b", 50, &error), 0);
	for (int step = GANTRY_FLOW_QUARTER; step <= GANTRY_FLOW_DAY; step++) {
		struct gantry_place place = {.device_id = "north", .line = "a"};
		struct gantry_flow flow;
		int64_t count = 0, measured = 0;
		assert_int_equal(gantry_analytics_get_flow(a, &place, (enum gantry_flow_step)step,
					 48, 1, &flow, &error),
			0);
		assert_true(flow.bucket_count >= 2);
		for (int i = 0; i < flow.bucket_count; i++) {
			const struct gantry_flow_bucket *b = &flow.buckets[i];
			count += b->count;
			measured += b->measured_count;
			if (b->measured_count > 0)
				assert_true(fabs(b->mean_kmh - 50) < 1e-6);
			if (b->count > 2)
				assert_true(b->headway_seconds > 0 && b->occupied_ratio > 0);
			assert_true(b->level_of_service[0] != '\0');
		}
		assert_int_equal(count, 60);
		assert_int_equal(measured, 30);
		gantry_flow_free(&flow);
		assert_null(flow.buckets);
	}
	gantry_analytics_destroy(&a);
}

static void lanes_add_up(void **state)
{
	(void)state;
	struct gantry_analytics *a = open_analytics();
	struct gantry_place place = {.device_id = "wide"};
	struct gantry_error error;
	struct gantry_lanes lanes;
	struct gantry_passage passage = {.device_id = "wide",
		.line = "deck",
		.direction = "forward",
		.class_name = "car",
		.speed_kmh = 50,
		.occupied_seconds = NAN};
	for (int i = 0; i < 9; i++) {
		passage.lane = i % 3 ? "left" : "right";
		passage.lane_unsure = i == 1;
		assert_int_equal(gantry_analytics_record_passage(a, &passage, &error), 0);
	}
	passage.lane = "";
	assert_int_equal(gantry_analytics_record_passage(a, &passage, &error), -EINVAL);
	for (int step = GANTRY_FLOW_QUARTER; step <= GANTRY_FLOW_DAY; step++) {
		assert_int_equal(gantry_analytics_get_lanes(a, &place, (enum gantry_flow_step)step,
					 48, &lanes, &error),
			0);
		assert_int_equal(lanes.count, 2);
		assert_string_equal(lanes.items[0].lane, "left");
		assert_string_equal(lanes.items[0].line, "deck");
		assert_int_equal(lanes.items[0].traffic.count, 6);
		assert_int_equal(lanes.items[0].traffic.lane_unsure_count, 1);
		assert_string_equal(lanes.items[1].lane, "right");
		assert_int_equal(lanes.items[1].traffic.count, 3);
		assert_true(fabs(lanes.items[1].traffic.mean_kmh - 50) < 1e-6);
		gantry_lanes_free(&lanes);
		assert_null(lanes.items);
	}
	place.lane = "right";
	assert_int_equal(
		gantry_analytics_get_lanes(a, &place, GANTRY_FLOW_DAY, 48, &lanes, &error), 0);
	assert_int_equal(lanes.count, 1);
	gantry_lanes_free(&lanes);
	assert_int_equal(
		gantry_analytics_get_lanes(a, &place, GANTRY_FLOW_DAY, 0, &lanes, &error), -EINVAL);
	gantry_analytics_destroy(&a);
}

static void a_week_makes_a_forecast(void **state)
{
	(void)state;
	struct gantry_analytics *a = open_analytics();
	struct gantry_place place = {.line = "week"};
	struct gantry_forecast forecast;
	struct gantry_error error = {{0}};
	double week[GANTRY_WEEK_HOURS], sum = 0;
	assert_int_equal(gantry_analytics_get_forecast(a, &place, 24, &forecast, &error), -ENODATA);
	assert_non_null(strstr(error.text, "a week"));
	/* The running hour too: it may be over when the question is asked. */
	for (int hour = 0; hour <= 3 * GANTRY_WEEK_HOURS; hour++)
		for (int i = 0; i < 3; i++)
			assert_int_equal(add(a, hour * 3600, "week", 50, &error), 0);
	assert_int_equal(gantry_analytics_get_forecast(a, &place, 24, &forecast, &error), 0);
	for (int i = 0; i < 24; i++)
		assert_true(fabs(forecast.per_hour[i] - 3) < 1e-9);
	assert_true(forecast.error_per_hour < 1e-9);
	assert_int_equal(gantry_analytics_get_week(a, &place, 2, week, &error), 0);
	for (int i = 0; i < GANTRY_WEEK_HOURS; i++)
		sum += week[i];
	assert_true(fabs(sum - 3 * GANTRY_WEEK_HOURS) < 1e-6);
	gantry_analytics_destroy(&a);
}

static void violations_have_their_hour(void **state)
{
	(void)state;
	struct gantry_analytics *a = open_analytics();
	struct gantry_error error;
	int64_t count[7][24], sum = 0;
	for (int i = 0; i < 5; i++)
		assert_int_equal(gantry_analytics_record_violation(
					 a, i ? "red_light" : "wrong_way", "north", NULL, &error),
			0);
	assert_int_equal(gantry_analytics_get_heat(a, 24, "red_light", count, &error), 0);
	for (int day = 0; day < 7; day++)
		for (int hour = 0; hour < 24; hour++)
			sum += count[day][hour];
	assert_int_equal(sum, 4);
	gantry_analytics_destroy(&a);
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	struct gantry_analytics *a = open_analytics();
	struct gantry_congestion congestion;
	struct gantry_place everywhere = {0};
	struct gantry_passage passage = {.device_id = "north", .line = "a", .timestamp = "noon"};
	struct gantry_flow flow;
	struct gantry_error error;
	assert_int_equal(gantry_analytics_record_passage(a, &passage, &error), -EINVAL);
	assert_non_null(strstr(error.text, "noon: is no time"));
	passage.timestamp = NULL;
	assert_int_equal(gantry_analytics_record_passage(a, &passage, &error), -EINVAL);
	assert_int_equal(
		gantry_analytics_get_flow(a, &everywhere, GANTRY_FLOW_HOUR, 0, 1, &flow, &error),
		-EINVAL);
	assert_int_equal(
		gantry_analytics_get_flow(a, &everywhere, GANTRY_FLOW_HOUR, 24, 17, &flow, &error),
		-EINVAL);
	assert_int_equal(
		gantry_analytics_get_congestion(a, NULL, 60, &congestion, &error), -EINVAL);
	assert_int_equal(gantry_analytics_get_congestion(a, "north", 60, &congestion, &error), 0);
	assert_int_equal(congestion.minute_count, 0);
	gantry_congestion_free(&congestion);
	gantry_analytics_destroy(&a);
}

static int set_up(void **state)
{
	(void)state;
	begin = time(NULL);
	return mkdtemp(path) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[80];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", path);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(flow_adds_up),
		cmocka_unit_test(lanes_add_up), cmocka_unit_test(a_week_makes_a_forecast),
		cmocka_unit_test(violations_have_their_hour),
		cmocka_unit_test(what_is_wrong_is_said)};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
