/*
 * Which road point a box stands for. The bottom centre of a box is not the middle of the vehicle's
 * footprint: it is the near bumper, or the near side, or a tyre, and it wanders along the vehicle
 * as the view of it changes; a wandering point has another speed than the vehicle. Nor is it on the
 * road: a bumper seen from near hides the tyres behind it, and its lower edge, 0.2 m up, seems to
 * move H / (H - 0.2) times as fast under a camera at height H (2.3 % at 9 m).
 *
 * So the vehicle is thought of as a simple body of its class's usual size, heading the way it
 * moves: an underside with cut corners above the road, tyres on it, a roof. The body says which of
 * its parts is lowest in the image and where the bottom centre of its own box would fall on the
 * road, and the difference to the middle of the footprint is taken off.
 *
 * Threads: none. Memory: none. Hot.
 */
#pragma once

#include "detect/detections.h"
#include "measure/calibration.h"

struct body {
	double length_m, width_m, height_m;
	double clearance_m; /* of the underside's edge */
	double tyres_m; /* from the first tyre on the road to the last, along the vehicle */
	double corner_m; /* cut off the underside's corners, along and across */
	double roof_ratio; /* of the roof's length and width to the body's */
};

/* The usual size of a class. */
struct body body_usual(enum road_user road_user);
/* The same vehicle, larger or smaller; what is under it stays. */
struct body body_scaled(const struct body *body, double scale);

/* The box in which the calibrated camera sees it, the middle of its footprint at `middle_m`. False
 * without a camera model, or where part of it is behind the camera. */
bool footprint_box(const struct calibration *calibration, const struct body *body,
	struct vec2 middle_m, struct vec2 heading, struct box *ret_box);

/* Footprint's middle minus the road point of the box's bottom centre; `ret_box` may be NULL. */
bool footprint_offset(const struct calibration *calibration, const struct body *body,
	struct vec2 middle_m, struct vec2 heading, struct vec2 *ret_offset_m, struct box *ret_box);
