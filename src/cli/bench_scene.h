/*
 * What benchmarks run on: a video of the built-in scene, and thirty road users on a calibrated
 * road under every kind of rule that the main job has.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

#define BENCH_ROAD_USERS 30

/*
 * CPU time of the stages behind the detector, a frame. A drive is repeated lap by lap, frame for
 * frame the same work, so the least time that a frame took in any lap is what its work costs; what
 * a lap takes besides is what else runs on the machine, beside it on the same core at the worst.
 */
struct bench_stages {
	double track_us, measure_us, judge_us; /* mean over the frames of each one's least */
	double middle_lap_us; /* all three: the median of the laps */
	int lap_count;
};

double bench_stages_total_us(const struct bench_stages *stages);

/* Thirty vehicles driving for some hundred frames, several times. */
int bench_stages(struct err *err, struct bench_stages *ret_stages);

/*
 * Renders the built-in scene at 1920x1080 into an H.264 file in the temporary folder. `fps` 0: the
 * scene's own.
 */
int bench_video(int frame_count, double fps, char *path, size_t path_size, struct err *err);
