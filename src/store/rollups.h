/*
 * Sums over violations and passages, so that questions about many rows are answered from few.
 *
 * While a transaction is open its rows are added up here, in memory; flush writes one row for each
 * sum that changed, in the same transaction. So rows and sums can never disagree, and a burst of
 * thousands of violations costs some dozens of updates.
 *
 * Buckets are whole quarter-hours, hours and days of UTC, counted since 1970: no zone's clock
 * change doubles or loses one. ROLLUP_ALL is one bucket, 0, over everything.
 *
 * Speeds are counted in bins of 1 km/h, which add up over any period (a histogram can be merged, a
 * percentile cannot); a percentile read from them is off by at most one bin.
 *
 * Headway is the time between the fronts of two vehicles over the same line in the same lane and
 * direction (Highway Capacity Manual, 6th ed., 2016, ch. 4); where the line has no lanes, all of it
 * is one. Gaps over HEADWAY_MAX_S are no headways, and a passage that comes late (before one
 * already counted) has none.
 *
 * Threads: the writer's. Memory: grows to the largest transaction.
 */
#pragma once

#include "base/clock.h"
#include "store/sql.h"

#include <stdbool.h>

enum rollup_scale { ROLLUP_QUARTER, ROLLUP_HOUR, ROLLUP_DAY, ROLLUP_ALL };
enum rollup_grouping {
	ROLLUP_BY_TYPE, /* device "", severity -1 */
	ROLLUP_BY_DEVICE, /* type "", severity -1 */
	ROLLUP_BY_SEVERITY, /* device "", type "" */
	ROLLUP_BY_DEVICE_TYPE, /* severity -1 */
	ROLLUP_TOTAL, /* device "", type "", severity -1 */
};
#define HEADWAY_MAX_S 600
#define SPEED_BIN_NONE (-1) /* of vehicles whose speed is not known */
#define SPEED_BIN_MAX 300 /* km/h; the last bin holds all above */

/* The bucket of `at`; `scale_us` gives the length of one, 0 for ROLLUP_ALL. */
int64_t rollup_bucket(enum rollup_scale scale, struct wall at);
int64_t rollup_length_us(enum rollup_scale scale);
int rollup_speed_bin(double speed_mps);

struct rollups;

int rollups_create(struct rollups **ret_rollups);
void rollups_destroy(struct rollups **rollups);

/* `count` -1 takes one back. 0 or -ENOMEM. */
int rollups_violation(struct rollups *rollups, struct wall at, const char *device, const char *type,
	int severity, int count);
struct rollup_passage {
	struct wall at;
	const char *device, *line, *direction, *class_name;
	const char *lane; /* "": the line has none */
	bool lane_unsure;
	double speed_mps, occupied_s; /* NaN: not known */
};
/* Gives the headway to the vehicle before, NaN where there is none. */
int rollups_passage(struct rollups *rollups, struct sql *sql, const struct rollup_passage *passage,
	struct err *err, double *ret_headway_s);

/* The id of the next violation, until it is used. Rows that were deleted do not give theirs back; a
 * transaction that was taken back does. */
int rollups_next_violation_id(
	struct rollups *rollups, struct sql *sql, struct err *err, int64_t *ret_id);
/* That one and those after it have rows now. */
void rollups_use_violation_ids(struct rollups *rollups, int count);

int rollups_flush(struct rollups *rollups, struct sql *sql, struct err *err);
/* Forgets the transaction's sums: it was committed, or taken back. */
void rollups_clear(struct rollups *rollups);

/* Sums that leave: `text` is a DELETE whose first parameter is the scale, whose second the first
 * bucket that stays. */
int rollups_delete_before(struct sql *sql, const char *text, enum rollup_scale scale,
	int64_t bucket, struct err *err);
