/*
 * Statistics of traffic over counting lines and of the road in view, from the store that
 * gantry_analytics_create() opened: flow with speeds, headway, occupancy and level of service, the
 * profile of a week, a forecast that says how wrong it was so far, congestion with its queue, and
 * when in the week violations happen.
 *
 *     struct gantry_place everywhere = {0};
 *     struct gantry_flow flow;
 *     gantry_analytics_get_flow(analytics, &everywhere, GANTRY_FLOW_QUARTER, 24, 1, &flow, &error);
 *     printf("%f an hour\n", flow.buckets[0].flow_per_hour);
 *     gantry_flow_free(&flow);
 *
 * docs/analytics.md says what each number is. `gantry run --store` writes what is asked for here; a
 * program with detectors of its own writes passages itself. Times are microseconds since 1970 and
 * buckets are of UTC; a number that is not known is NaN.
 *
 * Threads: as gantry/analytics.h.
 */
#pragma once

#include "gantry/analytics.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One road user over a counting line. */
struct gantry_passage {
	const char *device_id, *line; /* 1 to 63 bytes */
	const char *direction; /* "forward" or "backward" */
	const char *class_name; /* "car", "truck", ... */
	const char *timestamp; /* ISO 8601 with zone; NULL: now */
	double speed_kmh; /* NaN: not known */
	double occupied_seconds; /* how long it covered the line; NaN: not known */
	const char *lane; /* 1 to 63 bytes; NULL: the line has none */
	int lane_unsure; /* not 0: so near to a division that the next lane is possible */
};
GANTRY_API int gantry_analytics_record_passage(struct gantry_analytics *analytics,
	const struct gantry_passage *passage, struct gantry_error *error);

/* NULL: all of them. */
struct gantry_place {
	const char *device_id, *line, *direction, *lane;
};

enum gantry_flow_step {
	GANTRY_FLOW_QUARTER, /* of an hour */
	GANTRY_FLOW_HOUR,
	GANTRY_FLOW_DAY,
};

struct gantry_flow_bucket {
	int64_t from_us;
	int64_t count, measured_count; /* road users; those with a speed */
	double flow_per_hour;
	double mean_kmh, p15_kmh, p50_kmh, p85_kmh;
	double headway_seconds, headway_sigma_seconds;
	double occupied_ratio; /* of the time, 0 to 1 */
	double density_per_km; /* passenger cars a lane */
	char level_of_service[8]; /* "A" to "F", "unknown" */
	int64_t lane_unsure_count; /* road users that may have been in the next lane */
};

struct gantry_flow {
	struct gantry_flow_bucket
		*buckets; /* oldest first, the empty ones and the running one too */
	int bucket_count;
};

/* The last `hours` (1 to 87840); `lanes` (1 to 16) share the traffic. */
GANTRY_API int gantry_analytics_get_flow(struct gantry_analytics *analytics,
	const struct gantry_place *place, enum gantry_flow_step step, int hours, int lanes,
	struct gantry_flow *ret_flow, struct gantry_error *error);
GANTRY_API void gantry_flow_free(struct gantry_flow *flow);

struct gantry_lane_traffic {
	char device_id[64], line[64], direction[16];
	char lane[64]; /* "": the line has none */
	struct gantry_flow_bucket traffic; /* of the whole time */
};

struct gantry_lanes {
	struct gantry_lane_traffic *items; /* of each lane and direction that anybody used */
	int count;
};

/* The last `hours` (1 to 87840), made of whole steps as those of gantry_analytics_get_flow() are,
 * lane by lane. */
GANTRY_API int gantry_analytics_get_lanes(struct gantry_analytics *analytics,
	const struct gantry_place *place, enum gantry_flow_step step, int hours,
	struct gantry_lanes *ret_lanes, struct gantry_error *error);
GANTRY_API void gantry_lanes_free(struct gantry_lanes *lanes);

#define GANTRY_WEEK_HOURS 168
/* Road users an hour for each hour of the week (0: Sunday 00:00 UTC), the mean of `weeks` (1 to 52)
 * whole weeks. */
GANTRY_API int gantry_analytics_get_week(struct gantry_analytics *analytics,
	const struct gantry_place *place, int weeks, double ret_per_hour[GANTRY_WEEK_HOURS],
	struct gantry_error *error);

struct gantry_forecast {
	int64_t from_us; /* the first hour: the running one */
	int hours;
	double per_hour[GANTRY_WEEK_HOURS]; /* road users */
	/* Mean absolute error of the same forecast in the last week, one hour ahead, and that of
	 * "as a week ago". */
	double error_per_hour, naive_error_per_hour;
};
/* The next `hours` (1 to 168). -ENODATA with less than a week of traffic. */
GANTRY_API int gantry_analytics_get_forecast(struct gantry_analytics *analytics,
	const struct gantry_place *place, int hours, struct gantry_forecast *ret_forecast,
	struct gantry_error *error);

struct gantry_congestion_minute {
	int64_t from_us;
	char state[8]; /* "free", "dense", "queue", "unknown" */
	double vehicle_count; /* mean number in view */
	double speed_kmh; /* mean over vehicles and time */
	double queue_ratio; /* share of the minute with a queue */
	double queue_meters; /* the longest; 0: none */
	int queue_count; /* vehicles in it */
};

struct gantry_congestion {
	struct gantry_congestion_minute *minutes; /* oldest first; only those that were watched */
	int minute_count;
};

/* The last `minutes` (1 to 100000) of a device. */
GANTRY_API int gantry_analytics_get_congestion(struct gantry_analytics *analytics,
	const char *device_id, int minutes, struct gantry_congestion *ret_congestion,
	struct gantry_error *error);
GANTRY_API void gantry_congestion_free(struct gantry_congestion *congestion);

/* Violations of the last `hours` by weekday (0: Sunday) and hour on the machine's clock; `type`
 * NULL: of all types. */
GANTRY_API int gantry_analytics_get_heat(struct gantry_analytics *analytics, int hours,
	const char *type, int64_t ret_count[7][24], struct gantry_error *error);

#ifdef __cplusplus
}
#endif
