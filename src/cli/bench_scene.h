/*
 * What benchmarks run on: a video of the built-in scene, and thirty road users on a calibrated
 * road under every kind of rule that the main job has.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

#define BENCH_ROAD_USERS 30

/* CPU time of each stage behind the detector, a frame. */
struct bench_stages {
	double track_us, measure_us, judge_us;
};

double bench_stages_total_us(const struct bench_stages *stages);

/* Thirty vehicles driving for some hundred frames. */
int bench_stages(struct err *err, struct bench_stages *ret_stages);

/*
 * Renders the built-in scene at 1920x1080 into an H.264 file in the temporary folder. `fps` 0: the
 * scene's own.
 */
int bench_video(int frame_count, double fps, char *path, size_t path_size, struct err *err);
