/*
 * Radial lens distortion (Brown 1966): x_u = x_c + (x_d - x_c)(1 + k1 r^2 + k2 r^4), x_d what the
 * camera shows, x_u where a pinhole would have shown it, r the distance of x_d from x_c in units of
 * half the image diagonal. Straight roads that bulge outward (barrel) have k1 > 0.
 *
 * Threads: read-only once made. Memory: plain value.
 */
#pragma once

#include "base/geometry.h"

#include <stdbool.h>

struct lens {
	double k1, k2;
	struct vec2 center_px;
	double half_diagonal_px;
};

/* `center_px` (0, 0): the middle of the image. */
struct lens lens_make(double k1, double k2, struct vec2 center_px, int width_px, int height_px);

/* False where the lens would fold the image over within its corners: no such lens exists. */
bool lens_is_usable(const struct lens *lens);

struct vec2 lens_undistort(const struct lens *lens, struct vec2 distorted_px);
/* The inverse, by Newton's iteration on the radius; to 1e-9 px for a usable lens in its image. */
struct vec2 lens_distort(const struct lens *lens, struct vec2 undistorted_px);
/* Derivatives of lens_undistort: [dxu/dxd, dxu/dyd; dyu/dxd, dyu/dyd]. */
void lens_jacobian(const struct lens *lens, struct vec2 distorted_px, double ret_jacobian[2][2]);
