/* gantry/analytics.h over store/violation_stats.c. */
#include "api/analytics.h"

#include "api/frame.h"
#include "relay/sink.h"
#include "store/outbox_rows.h"
#include "store/violation_rows.h"
#include "store/violation_stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US 86400000000

/* The public struct is the inner one by another name, so that lists need no copy. */
_Static_assert(sizeof(struct gantry_count) == sizeof(struct name_count), "the same layout");
_Static_assert(
	offsetof(struct gantry_count, count) == offsetof(struct name_count, count), "the same");

int analytics_give(struct gantry_error *error, int r, const struct err *err)
{
	if (r < 0)
		api_error(error, err);
	return r;
}

void gantry_analytics_config_init(struct gantry_analytics_config *config)
{
	*config =
		(struct gantry_analytics_config){.retention_days = 30, .backend_retry_seconds = 1};
}

static int open_sink(
	struct gantry_analytics *a, const struct gantry_analytics_config *config, struct err *err)
{
	struct sink_params params = {
		.url = config->backend_url,
		.token = config->backend_token,
		.secret = config->backend_secret,
		.retry_first_s = config->backend_retry_seconds,
	};
	return config->backend_url ? sink_start(a->store, &params, err, &a->sink) : 0;
}

int gantry_analytics_create(const struct gantry_analytics_config *config,
	struct gantry_analytics **ret_analytics, struct gantry_error *error)
{
	struct err err = {0};
	int r = 0;
	if (!config->store_path)
		r = err_set(&err, -EINVAL, "store_path must name a file");
	else if (config->retention_days < 0)
		r = err_set(&err, -EINVAL, "retention_days must be 0 or more, is %d",
			config->retention_days);
	struct gantry_analytics *a = r == 0 ? calloc(1, sizeof(*a)) : NULL;
	if (r == 0 && !a)
		r = err_set(&err, -ENOMEM, "out of memory");
	if (r == 0)
		r = store_open(&(struct store_params){.path = config->store_path,
				       .outbox = config->backend_url != NULL},
			&err, &a->store);
	if (r == 0)
		r = open_sink(a, config, &err);
	if (r < 0) {
		gantry_analytics_destroy(&a);
		return analytics_give(error, r, &err);
	}
	a->retention_days = config->retention_days;
	*ret_analytics = a;
	return 0;
}

void gantry_analytics_destroy(struct gantry_analytics **analytics)
{
	struct gantry_analytics *a = *analytics;
	*analytics = NULL;
	if (!a)
		return;
	if (a->store)
		store_flush(a->store, NULL);
	sink_stop(&a->sink);
	store_close(&a->store);
	free(a);
}

int gantry_analytics_record_violation(struct gantry_analytics *analytics, const char *type,
	const char *device_id, const char *timestamp, struct gantry_error *error)
{
	struct err err = {0};
	struct violation_row row = violation_row_init();
	row.type = type;
	row.device = device_id;
	row.severity = 1;
	row.at = wall_now();
	int r = 0;
	if (timestamp && wall_parse(timestamp, &row.at) < 0)
		r = err_set(
			&err, -EINVAL, "%s: is no time such as 2024-05-01T12:00:00Z", timestamp);
	if (r == 0)
		r = violation_rows_add(analytics->store, &row, NULL, NULL, &err);
	return analytics_give(error, r, &err);
}

int gantry_analytics_flush(struct gantry_analytics *analytics, struct gantry_error *error)
{
	struct err err = {0};
	int r = store_flush(analytics->store, &err);
	if (r == 0 && analytics->sink)
		sink_wake(analytics->sink);
	return analytics_give(error, r, &err);
}

int analytics_settle(struct gantry_analytics *a, struct err *err)
{
	int r = store_flush(a->store, err);
	if (r < 0 || a->retention_days == 0)
		return r;
	struct wall before = {wall_now().us - a->retention_days * DAY_US};
	return violation_stats_expire(a->store, before, err);
}

int gantry_analytics_get_trends(struct gantry_analytics *analytics, int hours,
	const char *device_id, struct gantry_trends *ret_trends, struct gantry_error *error)
{
	struct err err = {0};
	struct violation_trends trends = {0};
	int r = analytics_settle(analytics, &err);
	if (r == 0)
		r = violation_stats_trends(
			analytics->store, wall_now(), hours, device_id, &err, &trends);
	if (r < 0)
		return analytics_give(error, r, &err);
	*ret_trends = (struct gantry_trends){
		.hours = trends.hours,
		.total_violations = trends.total,
		.violations_per_hour = trends.per_hour,
		.by_type = (struct gantry_count *)trends.by_type.items,
		.by_type_count = trends.by_type.count,
		.hourly = trends.hourly,
	};
	return 0;
}

void gantry_trends_free(struct gantry_trends *trends)
{
	free(trends->by_type);
	free(trends->hourly);
	*trends = (struct gantry_trends){0};
}

int gantry_analytics_get_hotspots(struct gantry_analytics *analytics, int hours, int max,
	struct gantry_hotspots *ret_hotspots, struct gantry_error *error)
{
	struct err err = {0};
	struct name_counts devices = {0};
	int locations = 0;
	int r = analytics_settle(analytics, &err);
	if (r == 0)
		r = violation_stats_hotspots(
			analytics->store, wall_now(), hours, max, &err, &devices, &locations);
	if (r < 0)
		return analytics_give(error, r, &err);
	*ret_hotspots = (struct gantry_hotspots){
		.devices = (struct gantry_count *)devices.items,
		.device_count = devices.count,
		.total_locations = locations,
	};
	return 0;
}

void gantry_hotspots_free(struct gantry_hotspots *hotspots)
{
	free(hotspots->devices);
	*hotspots = (struct gantry_hotspots){0};
}

int gantry_analytics_get_statistics(struct gantry_analytics *analytics, int hours,
	struct gantry_violation_statistics *ret_statistics, struct gantry_error *error)
{
	struct err err = {0};
	struct violation_summary summary = {0};
	int r = analytics_settle(analytics, &err);
	if (r == 0)
		r = violation_stats_summary(analytics->store, wall_now(), hours, &err, &summary);
	if (r < 0)
		return analytics_give(error, r, &err);
	*ret_statistics = (struct gantry_violation_statistics){
		.total_violations = summary.total,
		.total_by_type = (struct gantry_count *)summary.by_type.items,
		.total_by_type_count = summary.by_type.count,
		.low = summary.by_severity[0],
		.medium = summary.by_severity[1],
		.high = summary.by_severity[2],
		.critical = summary.by_severity[3],
		.active_locations = summary.active_locations,
	};
	return 0;
}

void gantry_violation_statistics_free(struct gantry_violation_statistics *statistics)
{
	free(statistics->total_by_type);
	*statistics = (struct gantry_violation_statistics){0};
}

int gantry_analytics_get_backend_state(struct gantry_analytics *analytics,
	struct gantry_backend_state *ret_state, struct gantry_error *error)
{
	struct gantry_backend_state state = {0};
	struct outbox_counts counts = {0};
	struct sink_state sink;
	struct err err = {0};
	int r = store_flush(analytics->store, &err);
	if (r == 0 && analytics->sink)
		r = outbox_rows_count(analytics->store, &err, &counts);
	if (r == 0 && analytics->sink) {
		sink_get_state(analytics->sink, &sink);
		state.told_count = sink.told_count;
		state.waiting_count = counts.waiting_count;
		snprintf(state.problem, sizeof(state.problem), "%s", sink.problem);
	}
	if (r == 0)
		*ret_state = state;
	return analytics_give(error, r, &err);
}
