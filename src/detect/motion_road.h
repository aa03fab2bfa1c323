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
/*
 * Whether a box is too flat or too narrow to be a road user that stands where it ends: a bumper, a
 * roof, what is left of a shadow. False where the calibration is not known.
 */
bool motion_road_too_small(const struct motion_road *road, struct box box);
/* Whether it is as wide and as high as a motorcycle at least; false where that is not known. */
bool motion_road_is_user(const struct motion_road *road, struct box box);
/* Whether it is as wide and as high as a car at least; false where that is not known. */
bool motion_road_is_vehicle(const struct motion_road *road, struct box box);
/*
 * Whether a box is as wide as a car, and lower than any: a part of one that stands where the box
 * ends; false where that is not known.
 */
bool motion_road_is_low(const struct motion_road *road, struct box box);
