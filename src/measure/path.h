/*
 * Straight motion fitted to road points: velocity by robust weighted least squares of position
 * against media time, with a standard error that knows that box noise is correlated in time.
 *
 * Along the heading and across it each coordinate is regressed on time with weights from the
 * points' own covariance, then twice more with Tukey's biweight (Holland & Welsch 1977). The noise
 * level is estimated from the residuals together with the stated sigmas, which count for
 * PATH_PRIOR_COUNT residuals; the lag-one autocorrelation rho of the residuals widens the variance
 * by (1 + rho) / (1 - rho) (Bartlett 1946).
 *
 * Under constant acceleration the slope of a weighted straight line is exactly the velocity at one
 * moment, `at_s`: the fit says which. So a braking vehicle has no biased speed, only one that was
 * true a little earlier.
 *
 * Threads: none. Memory: none. Hot: once per road user and frame.
 */
#pragma once

#include "base/geometry.h"

#define PATH_MAX 256
#define PATH_PRIOR_COUNT 6

struct path {
	int count;
	double t_s[PATH_MAX]; /* ascending */
	struct vec2 road_m[PATH_MAX];
	double var_m2[PATH_MAX][3]; /* xx, xy, yy: what is independent from point to point */
};

struct path_fit {
	double at_s; /* the moment whose velocity this is */
	double from_s, to_s;
	struct vec2 from_m, to_m; /* fitted ends */
	struct vec2 velocity_mps;
	double speed_mps, heading_rad;
	double sigma_mps; /* along the heading, from noise alone */
	double prior_sigma_mps; /* the same had the stated sigmas been right: does not depend on
				   luck */
	double heading_sigma_rad; /* likewise */
	double noise_ratio; /* residuals over stated sigmas, root mean square */
	double rho; /* autocorrelation of the residuals, 0 to 0.9 */
	double acceleration_mps2, acceleration_sigma_mps2; /* along */
	double turn_rad, turn_sigma_rad; /* change of heading from one end to the other */
	double turn_total_rad; /* 0 or more: what it changes to one side and back adds up */
	int used_count; /* points with weight */
};

/* False with fewer than four points, no time between them, or all but three rejected. */
bool path_fit(const struct path *path, struct path_fit *ret_fit);
