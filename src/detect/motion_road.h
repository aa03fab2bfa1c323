/*
 * How large things on the road are seen, from the calibration: what is too flat to be a vehicle,
 * what is as large as one.
 *
 * Threads: no state. Memory: none.
 */
#pragma once

#include "base/geometry.h"

#include <stdbool.h>

struct motion_road {
	bool calibrated;
	struct mat3 road_from_sample; /* where `calibrated`: metres on the road */
};

/* Samples per metre across at the bottom of a box; 0: not known. */
double motion_road_scale(const struct motion_road *road, struct box box);
