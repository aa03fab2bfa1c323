/*
 * Questions about traffic over counting lines, answered from the sums (rollups.h): flow by
 * quarter-hour, hour or day, speeds with percentiles, headways, density and level of service, the
 * profile of a week, and a forecast that says how wrong it was so far.
 *
 * Buckets are of UTC. Memory: lists are allocated and freed with free().
 */
#pragma once

#include "store/rollups.h"
#include "store/store.h"

/* NULL: all of them. */
struct traffic_place {
	const char *device, *line, *direction, *lane;
};

enum service_level {
	SERVICE_UNKNOWN, /* nobody passed, or no speed is known */
	SERVICE_A,
	SERVICE_B,
	SERVICE_C,
	SERVICE_D,
	SERVICE_E,
	SERVICE_F,
};
const char *service_level_name(enum service_level level); /* "unknown", "A" to "F" */
/*
 * By the density of one lane, passenger cars a kilometre: up to 6.8, 11.2, 16.2, 21.7, 28.0 and
 * above (11, 18, 26, 35, 45 a mile: Highway Capacity Manual, 6th ed., 2016, exhibit 12-15, basic
 * freeway segments). For city streets, which the manual grades by travel speed, it is an
 * indication.
 */
enum service_level service_level_of(double density_per_km);

struct traffic_bucket {
	struct wall from;
	int64_t count; /* road users over the line */
	double flow_per_h; /* over the whole bucket, the running one too */
	int64_t measured_count; /* of them with a speed */
	int64_t unsure_count; /* of them where the next lane is possible */
	/* NaN where there is none. */
	double mean_mps, p15_mps, p50_mps, p85_mps; /* percentiles to 1 km/h */
	double headway_s, headway_sigma_s; /* between followers in one lane of a line */
	/* Time with somebody over the line, of one lane or of a line without; needs passages that
	 * say it. */
	double occupied_ratio;
	/* Flow over mean speed, trucks and buses as 2 passenger cars (HCM 6th ed., exhibit 12-25,
	 * level ground), for `lane_count` lanes. The arithmetic mean of speeds at a point
	 * overstates the mean along the road, so density is a little too low in mixed speeds. */
	double density_per_km;
	enum service_level level;
};
/*
 * Whole buckets from that of `from` to that before `to`, the empty ones too, oldest first.
 * `lane_count` 1 to 16. -EINVAL where they are more than 100000.
 */
int traffic_stats_flow(struct store *store, const struct traffic_place *place,
	enum rollup_scale scale, struct wall from, struct wall to, int lane_count, struct err *err,
	struct traffic_bucket **ret_buckets, int *ret_count);

struct traffic_lane {
	char device[64], line[64], direction[16];
	char lane[64]; /* "": the line has none */
	struct traffic_bucket traffic;
};
/*
 * The same numbers of each lane and direction in which anybody passed, each over all of the
 * buckets: flow an hour, headways and occupancy of the whole time. -EINVAL as above.
 */
int traffic_stats_lanes(struct store *store, const struct traffic_place *place,
	enum rollup_scale scale, struct wall from, struct wall to, struct err *err,
	struct traffic_lane **ret_lanes, int *ret_count);

struct traffic_count {
	char device[64], line[64], direction[16], class_name[32];
	char lane[64]; /* "": the line has none */
	int64_t count, measured_count;
	double mean_mps; /* NaN: no speed is known */
};
/* Whole hours [from, to) of each device, line, lane, direction and class that passed. */
int traffic_stats_counts(struct store *store, const struct traffic_place *place, struct wall from,
	struct wall to, struct err *err, struct traffic_count **ret_counts, int *ret_count);

#define WEEK_HOURS 168
/*
 * Road users an hour for each hour of the week (0: Sunday 00:00 UTC), the mean of the last `weeks`
 * (1 to 52) whole weeks before the hour of `now`.
 */
int traffic_stats_week(struct store *store, const struct traffic_place *place, struct wall now,
	int weeks, struct err *err, double ret_per_hour[WEEK_HOURS]);

#define FORECAST_HOURS_MAX 168
struct traffic_forecast {
	struct wall from; /* the first hour: the running one */
	int hours;
	double per_hour[FORECAST_HOURS_MAX];
	/*
	 * Back-testing: the same forecast made for each of the last 168 hours, one hour ahead, from
	 * what was known before it. Mean absolute error, and that of "as a week ago" for
	 * comparison; NaN where there are not enough weeks.
	 */
	double error_per_hour, naive_error_per_hour;
};
/*
 * The hour's mean over the last four weeks, times how the last 24 hours compare with theirs
 * (between 1/3 and 3): a seasonal profile with a level. -ENODATA with less than a week of traffic.
 */
int traffic_stats_forecast(struct store *store, const struct traffic_place *place, struct wall now,
	int hours, struct err *err, struct traffic_forecast *ret_forecast);

/* Forgets the sums of whole days (UTC) before that of `before`; the passages stay. */
int traffic_stats_expire(struct store *store, struct wall before, struct err *err);
