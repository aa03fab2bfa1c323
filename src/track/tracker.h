/*
 * Detections in, tracks out: a Kalman filter per road user whose time step is the difference of
 * media times, never a count of frames, and association in passes, the sure detections first
 * (ByteTrack, Zhang et al. 2022). docs/tracking.md tells the method, its sources and its scores.
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
 * ends, and its number is never used again; one look alone that missed it never ends it, but where
 * it is predicted to have left the picture.
 * Confidences are meant as probabilities: the share of such detections that are right.
 *
 * Live cameras are not looked at in every frame. Between two looks tracker_coast() predicts; what
 * is lost and what ends is decided by looks only.
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
	double match_iou; /* 0 to 1; least overlap of prediction and detection */
	double low_match_iou; /* 0 to 1; least overlap in the second pass */
	double recover_iou; /* 0 to 1; least overlap with where a target was last seen */
	double steady_iou; /* 0 to 1; added to match_iou for a target that never strays */
	double steady_ratio; /* of its size; a target that strays this much has nothing added */
	double still_ps; /* sizes a second; nor has a target that moves like this */
	double blob_ratio; /* 0 to 1; share of match_iou and recover_iou asked of an unknown class
			    */
	double slow_frames_ps; /* how match_iou falls with frame intervals beyond 0.1 s, per s */
	double leap_ps; /* sizes a second that a vehicle may move between its first two boxes */
	double duplicate_iou; /* 0 to 1; an unmatched detection over another is the same thing */
	double confirm_evidence; /* a track is believed once its confidences sum to this */
	double confirm_s; /* and has been seen that long */
	double max_lost_s; /* an unseen confirmed track is kept that long */
	double max_tentative_s; /* an unseen tentative track is kept that long */
	double max_gap_s; /* missing time beyond this ends all tracks */
	double max_coast_s; /* so does that much time in which nobody looked */
	double camera_ratio; /* how far a camera is thought to shift in a frame, of its width */
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
/*
 * A frame in which nobody looked for road users, so that none is missed either: all tracks are
 * predicted to its time, keep their state, and `out` says `coasted`. `still`: because nothing in
 * the picture has moved since the last look, so whoever was thought to move has stopped. Of `frame`
 * only the times, the flags and the size are read. Media time as above.
 */
int tracker_coast(
	struct tracker *tracker, const struct detections *frame, bool still, struct tracks *out);
