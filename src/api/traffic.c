/* gantry/traffic.h over store/traffic_stats.c and store/congestion_rows.c. */
#include "gantry/traffic.h"

#include "api/analytics.h"
#include "base/units.h"
#include "store/congestion_rows.h"
#include "store/passage_rows.h"
#include "store/traffic_stats.h"
#include "store/violation_stats.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_US INT64_C(3600000000)
#define MINUTE_US INT64_C(60000000)
#define FLOW_HOURS_MAX 87840
#define MINUTES_MAX 100000

int gantry_analytics_record_passage(struct gantry_analytics *analytics,
	const struct gantry_passage *passage, struct gantry_error *error)
{
	struct err err = {0};
	struct passage_row row = {
		.at = wall_now(),
		.device = passage->device_id,
		.line = passage->line,
		.class_name = passage->class_name,
		.direction = passage->direction,
		.track_id = -1,
		.speed_mps = passage->speed_kmh / KMH_PER_MPS,
		.speed_sigma_mps = NAN,
		.occupied_s = passage->occupied_seconds,
		.lane = passage->lane,
		.lane_unsure = passage->lane_unsure != 0,
	};
	int r = 0;
	if (passage->timestamp && wall_parse(passage->timestamp, &row.at) < 0)
		r = err_set(&err, -EINVAL, "%s: is no time such as 2024-05-01T12:00:00Z",
			passage->timestamp);
	if (r == 0)
		r = passage_rows_add(analytics->store, &row, &err);
	return analytics_give(error, r, &err);
}

static struct traffic_place place_of(const struct gantry_place *place)
{
	return (struct traffic_place){place->device_id, place->line, place->direction, place->lane};
}

static struct gantry_flow_bucket bucket_of(const struct traffic_bucket *b)
{
	struct gantry_flow_bucket bucket = {
		.from_us = b->from.us,
		.count = b->count,
		.measured_count = b->measured_count,
		.flow_per_hour = b->flow_per_h,
		.mean_kmh = b->mean_mps * KMH_PER_MPS,
		.p15_kmh = b->p15_mps * KMH_PER_MPS,
		.p50_kmh = b->p50_mps * KMH_PER_MPS,
		.p85_kmh = b->p85_mps * KMH_PER_MPS,
		.headway_seconds = b->headway_s,
		.headway_sigma_seconds = b->headway_sigma_s,
		.occupied_ratio = b->occupied_ratio,
		.density_per_km = b->density_per_km,
		.lane_unsure_count = b->unsure_count,
	};
	snprintf(bucket.level_of_service, sizeof(bucket.level_of_service), "%s",
		service_level_name(b->level));
	return bucket;
}

struct window {
	enum rollup_scale scale;
	struct wall from, to;
};

/* The last `hours` in whole steps, the running one the last; from the disk. */
static int make_window(struct gantry_analytics *a, enum gantry_flow_step step, int hours,
	struct err *err, struct window *ret_window)
{
	static const enum rollup_scale scales[] = {ROLLUP_QUARTER, ROLLUP_HOUR, ROLLUP_DAY};
	if (step > GANTRY_FLOW_DAY)
		return err_set(err, -EINVAL, "a step is a quarter of an hour, an hour or a day");
	if (hours < 1 || hours > FLOW_HOURS_MAX)
		return err_set(err, -EINVAL, "hours must be 1 to %d, is %d", FLOW_HOURS_MAX, hours);
	int r = analytics_settle(a, err);
	if (r < 0)
		return r;
	struct wall now = wall_now();
	int64_t length_us = rollup_length_us(scales[step]);
	int64_t from_us = now.us - hours * HOUR_US + length_us;
	*ret_window = (struct window){
		.scale = scales[step],
		.from = {from_us < now.us ? from_us : now.us},
		.to = {now.us + length_us},
	};
	return 0;
}

static int read_flow(struct gantry_analytics *a, const struct gantry_place *place,
	const struct window *w, int lanes, struct err *err, struct gantry_flow *flow)
{
	struct traffic_place where = place_of(place);
	struct traffic_bucket *buckets = NULL;
	int count = 0;
	int r = traffic_stats_flow(
		a->store, &where, w->scale, w->from, w->to, lanes, err, &buckets, &count);
	if (r < 0)
		return r;
	flow->buckets = calloc((size_t)count, sizeof(*flow->buckets));
	if (!flow->buckets)
		r = err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; r == 0 && i < count; i++)
		flow->buckets[i] = bucket_of(&buckets[i]);
	flow->bucket_count = r == 0 ? count : 0;
	free(buckets);
	return r;
}

int gantry_analytics_get_flow(struct gantry_analytics *analytics, const struct gantry_place *place,
	enum gantry_flow_step step, int hours, int lanes, struct gantry_flow *ret_flow,
	struct gantry_error *error)
{
	struct gantry_flow flow = {0};
	struct window window;
	struct err err = {0};
	int r = make_window(analytics, step, hours, &err, &window);
	if (r == 0)
		r = read_flow(analytics, place, &window, lanes, &err, &flow);
	if (r == 0)
		*ret_flow = flow;
	return analytics_give(error, r, &err);
}

void gantry_flow_free(struct gantry_flow *flow)
{
	free(flow->buckets);
	*flow = (struct gantry_flow){0};
}

static struct gantry_lane_traffic lane_of(const struct traffic_lane *l)
{
	struct gantry_lane_traffic lane = {.traffic = bucket_of(&l->traffic)};
	snprintf(lane.device_id, sizeof(lane.device_id), "%s", l->device);
	snprintf(lane.line, sizeof(lane.line), "%s", l->line);
	snprintf(lane.lane, sizeof(lane.lane), "%s", l->lane);
	snprintf(lane.direction, sizeof(lane.direction), "%s", l->direction);
	return lane;
}

static int read_lanes(struct gantry_analytics *a, const struct gantry_place *place,
	const struct window *w, struct err *err, struct gantry_lanes *lanes)
{
	struct traffic_place where = place_of(place);
	struct traffic_lane *items = NULL;
	int count = 0;
	int r = traffic_stats_lanes(
		a->store, &where, w->scale, w->from, w->to, err, &items, &count);
	if (r < 0)
		return r;
	lanes->items = calloc((size_t)count + 1, sizeof(*lanes->items));
	if (!lanes->items)
		r = err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; r == 0 && i < count; i++)
		lanes->items[i] = lane_of(&items[i]);
	lanes->count = r == 0 ? count : 0;
	free(items);
	return r;
}

int gantry_analytics_get_lanes(struct gantry_analytics *analytics, const struct gantry_place *place,
	enum gantry_flow_step step, int hours, struct gantry_lanes *ret_lanes,
	struct gantry_error *error)
{
	struct gantry_lanes lanes = {0};
	struct window window;
	struct err err = {0};
	int r = make_window(analytics, step, hours, &err, &window);
	if (r == 0)
		r = read_lanes(analytics, place, &window, &err, &lanes);
	if (r == 0)
		*ret_lanes = lanes;
	return analytics_give(error, r, &err);
}

void gantry_lanes_free(struct gantry_lanes *lanes)
{
	free(lanes->items);
	*lanes = (struct gantry_lanes){0};
}

int gantry_analytics_get_week(struct gantry_analytics *analytics, const struct gantry_place *place,
	int weeks, double ret_per_hour[GANTRY_WEEK_HOURS], struct gantry_error *error)
{
	struct traffic_place where = place_of(place);
	struct err err = {0};
	int r = analytics_settle(analytics, &err);
	if (r == 0)
		r = traffic_stats_week(
			analytics->store, &where, wall_now(), weeks, &err, ret_per_hour);
	return analytics_give(error, r, &err);
}

int gantry_analytics_get_forecast(struct gantry_analytics *analytics,
	const struct gantry_place *place, int hours, struct gantry_forecast *ret_forecast,
	struct gantry_error *error)
{
	_Static_assert(GANTRY_WEEK_HOURS == FORECAST_HOURS_MAX, "the same array");
	struct traffic_place where = place_of(place);
	struct traffic_forecast forecast;
	struct err err = {0};
	int r = analytics_settle(analytics, &err);
	if (r == 0)
		r = traffic_stats_forecast(
			analytics->store, &where, wall_now(), hours, &err, &forecast);
	if (r < 0)
		return analytics_give(error, r, &err);
	*ret_forecast = (struct gantry_forecast){
		.from_us = forecast.from.us,
		.hours = forecast.hours,
		.error_per_hour = forecast.error_per_hour,
		.naive_error_per_hour = forecast.naive_error_per_hour,
	};
	memcpy(ret_forecast->per_hour, forecast.per_hour, (size_t)hours * sizeof(double));
	return 0;
}

struct minutes {
	struct gantry_congestion list;
	int capacity;
};

static int keep_minute(void *opaque, const struct congestion_row *row)
{
	struct minutes *m = opaque;
	if (m->list.minute_count == m->capacity)
		return -ENOMEM;
	struct gantry_congestion_minute *minute = &m->list.minutes[m->list.minute_count++];
	*minute = (struct gantry_congestion_minute){
		.from_us = row->from.us,
		.vehicle_count = row->vehicle_count,
		.speed_kmh = row->speed_mps * KMH_PER_MPS,
		.queue_ratio = row->queue_ratio,
		.queue_meters = row->queue_m,
		.queue_count = row->queue_count,
	};
	snprintf(minute->state, sizeof(minute->state), "%s", congestion_state_name(row->state));
	return 0;
}

/* The device writes one row a minute, so there are no more of them than minutes. */
static int read_minutes(struct gantry_analytics *a, const char *device_id, int minutes,
	struct err *err, struct minutes *m)
{
	int64_t now = wall_now().us / MINUTE_US;
	struct wall from = {(now + 1 - minutes) * MINUTE_US}, to = {(now + 1) * MINUTE_US};
	m->capacity = minutes;
	m->list.minutes = calloc((size_t)minutes, sizeof(*m->list.minutes));
	if (!m->list.minutes)
		return err_set(err, -ENOMEM, "out of memory");
	int r = congestion_rows_find(a->store, device_id, from, to, keep_minute, m, err);
	return r == -ENOMEM ? err_set(err, r, "more rows than minutes") : r;
}

int gantry_analytics_get_congestion(struct gantry_analytics *analytics, const char *device_id,
	int minutes, struct gantry_congestion *ret_congestion, struct gantry_error *error)
{
	struct minutes m = {.capacity = 0};
	struct err err = {0};
	int r = analytics_settle(analytics, &err);
	if (r == 0 && (!device_id || minutes < 1 || minutes > MINUTES_MAX))
		r = err_set(&err, -EINVAL, "a device and 1 to %d minutes are needed", MINUTES_MAX);
	if (r == 0)
		r = read_minutes(analytics, device_id, minutes, &err, &m);
	if (r == 0)
		*ret_congestion = m.list;
	else
		gantry_congestion_free(&m.list);
	return analytics_give(error, r, &err);
}

void gantry_congestion_free(struct gantry_congestion *congestion)
{
	free(congestion->minutes);
	*congestion = (struct gantry_congestion){0};
}

int gantry_analytics_get_heat(struct gantry_analytics *analytics, int hours, const char *type,
	int64_t ret_count[7][24], struct gantry_error *error)
{
	struct violation_heat heat;
	struct err err = {0};
	int r = analytics_settle(analytics, &err);
	if (r == 0)
		r = violation_stats_heat(
			analytics->store, wall_now(), hours, type, HEAT_LOCAL, &err, &heat);
	if (r == 0)
		memcpy(ret_count, heat.count, sizeof(heat.count));
	return analytics_give(error, r, &err);
}
