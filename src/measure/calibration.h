/*
 * From image pixels to metres on the road: a homography between the undistorted image and the
 * ground plane, with residuals and covariance, and an optional radial lens distortion (lens.h).
 * It is solved from one of two kinds of input:
 *
 *   points        four or more image points whose place on the road is known (homography.h);
 *   distances,    lengths measured between image points, and lines that are parallel on the road
 *   parallel_     (lane lines): the camera's focal length, tilt, roll and height with the principal
 *   lines         point in the middle of the image (survey.h). Nothing need be surveyed in common
 *                 coordinates: a tape measure will do.
 *
 * Road coordinates are right-handed seen from above (x to the right where y leads ahead). With
 * distances the y axis runs along the lines, away from the camera, and the origin is the road point
 * in the middle of what was given.
 *
 * Threads: read-only once solved. Memory: plain value but for the option lists in the params.
 */
#pragma once

#include "base/err.h"
#include "base/geometry.h"
#include "base/options.h"
#include "measure/homography.h"
#include "measure/lens.h"

struct calibration_point {
	struct option_where where;
	struct vec2 image; /* px, in the source's own size */
	struct vec2 road; /* m */
};

enum road_direction {
	ROAD_DIRECTION_ANY,
	ROAD_DIRECTION_ALONG, /* parallel to the road's y axis */
	ROAD_DIRECTION_ACROSS, /* at a right angle to it, on the road */
};

/* A length measured on the road between two image points. */
struct calibration_distance {
	struct option_where where;
	struct vec2 from, to; /* px */
	double length_m;
	int direction; /* enum road_direction */
};

/* Image points on one straight line on the road. */
struct calibration_line {
	struct option_where where;
	struct option_points points; /* two or more */
	int direction; /* along or across */
};

struct lens_params {
	double k1, k2;
	struct vec2 center; /* px; (0, 0): the middle of the image */
};

struct calibration_params {
	struct option_where where;
	struct option_list points; /* of struct calibration_point */
	struct option_list distances; /* of struct calibration_distance */
	struct option_list parallel_lines; /* of struct calibration_line; all empty: uncalibrated */
	double image_sigma_px; /* how well the image points were picked */
	double road_sigma_m; /* how well the road points or distances were surveyed */
	struct lens_params lens;
	struct option_points
		area; /* image polygon that the calibration covers; none: the hull of the
		       * points, grown by half, no farther than twice the farthest */
};
extern const struct option_table calibration_options;

#define CALIBRATION_AREA_MAX 64
#define CALIBRATION_POINTS_MAX 256

struct calibration {
	int width_px, height_px;
	struct mat3 road_from_image; /* of undistorted pixels; w > 0 on the near side */
	struct mat3 image_from_road;
	struct homography homography; /* parameters and covariance */
	double rms_px, max_residual_px;
	int point_count; /* points, or distances and lines, that it was solved from */
	struct lens lens;
	int area_count;
	struct vec2 area[CALIBRATION_AREA_MAX];
	/* The pinhole camera with square pixels that sees the road so; false where the view
	 * (straight down, or points too poor) does not tell. */
	bool has_camera;
	double focal_px;
	struct vec2 principal_px;
	struct vec2 camera_m; /* the point on the road under it */
	double camera_height_m;
	/* Image of a point `z` metres above road point (x, y): image_from_road * (x, y, 1) plus z
	 * times this column, as homogeneous coordinates. */
	double up_column[3];
};

/* Whether anything was given to calibrate from. */
bool calibration_is_given(const struct calibration_params *params);

/* -EDOM with the reason: too little given, three points on a line, twice the same point, a mirrored
 * or impossible view, a lens that folds the image, residuals far beyond the stated sigma. */
int calibration_solve(const struct calibration_params *params, int width_px, int height_px,
	struct err *err, struct calibration *ret_calibration);

/* False beyond the horizon. `ret_var` (may be NULL): xx, xy, yy in m^2 for a pixel covariance
 * `var_px` (xx, xy, yy; NULL: none), the calibration's own share included. */
bool calibration_to_road(const struct calibration *calibration, struct vec2 image,
	const double var_px[3], struct vec2 *ret_road_m, double ret_var[3]);
/* The same without the calibration's share: what changes from frame to frame. */
bool calibration_to_road_noise(const struct calibration *calibration, struct vec2 image,
	const double var_px[3], struct vec2 *ret_road_m, double ret_var[3]);
bool calibration_to_image(
	const struct calibration *calibration, struct vec2 road_m, struct vec2 *ret_image);
/* A point above the road; false without a camera model or behind the camera. */
bool calibration_to_image_above(const struct calibration *calibration, struct vec2 road_m,
	double above_m, struct vec2 *ret_image);
bool calibration_covers(const struct calibration *calibration, struct vec2 image);

/*
 * Variance of the difference b - a between two road points, both seen in the image, that the
 * calibration's covariance causes: much less than the sum of both, because their errors go
 * together. Along the unit vector `along`.
 */
double calibration_distance_var(
	const struct calibration *calibration, struct vec2 a_m, struct vec2 b_m, struct vec2 along);
