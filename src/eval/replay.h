/*
 * The tracker run over a file of detections, so that it can be scored against a benchmark's truth
 * with the detections that others used.
 *
 * Online by construction: what is written for a frame was known when that frame had been seen.
 *
 * Threads: none of its own. Memory: the result is given to the caller.
 */
#pragma once

#include "eval/mot.h"
#include "track/tracker.h"

/*
 * A detector's scores as confidences: the share of detections of that score that are right (Platt
 * scaling). Confidence is 1 / (1 + exp(-(slope * x + offset))), with x the score itself where it is
 * a logit and log(score / (1 - score)) where it is a ratio.
 */
struct replay_scores {
	bool is_logit;
	double slope, offset; /* a slope of 0: the score as it is, cut to 0..1 */
};

struct replay_options {
	double fps;
	int first_frame, frame_count;
	int frame_step; /* 1: every frame; 2: every other one, at half the rate */
	int width_px, height_px;
	struct replay_scores scores;
	enum road_user road_user; /* of all detections */
	/*
	 * Leaves out the tracks whose centre never is further than half the box's larger side from
	 * where it was first: for truth that does not label parked vehicles.
	 */
	bool moving_only;
};

/* -EINVAL where the parameters contradict each other, -ENOMEM. */
int replay_run(const struct tracker_params *params, const struct mot *detections,
	const struct replay_options *options, struct err *err, struct mot **ret_result);
