/*
 * How full the road in view is, minute by minute: how many vehicles, how fast on the whole, and
 * whether they stand in a queue and how long it is. What it means (free, dense, queue) is said when
 * somebody asks: store/congestion_rows.h.
 *
 * A vehicle stands where it has not left a circle of 3 m for 2 s: slower than 1.5 m/s, 5 feet a
 * second, below which the Highway Capacity Manual (6th ed., 2016, ch. 31, field measurement of
 * delay) counts a vehicle as queued. A queue is three or more of them, none further than 15 m from
 * the next one; its length is the largest distance between two of them and one car more. Lanes are
 * not told apart: what stands side by side is one queue. Who has stood for over five minutes is
 * parked, and in no queue.
 *
 * Speed is the mean over vehicles and time (space-mean speed), of those that stand (0) and those
 * whose speed is known. Without a calibration only vehicles are counted.
 *
 * Threads: one owner. Memory: all at creation. Time: minutes of media time plus `offset_us`, so of
 * the wall clock where that is the wall time of media time 0.
 */
#pragma once

#include "measure/measures.h"

struct congestion_minute {
	int64_t from_us; /* its beginning, offset and all */
	double seen_s; /* how much of it was seen: up to 60 */
	double vehicle_count; /* mean number in view */
	double speed_mps; /* NaN: nobody's is known */
	bool calibrated; /* false: nothing is known of queues */
	double queue_ratio; /* share of the time seen with a queue in it */
	double queue_m; /* the longest one; 0: none */
	int queue_count; /* vehicles in that */
};

struct congestion;

int congestion_create(int64_t offset_us, struct congestion **ret_congestion);
void congestion_destroy(struct congestion **congestion);
/* One frame. True where a minute ended before it, which `ret_minute` then gets. */
bool congestion_step(struct congestion *congestion, const struct measures *measures,
	struct congestion_minute *ret_minute);
/* At the end: the minute that is not over, false where there is nothing in it. */
bool congestion_finish(struct congestion *congestion, struct congestion_minute *ret_minute);
