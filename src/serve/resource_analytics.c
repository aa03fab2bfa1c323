/* Statistics of violations, from sums that cost the same however many there are. */
#include "judge/violations.h"
#include "serve/resources.h"
#include "serve/server_inside.h"
#include "store/violation_stats.h"

#include <string.h>

#define HOUR_US INT64_C(3600000000)

static void moment(struct json *json, const char *key, int64_t us)
{
	char when[WALL_TEXT_SIZE];
	wall_format((struct wall){us}, when, sizeof(when));
	json_member_string(json, key, when);
}

static void write_counts(struct json *json, const char *key, const struct name_counts *counts)
{
	json_key(json, key);
	json_object(json);
	for (int i = 0; i < counts->count; i++)
		json_member_int(json, counts->items[i].name, counts->items[i].count);
	json_object_end(json);
}

/* Trends */

static const struct form_field trends_query[] = {
	{"hours", FORM_INT, .min = 1, .max = TREND_HOURS_MAX,
		.help = "whole hours, the running one included; default 24"},
	{"device_id", FORM_STRING, .max = 63, .help = "of this camera; default: all"},
	{0},
};
static const struct form_field hour_fields[] = {
	{"from", FORM_TIME, .help = "its begin"},
	{"count", FORM_INT},
	{0},
};
static const struct form hour_form = {"HourCount", hour_fields, NULL};
static const struct form_field trends_fields[] = {
	{"hours", FORM_INT},
	{"from", FORM_TIME, .help = "begin of the first hour"},
	{"total_violations", FORM_INT},
	{"violations_per_hour", FORM_REAL},
	{"by_type", FORM_COUNTS},
	{"hourly", FORM_LIST, .of = &hour_form, .help = "oldest first"},
	{0},
};
static const struct form trends_form = {"ViolationTrends", trends_fields, NULL};

static void write_trends(struct json *json, const struct violation_trends *trends)
{
	json_object(json);
	json_member_int(json, "hours", trends->hours);
	moment(json, "from", trends->from.us);
	json_member_int(json, "total_violations", trends->total);
	json_member_real(json, "violations_per_hour", trends->per_hour, 4);
	write_counts(json, "by_type", &trends->by_type);
	json_key(json, "hourly");
	json_array(json);
	for (int i = 0; i < trends->hours; i++) {
		json_object(json);
		moment(json, "from", trends->from.us + i * HOUR_US);
		json_member_int(json, "count", trends->hourly[i]);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void get_trends(struct server *server, const struct request *request, struct reply *reply)
{
	struct violation_trends trends = {0};
	struct err err = {0};
	if (violation_stats_trends(server->store, wall_now(),
		    (int)request_int(request, "hours", 24),
		    request_text(request, "device_id", NULL), &err, &trends) < 0)
		reply_store_failed(reply, request, &err);
	else
		write_trends(reply_json(reply, 200), &trends);
	violation_trends_finish(&trends);
}

/* Hotspots */

static const struct form_field hotspots_query[] = {
	{"hours", FORM_INT, .min = 0, .max = TREND_HOURS_MAX, .help = "default 0: since ever"},
	{"limit", FORM_INT, .min = 1, .max = 1000, .help = "default 10"},
	{0},
};
static const struct form_field hotspot_fields[] = {
	{"device_id", FORM_STRING},
	{"count", FORM_INT},
	{0},
};
static const struct form hotspot_form = {"Hotspot", hotspot_fields, NULL};
static const struct form_field hotspots_fields[] = {
	{"hotspots", FORM_LIST, .of = &hotspot_form, .help = "most first"},
	{"total_locations", FORM_INT, .help = "of those with at least one"},
	{0},
};
static const struct form hotspots_form = {"Hotspots", hotspots_fields, NULL};

static void get_hotspots(struct server *server, const struct request *request, struct reply *reply)
{
	struct name_counts devices = {0};
	struct err err = {0};
	int locations = 0;
	if (violation_stats_hotspots(server->store, wall_now(),
		    (int)request_int(request, "hours", 0), (int)request_int(request, "limit", 10),
		    &err, &devices, &locations) < 0) {
		reply_store_failed(reply, request, &err);
		return;
	}
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_key(json, "hotspots");
	json_array(json);
	for (int i = 0; i < devices.count; i++) {
		json_object(json);
		json_member_string(json, "device_id", devices.items[i].name);
		json_member_int(json, "count", devices.items[i].count);
		json_object_end(json);
	}
	json_array_end(json);
	json_member_int(json, "total_locations", locations);
	json_object_end(json);
	name_counts_finish(&devices);
}

/* Summary */

static const struct form_field summary_query[] = {
	{"hours", FORM_INT, .min = 0, .max = TREND_HOURS_MAX, .help = "default 0: since ever"},
	{0},
};
static const struct form_field summary_fields[] = {
	{"total_violations", FORM_INT},
	{"by_type", FORM_COUNTS},
	{"by_severity", FORM_COUNTS},
	{"active_locations", FORM_INT, .help = "devices with at least one"},
	{0},
};
static const struct form summary_form = {"ViolationSummary", summary_fields, NULL};

static void get_summary(struct server *server, const struct request *request, struct reply *reply)
{
	struct violation_summary summary = {0};
	struct err err = {0};
	if (violation_stats_summary(server->store, wall_now(),
		    (int)request_int(request, "hours", 0), &err, &summary) < 0) {
		reply_store_failed(reply, request, &err);
		return;
	}
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_member_int(json, "total_violations", summary.total);
	write_counts(json, "by_type", &summary.by_type);
	json_key(json, "by_severity");
	json_object(json);
	for (int i = SEVERITY_LOW; i <= SEVERITY_CRITICAL; i++)
		json_member_int(json, severity_name((enum severity)i), summary.by_severity[i]);
	json_object_end(json);
	json_member_int(json, "active_locations", summary.active_locations);
	json_object_end(json);
	violation_summary_finish(&summary);
}

/* Heat */

static const struct form_field heat_query[] = {
	{"hours", FORM_INT, .min = 1, .max = TREND_HOURS_MAX, .help = "default 672: four weeks"},
	{"type", FORM_STRING, .max = 63, .help = "of this type; default: all"},
	{"utc_offset_s", FORM_INT, .min = 0, .max = 50400,
		.help = "of the clock that is meant; default: the server's zone"},
	{0},
};
static const struct form_field heat_fields[] = {
	{"count", FORM_ANY, .help = "seven lists (Sunday first) of 24 counts, one an hour"},
	{0},
};
static const struct form heat_form = {"ViolationHeat", heat_fields, NULL};

static void get_heat(struct server *server, const struct request *request, struct reply *reply)
{
	struct violation_heat heat;
	struct err err = {0};
	if (violation_stats_heat(server->store, wall_now(), (int)request_int(request, "hours", 672),
		    request_text(request, "type", NULL),
		    (int)request_int(request, "utc_offset_s", HEAT_LOCAL), &err, &heat) < 0) {
		reply_store_failed(reply, request, &err);
		return;
	}
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_key(json, "count");
	json_array(json);
	for (int day = 0; day < 7; day++) {
		json_array(json);
		for (int hour = 0; hour < 24; hour++)
			json_int(json, heat.count[day][hour]);
		json_array_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

const struct endpoint resource_analytics_endpoints[] = {
	{METHOD_GET, "/analytics/violations/trends", ROLE_VIEWER, get_trends, "get_trends",
		"violations hour by hour", .query = trends_query, .status = 200,
		.reply = &trends_form},
	{METHOD_GET, "/analytics/violations/hotspots", ROLE_VIEWER, get_hotspots, "get_hotspots",
		"devices by their violations", .query = hotspots_query, .status = 200,
		.reply = &hotspots_form},
	{METHOD_GET, "/analytics/violations/summary", ROLE_VIEWER, get_summary, "get_summary",
		"totals by type and severity", .query = summary_query, .status = 200,
		.reply = &summary_form},
	{METHOD_GET, "/analytics/violations/heat", ROLE_VIEWER, get_heat, "get_heat",
		"when in the week they happen", .query = heat_query, .status = 200,
		.reply = &heat_form},
	{0},
};
