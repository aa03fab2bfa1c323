/*
 * From image pixels to metres on the road: a homography between the undistorted image and the
 * ground plane, by least squares from four or more point pairs, with residuals and covariance
 * (Hartley & Zisserman, Multiple View Geometry, 2nd ed., chapters 4 and 5), and an optional radial
 * lens distortion (Brown 1966: x_u = x_c + (x_d - x_c)(1 + k1 r^2 + k2 r^4), r in units of half
 * the image diagonal).
 *
 * Threads: read-only once solved. Memory: plain value but for the option lists in the params.
 */
#pragma once

#include "base/err.h"
#include "base/geometry.h"
#include "base/options.h"

struct calibration_point {
	struct option_where where;
	struct vec2 image; /* px, in the source's own size */
	struct vec2 road;  /* m */
};

struct lens_params {
	double k1, k2;
	struct vec2 center; /* px; (0, 0): the middle of the image */
};

struct calibration_params {
	struct option_where where;
	struct option_list points; /* of struct calibration_point; none: uncalibrated */
	double image_sigma_px;     /* how well the image points were picked */
	double road_sigma_m;       /* how well the road points were surveyed */
	struct lens_params lens;
	struct option_points area; /* image polygon that the calibration covers; none: the hull of the
	                            * points, grown (see calibration.c) */
};
extern const struct option_table calibration_options;

#define CALIBRATION_AREA_MAX 64

struct calibration {
	int width_px, height_px;
	struct mat3 road_from_image; /* of undistorted pixels */
	struct mat3 image_from_road;
	double covariance[8][8]; /* of the eight free parameters, see calibration.c */
	double rms_px, max_residual_px;
	int point_count;
	struct lens_params lens;
	int area_count;
	struct vec2 area[CALIBRATION_AREA_MAX];
};

/* -EDOM with the reason: fewer than four points, three on a line, twice the same point, a mirrored
 * or impossible view, residuals far beyond the stated sigma. */
int calibration_solve(const struct calibration_params *params, int width_px, int height_px,
	struct err *err, struct calibration *ret_calibration);

/* False beyond the horizon. `ret_var` (may be NULL): xx, xy, yy in m^2 for a pixel covariance
 * `var_px` (xx, xy, yy; NULL: none), the calibration's own share included. */
bool calibration_to_road(const struct calibration *calibration, struct vec2 image,
	const double var_px[3], struct vec2 *ret_road_m, double ret_var[3]);
bool calibration_to_image(const struct calibration *calibration, struct vec2 road_m,
	struct vec2 *ret_image);
bool calibration_covers(const struct calibration *calibration, struct vec2 image);
