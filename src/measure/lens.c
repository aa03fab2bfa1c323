#include "measure/lens.h"

/* Newton's iteration stops at 1e-12 of the half diagonal; it needs about five steps. */
#define LENS_STEPS_MAX 50

struct lens lens_make(double k1, double k2, struct vec2 center_px, int width_px, int height_px)
{
	struct vec2 middle = {0.5 * width_px, 0.5 * height_px};
	bool given = center_px.x != 0 || center_px.y != 0;
	return (struct lens){
		.k1 = k1,
		.k2 = k2,
		.center_px = given ? center_px : middle,
		.half_diagonal_px = vec2_length(middle),
	};
}

/* Undistorted radius and its derivative, both in half diagonals. */
static double lens_radius(const struct lens *lens, double r, double *ret_slope)
{
	double r2 = r * r;
	*ret_slope = 1 + r2 * (3 * lens->k1 + 5 * lens->k2 * r2);
	return r * (1 + r2 * (lens->k1 + lens->k2 * r2));
}

bool lens_is_usable(const struct lens *lens)
{
	/* A centre away from the middle leaves corners farther out than one half diagonal. */
	for (int i = 0; i <= 130; i++) {
		double slope;
		lens_radius(lens, i * 0.01, &slope);
		if (!(slope > 0.05))
			return false;
	}
	return true;
}

struct vec2 lens_undistort(const struct lens *lens, struct vec2 distorted_px)
{
	if (lens->k1 == 0 && lens->k2 == 0)
		return distorted_px;
	struct vec2 d = vec2_sub(distorted_px, lens->center_px);
	double r2 = vec2_dot(d, d) / (lens->half_diagonal_px * lens->half_diagonal_px);
	return vec2_add(lens->center_px, vec2_scale(d, 1 + r2 * (lens->k1 + lens->k2 * r2)));
}

struct vec2 lens_distort(const struct lens *lens, struct vec2 undistorted_px)
{
	if (lens->k1 == 0 && lens->k2 == 0)
		return undistorted_px;
	struct vec2 d = vec2_sub(undistorted_px, lens->center_px);
	double goal = vec2_length(d) / lens->half_diagonal_px;
	if (goal == 0)
		return undistorted_px;
	double r = goal;
	for (int i = 0; i < LENS_STEPS_MAX; i++) {
		double slope, step = (lens_radius(lens, r, &slope) - goal);
		if (slope < 0.05)
			slope = 0.05; /* beyond the image: walk, do not leap */
		step /= slope;
		r -= step;
		if (fabs(step) < 1e-12)
			break;
	}
	return vec2_add(lens->center_px, vec2_scale(d, r / goal));
}

void lens_jacobian(const struct lens *lens, struct vec2 distorted_px, double ret_jacobian[2][2])
{
	double scale2 = lens->half_diagonal_px * lens->half_diagonal_px;
	struct vec2 d = vec2_sub(distorted_px, lens->center_px);
	double r2 = vec2_dot(d, d) / scale2;
	double gain = 1 + r2 * (lens->k1 + lens->k2 * r2);
	double bend = 2 * (lens->k1 + 2 * lens->k2 * r2) / scale2;
	ret_jacobian[0][0] = gain + bend * d.x * d.x;
	ret_jacobian[0][1] = ret_jacobian[1][0] = bend * d.x * d.y;
	ret_jacobian[1][1] = gain + bend * d.y * d.y;
}
