/*
 * Statistics of violations, kept on the disk: the original system's ViolationAnalytics. Those of
 * traffic are in gantry/traffic.h.
 *
 *     struct gantry_analytics_config config;
 *     gantry_analytics_config_init(&config);
 *     config.store_path = "gantry.db";
 *     gantry_analytics_create(&config, &analytics, &error);
 *     gantry_analytics_record_violation(analytics, "red_light", "north-gate", NULL, &error);
 *     struct gantry_trends trends;
 *     gantry_analytics_get_trends(analytics, 24, NULL, &trends, &error);
 *     printf("%lld in 24 hours\n", (long long)trends.total_violations);
 *     gantry_trends_free(&trends);
 *     gantry_analytics_destroy(&analytics);
 *
 * Windows are whole hours of UTC, the running one included. What was recorded before a question is
 * in its answer.
 *
 * Threads: an object may be used by several threads at a time.
 */
#pragma once

#include "gantry/frame.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_analytics;

struct gantry_analytics_config {
	const char *store_path; /* required; made where it is missing */
	int retention_days; /* statistics of violations before are removed; 30; 0: never */
	/*
	 * A backend that is told of every violation: POST of type, device_id, timestamp, severity
	 * and image_path. What it does not take waits in the store and is told again, at least
	 * once. NULL: none.
	 */
	const char *backend_url; /* http: or https: */
	const char *backend_token; /* "Authorization: Bearer ..."; NULL: none */
	const char *backend_secret; /* signs with HMAC-SHA256; NULL: no signature */
	double backend_retry_seconds; /* before the second attempt, then doubled; 1 */
};

struct gantry_backend_state {
	int64_t told_count; /* since create */
	int64_t waiting_count; /* in the store */
	char problem[256]; /* why the last attempt failed; "" */
};

struct gantry_count {
	char name[64];
	int64_t count;
};

struct gantry_trends {
	int hours;
	int64_t total_violations;
	double violations_per_hour;
	struct gantry_count *by_type; /* most frequent first */
	int by_type_count;
	int64_t *hourly; /* `hours` of them, oldest first */
};

struct gantry_hotspots {
	struct gantry_count *devices; /* most violations first */
	int device_count;
	int total_locations;
};

struct gantry_violation_statistics {
	int64_t total_violations;
	struct gantry_count *total_by_type; /* most frequent first */
	int total_by_type_count;
	int64_t low, medium, high, critical;
	int active_locations; /* devices with at least one violation */
};

GANTRY_API void gantry_analytics_config_init(struct gantry_analytics_config *config);
/* -EBUSY where another process writes to the store, and others with a sentence. */
GANTRY_API int gantry_analytics_create(const struct gantry_analytics_config *config,
	struct gantry_analytics **ret_analytics, struct gantry_error *error);
/* Waits until everything that was recorded is on the disk. */
GANTRY_API void gantry_analytics_destroy(struct gantry_analytics **analytics);

/*
 * `timestamp`: ISO 8601 with zone ("2024-05-01T12:00:00.040Z"), or NULL: now. Returns at once;
 * on the disk a few milliseconds later, and certainly after gantry_analytics_flush().
 */
GANTRY_API int gantry_analytics_record_violation(struct gantry_analytics *analytics,
	const char *type, const char *device_id, const char *timestamp, struct gantry_error *error);
/* 0: everything recorded before survives a power cut. */
GANTRY_API int gantry_analytics_flush(
	struct gantry_analytics *analytics, struct gantry_error *error);

/* The last `hours` (1 to 87840); `device_id` NULL: of all devices. */
GANTRY_API int gantry_analytics_get_trends(struct gantry_analytics *analytics, int hours,
	const char *device_id, struct gantry_trends *ret_trends, struct gantry_error *error);
GANTRY_API void gantry_trends_free(struct gantry_trends *trends);

/* Of the last `hours`, 0: of all time; at most `max` devices, 0: all. */
GANTRY_API int gantry_analytics_get_hotspots(struct gantry_analytics *analytics, int hours, int max,
	struct gantry_hotspots *ret_hotspots, struct gantry_error *error);
GANTRY_API void gantry_hotspots_free(struct gantry_hotspots *hotspots);

/* Of the last `hours` (a summary), 0: of all time (the current statistics). */
GANTRY_API int gantry_analytics_get_statistics(struct gantry_analytics *analytics, int hours,
	struct gantry_violation_statistics *ret_statistics, struct gantry_error *error);
GANTRY_API void gantry_violation_statistics_free(struct gantry_violation_statistics *statistics);

/* All zero where no backend was configured. */
GANTRY_API int gantry_analytics_get_backend_state(struct gantry_analytics *analytics,
	struct gantry_backend_state *ret_state, struct gantry_error *error);

#ifdef __cplusplus
}
#endif
