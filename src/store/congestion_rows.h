/*
 * How full the road in view of a device was, a row a minute, and what that means.
 *
 *   queue   a queue stood in at least 0.8 of the time seen; one that a red light makes and a green
 *           one dissolves is none
 *   dense   no queue, and the mean speed is below half of the free one: level of service D or worse
 *           of a city street (Highway Capacity Manual 2010, exhibit 16-4)
 *   free    neither, or nobody there
 *   unknown vehicles, but no speeds: not calibrated, or too few minutes to know the free speed
 *
 * The free speed is the 85th percentile of the device's mean speeds of minutes, over the seven days
 * before the end of what is asked for, and needs ten minutes with vehicles.
 */
#pragma once

#include "base/clock.h"
#include "store/store.h"

enum congestion_state {
	CONGESTION_UNKNOWN,
	CONGESTION_FREE,
	CONGESTION_DENSE,
	CONGESTION_QUEUE,
};
const char *congestion_state_name(enum congestion_state state); /* "unknown", "free", ... */

struct congestion_row {
	struct wall from; /* begin of its minute */
	double seen_s; /* how much of the minute was seen, 0 to 60 */
	double vehicle_count; /* mean number in view */
	double speed_mps; /* over vehicles and time; NaN: nobody's is known */
	bool calibrated; /* false: nothing is known of queues */
	double queue_ratio; /* share of what was seen */
	double queue_m; /* length of the longest queue; 0: none */
	int queue_count; /* vehicles in it */
	enum congestion_state state; /* the store's */
};

/* Copies; on the disk a few milliseconds later. Takes the place of what the minute had. */
int congestion_rows_add(
	struct store *store, const char *device, const struct congestion_row *row, struct err *err);
/* From <= begin < to, oldest first, with states. Not 0 from `each` ends it and is returned. */
int congestion_rows_find(struct store *store, const char *device, struct wall from, struct wall to,
	int (*each)(void *opaque, const struct congestion_row *row), void *opaque, struct err *err);
