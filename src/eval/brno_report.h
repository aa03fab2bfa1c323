/*
 * All of BrnoCompSpeed that lies in a folder, evaluated: the official protocol with each published
 * calibration, and Gantry's own calibration and speeds on the same tracks. And what one number
 * would do that is learned on the other sessions: a factor on all speeds, or a common height of the
 * tracked points above the road (speeds then go down by height / camera height).
 *
 * Errors are pooled over the cars of all videos; "recall by video" is the mean of the videos'.
 *
 * Threads: none of its own. Memory: brno_report_finish() frees it.
 */
#pragma once

#include "eval/brno_measure.h"

#define BRNO_VIDEOS_MAX 32
#define BRNO_SESSIONS_MAX 16

enum brno_way { BRNO_BMVC14, BRNO_OPTIMAL_SCALE, BRNO_OPTIMAL_CALIB, BRNO_GANTRY, BRNO_WAY_COUNT };

/* "bmvc14", "optimal_scale", "optimal_calib", "gantry". */
const char *brno_way_name(enum brno_way way);

struct brno_row {
	int valid_count, matched_count, refused_count, false_count;
	double minutes;
	struct speedscore speed;
};

/* Of distances: error against those measured, and of ratios between every two. */
struct brno_lengths {
	double error_mean_m, error_median_m, error_max_m;
	double ratio_mean, ratio_median, ratio_max; /* relative */
};

struct brno_learned {
	char session[64]; /* tested on; the others taught */
	double factor; /* measured over true */
	double height_m;
	struct speedscore by_factor, by_height;
};

struct brno_report {
	int video_count, session_count;
	char names[BRNO_VIDEOS_MAX][64];
	struct calibration calibrations[BRNO_VIDEOS_MAX]; /* Gantry's */
	struct brno_row rows[BRNO_WAY_COUNT][BRNO_VIDEOS_MAX];
	struct brno_row totals[BRNO_WAY_COUNT];
	double recall_by_video[BRNO_WAY_COUNT];
	struct brno_lengths lengths[BRNO_WAY_COUNT];
	struct brno_learned learned[BRNO_SESSIONS_MAX];
	struct speedscore all_by_factor, all_by_height; /* every session by the others */
};

/* Every folder in `directory` that holds a gt_data.json, by name. -ENOENT where there is none. */
int brno_report_make(const char *directory, const struct brno_measure_params *params,
	struct err *err, struct brno_report **ret_report);
void brno_report_finish(struct brno_report **report);
