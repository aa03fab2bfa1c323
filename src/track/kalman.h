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
void kalman_update(struct kalman *k, struct box box, const struct kalman_noise *noise);
/* The picture moved by that much; the target's own motion stays what it was. */
void kalman_shift(struct kalman *k, struct vec2 shift_px);

/*
 * Its centre, not seen for `dt_s` and predicted meanwhile, may have moved by `spread_ps` of its
 * sizes a second more than was thought: the next measurement then says where it goes (two-point
 * initiation).
 */
void kalman_loosen(struct kalman *k, double dt_s, double spread_ps);

/*
 * Before an update with `box`, `dt_s` > 0 after the last: where its centre is much further from
 * where it was expected than the filter thought possible, the filter becomes as unsure as it should
 * have been.
 */
void kalman_doubt(struct kalman *k, struct box box, double dt_s, const struct kalman_noise *noise);

/* It stands still after all; how sure that is stays what it was. */
void kalman_halt(struct kalman *k);

struct box kalman_box(const struct kalman *k);
/* Of the centre, sizes of the box per second. */
double kalman_speed(const struct kalman *k);
/* How far the centre of a measured box is from the prediction, and the variances of that. */
void kalman_innovation(const struct kalman *k, struct box box, const struct kalman_noise *noise,
	struct vec2 *ret_offset_px, struct vec2 *ret_variance_px2);
/* How far a measured box is from the prediction, centre and sides together, in sizes of the box. */
double kalman_surprise(const struct kalman *k, struct box box);
