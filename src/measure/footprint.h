/*
 * Which road point a box stands for. The bottom centre of a box is not the middle of the vehicle's
 * footprint: it is the near bumper, or the near side, or something between that wanders along the
 * vehicle as the view of it changes, and a wandering point has another speed than the vehicle. So
 * the vehicle is thought of as a cuboid of its class's usual size, heading the way it moves; where
 * its own box's bottom centre lies is known by projection, and the difference is taken off.
 *
 * Threads: none. Memory: none. Hot.
 */
#pragma once

#include "measure/calibration.h"

struct cuboid {
	double length_m, width_m, height_m;
};

/*
 * The box in which the calibrated camera sees the cuboid whose footprint's middle is `middle_m`.
 * False without a camera model, or where part of it is behind the camera.
 */
bool footprint_box(const struct calibration *calibration, struct cuboid cuboid,
	struct vec2 middle_m, double heading_rad, struct box *ret_box);

/* footprint middle minus road point of the box's bottom centre. */
bool footprint_offset(const struct calibration *calibration, struct cuboid cuboid,
	struct vec2 middle_m, double heading_rad, struct vec2 *ret_offset_m, struct box *ret_box);
