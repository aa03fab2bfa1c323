#include "test.h"

#include <errno.h>
#include <gantry/gantry.h>
#include <time.h>

static char path[] = "/tmp/gantry-analytics-XXXXXX";

static struct gantry_analytics *open_analytics(int retention_days)
{
	struct gantry_analytics_config config;
	struct gantry_analytics *analytics = NULL;
	struct gantry_error error = {{0}};
	char file[64];
	gantry_analytics_config_init(&config);
	assert_int_equal(config.retention_days, 30);
	snprintf(file, sizeof(file), "%s/s.db", path);
	config.store_path = file;
	config.retention_days = retention_days;
	if (gantry_analytics_create(&config, &analytics, &error) < 0)
		fail_msg("%s", error.text);
	return analytics;
}

static void days_ago(int days, char *text, size_t size)
{
	time_t t = time(NULL) - days * 86400;
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void recording_and_asking(void **state)
{
	(void)state;
	struct gantry_error error;
	struct gantry_trends trends;
	struct gantry_hotspots hotspots;
	struct gantry_violation_statistics statistics;
	struct gantry_analytics *a = open_analytics(0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(gantry_analytics_record_violation(a,
					 i % 4 ? "speed_violation" : "red_light",
					 i % 10 ? "north" : "south", NULL, &error),
			0);
	assert_int_equal(gantry_analytics_get_trends(a, 2, NULL, &trends, &error), 0);
	assert_int_equal(trends.total_violations, 1000);
	assert_true(trends.violations_per_hour == 500.0);
	assert_int_equal(trends.by_type_count, 2);
	assert_string_equal(trends.by_type[0].name, "speed_violation");
	assert_int_equal(trends.by_type[0].count, 750);
	assert_int_equal(trends.hourly[0] + trends.hourly[1], 1000);
	gantry_trends_free(&trends);
	assert_int_equal(gantry_analytics_get_trends(a, 24, "south", &trends, &error), 0);
	assert_int_equal(trends.total_violations, 100);
	gantry_trends_free(&trends);
	assert_int_equal(gantry_analytics_get_hotspots(a, 24, 1, &hotspots, &error), 0);
	assert_int_equal(hotspots.total_locations, 2);
	assert_int_equal(hotspots.device_count, 1);
	assert_string_equal(hotspots.devices[0].name, "north");
	assert_int_equal(hotspots.devices[0].count, 900);
	gantry_hotspots_free(&hotspots);
	assert_int_equal(gantry_analytics_get_statistics(a, 0, &statistics, &error), 0);
	assert_int_equal(statistics.total_violations, 1000);
	assert_int_equal(statistics.medium, 1000);
	assert_int_equal(statistics.active_locations, 2);
	gantry_violation_statistics_free(&statistics);
	gantry_analytics_destroy(&a);
}

static void retention_forgets_old_days(void **state)
{
	(void)state;
	struct gantry_error error;
	struct gantry_violation_statistics statistics;
	char old[32], young[32];
	struct gantry_analytics *a = open_analytics(7);
	days_ago(9, old, sizeof(old));
	days_ago(5, young, sizeof(young));
	assert_int_equal(gantry_analytics_record_violation(a, "wrong_way", "old", old, &error), 0);
	assert_int_equal(
		gantry_analytics_record_violation(a, "wrong_way", "young", young, &error), 0);
	assert_int_equal(gantry_analytics_get_statistics(a, 0, &statistics, &error), 0);
	assert_int_equal(statistics.total_violations, 1001);
	assert_int_equal(statistics.active_locations, 3);
	gantry_violation_statistics_free(&statistics);
	gantry_analytics_destroy(&a);
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	struct gantry_error error;
	struct gantry_trends trends;
	struct gantry_analytics *other = NULL, *a = open_analytics(0);
	struct gantry_analytics_config config;
	char file[64];
	snprintf(file, sizeof(file), "%s/s.db", path);
	gantry_analytics_config_init(&config);
	assert_int_equal(gantry_analytics_create(&config, &other, &error), -EINVAL);
	config.store_path = file;
	assert_int_equal(gantry_analytics_create(&config, &other, &error), -EBUSY);
	assert_int_equal(gantry_analytics_record_violation(a, "", "x", NULL, &error), -EINVAL);
	assert_int_equal(gantry_analytics_record_violation(a, "x", NULL, NULL, &error), -EINVAL);
	assert_int_equal(gantry_analytics_get_trends(a, 0, NULL, &trends, &error), -EINVAL);
	assert_non_null(strstr(error.text, "hours"));
	gantry_analytics_destroy(&a);
}

static int make(void **state)
{
	(void)state;
	return mkdtemp(path) ? 0 : -1;
}

static int unmake(void **state)
{
	char command[64];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recording_and_asking),
		cmocka_unit_test(retention_forgets_old_days),
		cmocka_unit_test(what_is_wrong_is_said),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make, unmake);
}
