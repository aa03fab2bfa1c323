/*
 * Detections in, tracks out: a Kalman filter per road user whose time step is the difference of
 * media times, never a count of frames, and a two-pass association (ByteTrack, Zhang et al. 2022).
 *
 * Threads: one tracker, one thread. Memory: all at creation; none per frame.
 * Time: works at any frame rate and with irregular frames; a gap longer than max_gap_s (or marked
 * FRAME_GAP) ends every track, and says so (`reset`).
 */
#pragma once

#include "base/err.h"
#include "base/options.h"
#include "track/tracks.h"

struct tracker_params; /* defined with its defaults below by the tracker's author */

struct tracker;

int tracker_create(const struct tracker_params *params, struct err *err,
	struct tracker **ret_tracker);
void tracker_destroy(struct tracker **tracker);
/* One frame's work. Media time must increase from call to call (-EINVAL otherwise, no change). */
int tracker_step(struct tracker *tracker, const struct detections *detections, struct tracks *out);

extern const struct option_table tracker_options;
