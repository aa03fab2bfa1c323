/*
 * What a moving thing is, from its size on the road: a solid of every class's usual size is put
 * where the box stands, heading the way it moves, and the box in which the camera would see it is
 * compared with the one that was seen. Outlines do not tell a bus from a lorry: both are
 * ROAD_USER_TRUCK; nor a pedestrian's from that of a cyclist who comes straight at the camera, but
 * for their speeds.
 *
 * Threads: constant after init. Memory: none.
 */
#pragma once

#include "base/geometry.h"
#include "detect/detections.h"

#include <stdbool.h>

struct motion_classes {
	bool known; /* false: every answer is ROAD_USER_UNKNOWN */
	struct mat3 road_from_image, image_from_road;
	double up[3];
};

/*
 * `road_from_image`: metres; `up_column`: what a metre above the road adds to the homogeneous image
 * point (three numbers). Where either is NULL or the matrix is singular nothing is known.
 */
void motion_classes_init(struct motion_classes *classes, const struct mat3 *road_from_image,
	const double *up_column);
/*
 * `box` in pixels now, and where it will be in `step_s` seconds. ROAD_USER_UNKNOWN where it stands
 * still, is beyond the horizon or fits nothing.
 */
enum road_user motion_classes_of(
	const struct motion_classes *classes, struct box box, struct box then, double step_s);
