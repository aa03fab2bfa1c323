/*
 * Detections in, tracks out: a Kalman filter per road user whose time step is the difference of
 * media times, never a count of frames, and a two-pass association (ByteTrack, Zhang et al. 2022).
 *
 *     struct tracker_params params;
 *     options_defaults(&tracker_options, &params);
 *     tracker_create(&params, &err, &tracker);
 *     while (...)
 *             tracker_step(tracker, &detections, &tracks);
 *     tracker_destroy(&tracker);
 *
 * A road user that stands still keeps its number for as long as it is detected. One that is not
 * detected is predicted (TRACK_LOST) for max_lost_s and may come back under its number; then it
 * ends, and its number is never used again.
 *
 * Threads: one tracker, one thread. Memory: all at creation; none per frame.
 * Time: works at any frame rate and with irregular frames. Missing time (FRAME_GAP, or more than
 * max_gap_s between frames) is never bridged in silence: up to max_gap_s the tracks go on and their
 * next update says `gap`; beyond it every track ends and the frame says `reset`.
 */
#pragma once

#include "base/err.h"
#include "base/options.h"
#include "track/kalman.h"
#include "track/tracks.h"

/* Defaults and ranges: tracker_options. All durations are media time. */
struct tracker_params {
	double high_confidence; /* 0 to 1; detections from here on take part in the first pass */
	double low_confidence; /* 0 to 1; from here on in the second */
	double start_confidence; /* 0 to 1; from here on an unmatched one starts a track */
	double match_iou; /* 0 to 1; least overlap of prediction and detection, first pass */
	double low_match_iou; /* 0 to 1; second pass */
	double start_match_iou; /* 0 to 1; of a tentative track */
	double duplicate_iou; /* 0 to 1; an unmatched detection over another is the same thing */
	double confirm_evidence; /* a track is believed once its confidences sum to this */
	double max_lost_s; /* an unseen confirmed track is kept that long */
	double max_tentative_s; /* an unseen tentative track is kept that long */
	double max_gap_s; /* missing time beyond this ends all tracks */
	struct kalman_noise noise;
};
extern const struct option_table tracker_options;

struct tracker;

/* -EINVAL where the parameters contradict each other, -ENOMEM. */
int tracker_create(
	const struct tracker_params *params, struct err *err, struct tracker **ret_tracker);
void tracker_destroy(struct tracker **tracker);
/*
 * One frame's work. Media time must increase from call to call (-EINVAL otherwise, no change).
 * Where more than TRACKS_MAX would live at once, new ones are not started: known ones go first.
 */
int tracker_step(struct tracker *tracker, const struct detections *detections, struct tracks *out);
