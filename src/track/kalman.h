/*
 * Where a road user is and how it moves, estimated from boxes: four independent Kalman filters of
 * position and velocity, one each for the box centre x and y, its width and its height.
 *
 * The time step is in seconds, so the same noise figures hold at every frame rate and for irregular
 * frames: the process noise is that of a white acceleration (Bar-Shalom, Li and Kirubarajan,
 * "Estimation with Applications to Tracking and Navigation", 6.2.2). Because measurement and
 * process noise are independent between the four coordinates, the 8x8 filter that SORT and
 * ByteTrack write down falls apart into four 2x2 ones without loss, at a tenth of the arithmetic.
 *
 * Threads: plain values, the caller's. Memory: none. Hot: predict and update run per track and
 * frame.
 */
#pragma once

#include "base/geometry.h"

enum kalman_axis_name { KALMAN_X, KALMAN_Y, KALMAN_WIDTH, KALMAN_HEIGHT, KALMAN_AXIS_COUNT };

struct kalman_axis {
	double x, v; /* px, px/s */
	double pxx, pxv, pvv; /* covariance: px^2, px^2/s, px^2/s^2 */
};

struct kalman {
	struct kalman_axis axis[KALMAN_AXIS_COUNT];
};

/* All are in shares of the size of the box, so that near and far objects behave alike. */
struct kalman_noise {
	double centre_ratio; /* standard deviation of a measured centre */
	double size_ratio; /* of a measured width or height */
	double motion_ratio; /* of the white acceleration of the centre, per s^1.5 */
	double growth_ratio; /* of width and height */
	double first_velocity_ratio; /* standard deviation of an unknown velocity, per s */
};

/* At rest, with the uncertainty of one measurement. */
void kalman_init(struct kalman *k, struct box box, const struct kalman_noise *noise);
/* `dt_s` > 0. Sizes never fall below one pixel. */
void kalman_predict(struct kalman *k, double dt_s, const struct kalman_noise *noise);
/* `trust` > 0 divides the measurement's variance: 1 an ordinary one. */
void kalman_update(
	struct kalman *k, struct box box, double trust, const struct kalman_noise *noise);
/* The coordinate system moved: every point p became scale * p + shift. */
void kalman_move(struct kalman *k, double scale, struct vec2 shift_px);

struct box kalman_box(const struct kalman *k);
/* Squared Mahalanobis distance of a box from the prediction, 4 degrees of freedom. */
double kalman_distance2(const struct kalman *k, struct box box, const struct kalman_noise *noise);
