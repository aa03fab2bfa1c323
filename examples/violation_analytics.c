/*
 * The original system's example of violation analytics: record, then ask.
 *
 *     violation_analytics STORE.db < violations
 *
 * Each line of standard input is one violation: its type, its device, and when it was (or "now").
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <string.h>

static int record_all(struct gantry_analytics *analytics, struct gantry_error *error)
{
	char type[64], device[64], timestamp[64];
	int result = 0;
	while (result == 0 && scanf("%63s %63s %63s", type, device, timestamp) == 3)
		result = gantry_analytics_record_violation(analytics, type, device,
			strcmp(timestamp, "now") == 0 ? NULL : timestamp, error);
	return result < 0 ? result : gantry_analytics_flush(analytics, error);
}

static int print_trends(struct gantry_analytics *analytics, struct gantry_error *error)
{
	struct gantry_trends trends;
	int result = gantry_analytics_get_trends(analytics, 24, NULL, &trends, error);
	if (result < 0)
		return result;
	printf("last 24 hours: %lld violations, %.2f an hour\n", (long long)trends.total_violations,
		trends.violations_per_hour);
	for (int i = 0; i < trends.by_type_count; i++)
		printf("  %s: %lld\n", trends.by_type[i].name, (long long)trends.by_type[i].count);
	gantry_trends_free(&trends);
	return 0;
}

static int print_hotspots(struct gantry_analytics *analytics, struct gantry_error *error)
{
	struct gantry_hotspots hotspots;
	int result = gantry_analytics_get_hotspots(analytics, 0, 5, &hotspots, error);
	if (result < 0)
		return result;
	printf("%d locations, the worst first\n", hotspots.total_locations);
	for (int i = 0; i < hotspots.device_count; i++)
		printf("  %s: %lld\n", hotspots.devices[i].name,
			(long long)hotspots.devices[i].count);
	gantry_hotspots_free(&hotspots);
	return 0;
}

static int print_statistics(struct gantry_analytics *analytics, struct gantry_error *error)
{
	struct gantry_violation_statistics statistics;
	int result = gantry_analytics_get_statistics(analytics, 0, &statistics, error);
	if (result < 0)
		return result;
	printf("all time: %lld violations of %d types at %d locations\n",
		(long long)statistics.total_violations, statistics.total_by_type_count,
		statistics.active_locations);
	gantry_violation_statistics_free(&statistics);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s STORE.db < violations\n", argv[0]);
		return 2;
	}
	struct gantry_analytics_config config;
	gantry_analytics_config_init(&config);
	config.store_path = argv[1];
	config.retention_days = 0; /* keep all */

	struct gantry_error error;
	struct gantry_analytics *analytics = NULL;
	int result = gantry_analytics_create(&config, &analytics, &error);
	if (result == 0)
		result = record_all(analytics, &error);
	if (result == 0)
		result = print_trends(analytics, &error);
	if (result == 0)
		result = print_hotspots(analytics, &error);
	if (result == 0)
		result = print_statistics(analytics, &error);
	if (result < 0)
		fprintf(stderr, "%s\n", error.text);
	gantry_analytics_destroy(&analytics);
	return result < 0;
}
