/* Statistics of traffic over counting lines and of the road in view, from the store's sums. */
#include "base/units.h"
#include "serve/resources.h"
#include "serve/server_inside.h"
#include "store/congestion_rows.h"
#include "store/traffic_stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_US INT64_C(60000000)
#define HOUR_US INT64_C(3600000000)
#define DAY_HOURS 24
/* Of one reply: three megabytes, ten years, a week. */
#define BUCKETS_MAX 10000
#define HOURS_MAX 87840
#define MINUTES_MAX 10080

static const char *const steps[] = {"quarter", "hour", "day", NULL};
static const char *const directions[] = {"forward", "backward", NULL};
static const char *const levels[] = {"unknown", "A", "B", "C", "D", "E", "F", NULL};
static const char *const states[] = {"unknown", "free", "dense", "queue", NULL};

static void moment(struct json *json, const char *key, int64_t us)
{
	char when[WALL_TEXT_SIZE];
	wall_format((struct wall){us}, when, sizeof(when));
	json_member_string(json, key, when);
}

/* A failure of the store, as the client may know it; the log has the reason. */
static void store_problem(
	struct reply *reply, const struct request *request, int code, const struct err *err)
{
	if (code == -EINVAL || code == -ENODATA) {
		reply_problem(reply, request, code == -EINVAL ? 422 : 404, "%s", err->text);
		return;
	}
	reply_store_failed(reply, request, err);
}

/* Where and when */

static struct traffic_place place_of(const struct request *request)
{
	return (struct traffic_place){
		.device = request_text(request, "device_id", NULL),
		.line = request_text(request, "line", NULL),
		.direction = request_text(request, "direction", NULL),
		.lane = request_text(request, "lane", NULL),
	};
}

struct window {
	struct wall from, to;
};

/* What `from` and `to` say; else the `length_us` up to the end of the step that is running. False
 * and a problem where that is more than `steps_max` steps, or less than nothing. */
static bool read_window(const struct request *request, int64_t step_us, int64_t length_us,
	int steps_max, struct reply *reply, struct window *ret_window)
{
	int64_t to = request_time_us(request, "to", wall_now().us + step_us);
	int64_t from = request_time_us(request, "from", to - length_us);
	*ret_window = (struct window){{from}, {to}};
	if (to < from)
		reply_problem(reply, request, 422, "`to` must not be before `from`");
	else if ((to - from) / step_us > steps_max)
		reply_problem(reply, request, 422, "at most %d steps of %d s can be asked for",
			steps_max, (int)(step_us / 1000000));
	else
		return true;
	return false;
}

/* Flow */

static const struct form_field flow_query[] = {
	{"device_id", FORM_STRING, .max = 63, .help = "of this camera; default: all"},
	{"line", FORM_STRING, .max = 63, .help = "over this line; default: all"},
	{"direction", FORM_WORD, .words = directions, .help = "default: both"},
	{"lane", FORM_STRING, .min = 1, .max = 63, .help = "in this one of the line; default: all"},
	{"step", FORM_WORD, .words = steps, .help = "of UTC; default quarter (of an hour)"},
	{"from", FORM_TIME, .help = "in the first bucket; default: 24 h before `to`"},
	{"to", FORM_TIME, .help = "in the bucket after the last; default: the running one is last"},
	{"lanes", FORM_INT, .min = 1, .max = 16, .help = "that share the traffic; default 1"},
	{0},
};
static const struct form_field bucket_fields[] = {
	{"from", FORM_TIME, .help = "its begin"},
	{"count", FORM_INT, .help = "road users over the line"},
	{"measured_count", FORM_INT, .help = "of them with a speed"},
	{"lane_unsure_count", FORM_INT,
		.help = "of them so near to the next lane that they may have been in it"},
	{"flow_per_hour", FORM_REAL, .help = "over the whole bucket, the running one too"},
	{"mean_kmh", FORM_REAL, .nullable = true},
	{"p15_kmh", FORM_REAL, .nullable = true, .help = "percentile, to 1 km/h"},
	{"p50_kmh", FORM_REAL, .nullable = true},
	{"p85_kmh", FORM_REAL, .nullable = true},
	{"headway_seconds", FORM_REAL, .nullable = true,
		.help = "mean, in the same lane of a line"},
	{"headway_sigma_seconds", FORM_REAL, .nullable = true},
	{"occupied_ratio", FORM_REAL, .nullable = true,
		.help = "of the time; of one lane, or a line without"},
	{"density_per_km", FORM_REAL, .nullable = true, .help = "passenger cars a lane"},
	{"level_of_service", FORM_WORD, .words = levels, .help = "by density"},
	{0},
};
static const struct form bucket_form = {"FlowBucket", bucket_fields, NULL};
static const struct form_field flow_fields[] = {
	{"step", FORM_WORD, .words = steps},
	{"lanes", FORM_INT},
	{"buckets", FORM_LIST, .of = &bucket_form, .help = "oldest first, the empty ones too"},
	{0},
};
static const struct form flow_form = {"Flow", flow_fields, NULL};

static void write_bucket(struct json *json, const struct traffic_bucket *b)
{
	json_object(json);
	moment(json, "from", b->from.us);
	json_member_int(json, "count", b->count);
	json_member_int(json, "measured_count", b->measured_count);
	json_member_int(json, "lane_unsure_count", b->unsure_count);
	json_member_real(json, "flow_per_hour", b->flow_per_h, 6);
	json_member_real(json, "mean_kmh", b->mean_mps * KMH_PER_MPS, 6);
	json_member_real(json, "p15_kmh", b->p15_mps * KMH_PER_MPS, 6);
	json_member_real(json, "p50_kmh", b->p50_mps * KMH_PER_MPS, 6);
	json_member_real(json, "p85_kmh", b->p85_mps * KMH_PER_MPS, 6);
	json_member_real(json, "headway_seconds", b->headway_s, 6);
	json_member_real(json, "headway_sigma_seconds", b->headway_sigma_s, 6);
	json_member_real(json, "occupied_ratio", b->occupied_ratio, 6);
	json_member_real(json, "density_per_km", b->density_per_km, 6);
	json_member_string(json, "level_of_service", service_level_name(b->level));
	json_object_end(json);
}

static enum rollup_scale scale_of(const char *step)
{
	if (strcmp(step, "day") == 0)
		return ROLLUP_DAY;
	return strcmp(step, "hour") == 0 ? ROLLUP_HOUR : ROLLUP_QUARTER;
}

static void get_flow(struct server *server, const struct request *request, struct reply *reply)
{
	const char *step = request_text(request, "step", "quarter");
	enum rollup_scale scale = scale_of(step);
	int lanes = (int)request_int(request, "lanes", 1), count = 0;
	struct traffic_place place = place_of(request);
	struct traffic_bucket *buckets = NULL;
	struct window window;
	struct err err = {0};
	if (!read_window(request, rollup_length_us(scale), DAY_HOURS * HOUR_US, BUCKETS_MAX, reply,
		    &window))
		return;
	int r = traffic_stats_flow(server->store, &place, scale, window.from, window.to, lanes,
		&err, &buckets, &count);
	if (r < 0) {
		store_problem(reply, request, r, &err);
		return;
	}
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_member_string(json, "step", step);
	json_member_int(json, "lanes", lanes);
	json_key(json, "buckets");
	json_array(json);
	for (int i = 0; i < count; i++)
		write_bucket(json, &buckets[i]);
	json_array_end(json);
	json_object_end(json);
	free(buckets);
}

/* Lanes */

static const struct form_field lanes_query[] = {
	{"device_id", FORM_STRING, .max = 63, .help = "of this camera; default: all"},
	{"line", FORM_STRING, .max = 63, .help = "over this line; default: all"},
	{"direction", FORM_WORD, .words = directions, .help = "default: both"},
	{"lane", FORM_STRING, .min = 1, .max = 63, .help = "in this one of the line; default: all"},
	{"step", FORM_WORD, .words = steps, .help = "of which it is whole ones; default quarter"},
	{"from", FORM_TIME,
		.help = "in the first step; default: an hour, or one step, before `to`"},
	{"to", FORM_TIME, .help = "in the step after the last; default: the running one is last"},
	{0},
};
static const struct form_field lane_fields[] = {
	{"device_id", FORM_STRING},
	{"line", FORM_STRING},
	{"lane", FORM_STRING, .nullable = true, .help = "null: the line has none"},
	{"direction", FORM_STRING},
	{"traffic", FORM_OBJECT, .of = &bucket_form},
	{0},
};
static const struct form lane_form = {"LaneTraffic", lane_fields, NULL};
static const struct form_field lanes_fields[] = {
	{"from", FORM_TIME, .help = "begin of the first step"},
	{"to", FORM_TIME, .help = "end of the last"},
	{"lanes", FORM_LIST, .of = &lane_form,
		.help = "each with the traffic of the whole time; those that had any"},
	{0},
};
static const struct form lanes_form = {"FlowLanes", lanes_fields, NULL};

/* "" is told as null. */
static void write_lane_name(struct json *json, const char *lane)
{
	json_member_string(json, "lane", lane[0] != '\0' ? lane : NULL);
}

static void write_lane(struct json *json, const struct traffic_lane *lane)
{
	json_object(json);
	json_member_string(json, "device_id", lane->device);
	json_member_string(json, "line", lane->line);
	write_lane_name(json, lane->lane);
	json_member_string(json, "direction", lane->direction);
	json_key(json, "traffic");
	write_bucket(json, &lane->traffic);
	json_object_end(json);
}

static void get_lanes(struct server *server, const struct request *request, struct reply *reply)
{
	enum rollup_scale scale = scale_of(request_text(request, "step", "quarter"));
	const int64_t step_us = rollup_length_us(scale);
	struct traffic_place place = place_of(request);
	struct traffic_lane *lanes = NULL;
	struct window window;
	struct err err = {0};
	int count = 0;
	if (!read_window(request, step_us, step_us > HOUR_US ? step_us : HOUR_US, BUCKETS_MAX,
		    reply, &window))
		return;
	int r = traffic_stats_lanes(
		server->store, &place, scale, window.from, window.to, &err, &lanes, &count);
	if (r < 0) {
		store_problem(reply, request, r, &err);
		return;
	}
	struct json *json = reply_json(reply, 200);
	json_object(json);
	moment(json, "from", rollup_bucket(scale, window.from) * step_us);
	moment(json, "to", rollup_bucket(scale, window.to) * step_us);
	json_key(json, "lanes");
	json_array(json);
	for (int i = 0; i < count; i++)
		write_lane(json, &lanes[i]);
	json_array_end(json);
	json_object_end(json);
	free(lanes);
}

/* Counts */

static const struct form_field counts_query[] = {
	{"device_id", FORM_STRING, .max = 63, .help = "of this camera; default: all"},
	{"line", FORM_STRING, .max = 63, .help = "over this line; default: all"},
	{"direction", FORM_WORD, .words = directions, .help = "default: both"},
	{"lane", FORM_STRING, .min = 1, .max = 63, .help = "in this one of the line; default: all"},
	{"from", FORM_TIME, .help = "in the first hour; default: 24 h before `to`"},
	{"to", FORM_TIME, .help = "in the hour after the last; default: the running one is last"},
	{0},
};
static const struct form_field count_fields[] = {
	{"device_id", FORM_STRING},
	{"line", FORM_STRING},
	{"lane", FORM_STRING, .nullable = true, .help = "null: the line has none"},
	{"direction", FORM_STRING},
	{"class_name", FORM_STRING},
	{"count", FORM_INT},
	{"measured_count", FORM_INT, .help = "of them with a speed"},
	{"mean_kmh", FORM_REAL, .nullable = true},
	{0},
};
static const struct form count_form = {"TrafficCount", count_fields, NULL};
static const struct form_field counts_fields[] = {
	{"from", FORM_TIME, .help = "begin of the first hour"},
	{"to", FORM_TIME, .help = "end of the last"},
	{"counts", FORM_LIST, .of = &count_form, .help = "of those that had any"},
	{0},
};
static const struct form counts_form = {"FlowCounts", counts_fields, NULL};

static void write_count(struct json *json, const struct traffic_count *c)
{
	json_object(json);
	json_member_string(json, "device_id", c->device);
	json_member_string(json, "line", c->line);
	write_lane_name(json, c->lane);
	json_member_string(json, "direction", c->direction);
	json_member_string(json, "class_name", c->class_name);
	json_member_int(json, "count", c->count);
	json_member_int(json, "measured_count", c->measured_count);
	json_member_real(json, "mean_kmh", c->mean_mps * KMH_PER_MPS, 6);
	json_object_end(json);
}

static void get_counts(struct server *server, const struct request *request, struct reply *reply)
{
	struct traffic_place place = place_of(request);
	struct traffic_count *counts = NULL;
	struct window window;
	struct err err = {0};
	int count = 0;
	if (!read_window(request, HOUR_US, DAY_HOURS * HOUR_US, HOURS_MAX, reply, &window))
		return;
	int r = traffic_stats_counts(
		server->store, &place, window.from, window.to, &err, &counts, &count);
	if (r < 0) {
		store_problem(reply, request, r, &err);
		return;
	}
	struct json *json = reply_json(reply, 200);
	json_object(json);
	moment(json, "from", rollup_bucket(ROLLUP_HOUR, window.from) * HOUR_US);
	moment(json, "to", rollup_bucket(ROLLUP_HOUR, window.to) * HOUR_US);
	json_key(json, "counts");
	json_array(json);
	for (int i = 0; i < count; i++)
		write_count(json, &counts[i]);
	json_array_end(json);
	json_object_end(json);
	free(counts);
}

/* Congestion */

static const struct form_field congestion_query[] = {
	{"device_id", FORM_STRING, .min = 1, .max = 63, .required = true, .help = "of this camera"},
	{"from", FORM_TIME, .help = "default: an hour before `to`"},
	{"to", FORM_TIME, .help = "default: now"},
	{0},
};
static const struct form_field minute_fields[] = {
	{"from", FORM_TIME, .help = "its begin"},
	{"state", FORM_WORD, .words = states},
	{"seen_seconds", FORM_REAL, .help = "how much of the minute was seen"},
	{"vehicle_count", FORM_REAL, .help = "mean number in view"},
	{"speed_kmh", FORM_REAL, .nullable = true, .help = "mean over vehicles and time"},
	{"calibrated", FORM_BOOL, .help = "false: nothing is known of queues"},
	{"queue_ratio", FORM_REAL, .help = "share of what was seen with a queue"},
	{"queue_meters", FORM_REAL, .help = "the longest; 0: none"},
	{"queue_count", FORM_INT, .help = "vehicles in it"},
	{0},
};
static const struct form minute_form = {"CongestionMinute", minute_fields, NULL};
static const struct form_field congestion_fields[] = {
	{"minutes", FORM_LIST, .of = &minute_form,
		.help = "oldest first; only those that were watched"},
	{0},
};
static const struct form congestion_form = {"Congestion", congestion_fields, NULL};

static int write_minute(void *opaque, const struct congestion_row *row)
{
	struct json *json = opaque;
	json_object(json);
	moment(json, "from", row->from.us);
	json_member_string(json, "state", congestion_state_name(row->state));
	json_member_real(json, "seen_seconds", row->seen_s, 6);
	json_member_real(json, "vehicle_count", row->vehicle_count, 6);
	json_member_real(json, "speed_kmh", row->speed_mps * KMH_PER_MPS, 6);
	json_member_bool(json, "calibrated", row->calibrated);
	json_member_real(json, "queue_ratio", row->queue_ratio, 6);
	json_member_real(json, "queue_meters", row->queue_m, 6);
	json_member_int(json, "queue_count", row->queue_count);
	json_object_end(json);
	return 0;
}

static void get_congestion(
	struct server *server, const struct request *request, struct reply *reply)
{
	const char *device = request_text(request, "device_id", NULL);
	struct window window;
	struct err err = {0};
	if (!read_window(request, MINUTE_US, HOUR_US, MINUTES_MAX, reply, &window))
		return;
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_key(json, "minutes");
	json_array(json);
	int r = congestion_rows_find(
		server->store, device, window.from, window.to, write_minute, json, &err);
	json_array_end(json);
	json_object_end(json);
	if (r < 0)
		store_problem(reply, request, r, &err);
}

/* Forecast */

static const struct form_field forecast_query[] = {
	{"device_id", FORM_STRING, .max = 63, .help = "of this camera; default: all"},
	{"line", FORM_STRING, .max = 63, .help = "over this line; default: all"},
	{"direction", FORM_WORD, .words = directions, .help = "default: both"},
	{"lane", FORM_STRING, .min = 1, .max = 63, .help = "in this one of the line; default: all"},
	{"hours", FORM_INT, .min = 1, .max = FORECAST_HOURS_MAX, .help = "default 24"},
	{0},
};
static const struct form_field forecast_hour_fields[] = {
	{"from", FORM_TIME, .help = "its begin"},
	{"per_hour", FORM_REAL, .nullable = true, .help = "road users"},
	{0},
};
static const struct form forecast_hour_form = {"ForecastHour", forecast_hour_fields, NULL};
static const struct form_field forecast_fields[] = {
	{"hourly", FORM_LIST, .of = &forecast_hour_form, .help = "the running hour first"},
	{"error_per_hour", FORM_REAL, .nullable = true,
		.help = "mean absolute error of the same forecast in the last week, an hour ahead"},
	{"naive_error_per_hour", FORM_REAL, .nullable = true, .help = "that of \"as a week ago\""},
	{0},
};
static const struct form forecast_form = {"Forecast", forecast_fields, NULL};

static void get_forecast(struct server *server, const struct request *request, struct reply *reply)
{
	struct traffic_place place = place_of(request);
	struct traffic_forecast forecast;
	struct err err = {0};
	int r = traffic_stats_forecast(server->store, &place, wall_now(),
		(int)request_int(request, "hours", DAY_HOURS), &err, &forecast);
	if (r < 0) {
		store_problem(reply, request, r, &err);
		return;
	}
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_key(json, "hourly");
	json_array(json);
	for (int i = 0; i < forecast.hours; i++) {
		json_object(json);
		moment(json, "from", forecast.from.us + i * HOUR_US);
		json_member_real(json, "per_hour", forecast.per_hour[i], 6);
		json_object_end(json);
	}
	json_array_end(json);
	json_member_real(json, "error_per_hour", forecast.error_per_hour, 6);
	json_member_real(json, "naive_error_per_hour", forecast.naive_error_per_hour, 6);
	json_object_end(json);
}

/* Week */

static const struct form_field week_query[] = {
	{"device_id", FORM_STRING, .max = 63, .help = "of this camera; default: all"},
	{"line", FORM_STRING, .max = 63, .help = "over this line; default: all"},
	{"direction", FORM_WORD, .words = directions, .help = "default: both"},
	{"lane", FORM_STRING, .min = 1, .max = 63, .help = "in this one of the line; default: all"},
	{"weeks", FORM_INT, .min = 1, .max = 52, .help = "whole ones before this hour; default 4"},
	{0},
};
static const struct form_field week_fields[] = {
	{"weeks", FORM_INT},
	{"per_hour", FORM_ANY, .help = "seven lists (Sunday first) of 24 numbers, one an hour UTC"},
	{0},
};
static const struct form week_form = {"TrafficWeek", week_fields, NULL};

static void get_week(struct server *server, const struct request *request, struct reply *reply)
{
	struct traffic_place place = place_of(request);
	int weeks = (int)request_int(request, "weeks", 4);
	double per_hour[WEEK_HOURS];
	struct err err = {0};
	int r = traffic_stats_week(server->store, &place, wall_now(), weeks, &err, per_hour);
	if (r < 0) {
		store_problem(reply, request, r, &err);
		return;
	}
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_member_int(json, "weeks", weeks);
	json_key(json, "per_hour");
	json_array(json);
	for (int day = 0; day < WEEK_HOURS / DAY_HOURS; day++) {
		json_array(json);
		for (int hour = 0; hour < DAY_HOURS; hour++)
			json_real(json, per_hour[day * DAY_HOURS + hour], 6);
		json_array_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

const struct endpoint resource_traffic_endpoints[] = {
	{METHOD_GET, "/flow", ROLE_VIEWER, get_flow, "get_flow",
		"traffic over lines, quarter-hour by quarter-hour", .query = flow_query,
		.status = 200, .reply = &flow_form},
	{METHOD_GET, "/flow/lanes", ROLE_VIEWER, get_lanes, "get_flow_lanes",
		"traffic over lines, lane by lane", .query = lanes_query, .status = 200,
		.reply = &lanes_form},
	{METHOD_GET, "/flow/counts", ROLE_VIEWER, get_counts, "get_flow_counts",
		"traffic by device, line, lane, direction and class", .query = counts_query,
		.status = 200, .reply = &counts_form},
	{METHOD_GET, "/analytics/congestion", ROLE_VIEWER, get_congestion, "get_congestion",
		"how full the road was, minute by minute", .query = congestion_query, .status = 200,
		.reply = &congestion_form},
	{METHOD_GET, "/analytics/forecast", ROLE_VIEWER, get_forecast, "get_forecast",
		"traffic of the next hours, and how wrong that was so far", .query = forecast_query,
		.status = 200, .reply = &forecast_form},
	{METHOD_GET, "/analytics/week", ROLE_VIEWER, get_week, "get_week",
		"traffic of the hours of a week", .query = week_query, .status = 200,
		.reply = &week_form},
	{0},
};
