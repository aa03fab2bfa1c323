/*
 * A calibration from lengths measured on the road and lines that are parallel on it: nonlinear
 * least squares over focal length, tilt, roll, height and the direction of the lines, with square
 * pixels and the principal point at the lens centre. Lane lines fix one vanishing point (Caprile &
 * Torre, Using Vanishing Points for Camera Calibration, 1990); unlike methods that multiply
 * separate estimates of vanishing points and scale (Dubska et al., BMVC 2014), all of it is one
 * adjustment, so its covariance is that of everything together.
 *
 * Threads: none of its own. Memory: none kept.
 */
#pragma once

#include "base/err.h"
#include "measure/calibration.h"

/* Fills homography, covariance, matrices, residuals and the counts of `cal`, whose lens and size
 * are set. -EDOM with the reason in `err`. */
int survey_solve(const struct calibration_params *params, struct err *err, struct calibration *cal);

/* The image points of all distances and lines, at most `max`; returns how many. */
int survey_points(const struct calibration_params *params, struct vec2 *ret_points, int max);
