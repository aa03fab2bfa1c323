/*
 * From a stream's timestamps to media times that always increase.
 *
 * Timestamps of real files are missing, repeated, run backward, or jump by years where bits have
 * flipped. A frame without one is placed a frame duration after the one before; one whose
 * timestamp cannot be true, half a duration after it, which leaves room for the next. Both are
 * counted. Where the next timestamp agrees with a refused one rather than with what was before
 * it, the stream's clock itself has jumped: it is followed from there on, with its own intervals,
 * and the frame is marked FRAME_GAP because nobody knows how much time was lost.
 *
 * Threads: one owner. Memory: none.
 */
#pragma once

#include "base/frame.h"

#define TIMELINE_NONE INT64_MIN
/* A step further than this is damage, not a pause. */
#define TIMELINE_STEP_MAX_US (INT64_C(24) * 3600 * 1000000)

struct timeline {
	bool started;
	bool anchored; /* a timestamp was seen, so offset_us is known */
	int64_t last_us; /* media time of the last frame */
	int64_t step_us; /* last usable interval */
	int64_t offset_us; /* media time minus timestamp */
	int64_t odd_us; /* timestamp of the last frame if it was refused, else TIMELINE_NONE */
	int64_t untimed_count, backward_count, jump_count;
};

/* `frame_duration_us`: used until an interval was seen; 0: 40 ms. */
void timeline_init(struct timeline *timeline, int64_t frame_duration_us);
/*
 * The next frame in presentation order. `timestamp_us`: on the stream's own clock, TIMELINE_NONE
 * where it has none. `duration_us`: of one frame, 0 if unknown. Adds to `flags` (enum frame_flags).
 */
struct media timeline_place(
	struct timeline *timeline, int64_t timestamp_us, int64_t duration_us, unsigned *flags);
