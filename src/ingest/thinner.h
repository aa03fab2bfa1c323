/*
 * Decimation to a target rate by media time: one frame for each period of it. A quarter of a period
 * of slack keeps every frame of a source whose own rate is the target, jitter and rounding
 * included.
 *
 * Threads: one owner. Memory: none.
 */
#pragma once

#include "base/clock.h"

#include <stdbool.h>

struct thinner {
	double target_fps; /* 0: keep all */
	int64_t slot; /* the last period that gave a frame */
};

void thinner_init(struct thinner *thinner, double target_fps);
/* True where the frame is one too many. */
bool thinner_leaves_out(struct thinner *thinner, struct media media);
