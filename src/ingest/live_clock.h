/*
 * From a live stream's timestamps to media times that always increase.
 *
 * A live stream has a second witness, the moment of arrival. A timestamp without one, or one that
 * goes back for a moment, is placed by it and counted. Where timestamps leave what has arrived by
 * more than LIVE_CLOCK_JUMP_US, or go on from another place, the camera's clock was set: it is
 * followed from there as soon as two timestamps agree, and the frame is marked as a gap because
 * nobody knows what was lost. A network that stalled and then delivers in a burst is
 * neither: its timestamps are continuous.
 *
 * Threads: one owner. Memory: none.
 */
#pragma once

#include "base/clock.h"

#include <stdbool.h>

#define LIVE_CLOCK_NONE INT64_MIN
#define LIVE_CLOCK_JUMP_US 5000000

struct live_clock {
	bool started, anchored; /* a frame was placed; offset_us is known */
	bool restarted; /* since the last frame */
	int64_t offset_us; /* media time less timestamp */
	int64_t last_us; /* media time of the last frame */
	struct mono last_arrival;
	int64_t step_us; /* last usable interval */
	int64_t odd_us; /* timestamp of the last frame if it was refused, else LIVE_CLOCK_NONE */
	int untimed_in_a_row;
	int64_t untimed_count, backward_count, jump_count;
};

void live_clock_init(struct live_clock *clock);
/* What comes next continues nothing: the connection is a new one, or the file began again. */
void live_clock_restart(struct live_clock *clock);
/*
 * The next frame in presentation order; `timestamp_us` LIVE_CLOCK_NONE where it has none. `ret_gap`
 * becomes true where time was lost before it.
 */
struct media live_clock_place(
	struct live_clock *clock, int64_t timestamp_us, struct mono arrival, bool *ret_gap);
/* Where a timestamp lies by what is known now, near the last frame in any case: for packets. */
struct media live_clock_at(const struct live_clock *clock, int64_t timestamp_us);
