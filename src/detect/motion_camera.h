/*
 * Where the camera looks now, compared with when the background was learnt: a shaking mast, a
 * hand-held phone, wind. Finds the shift, turn and zoom (a similarity) that lays a picture over
 * the background, by Gauss-Newton on the luma of points with a strong gradient (Lucas and Kanade
 * 1981; Baker and Matthews 2004), from a quarter of the size to full size. Vehicles are outliers:
 * a point counts less the worse it fits (Tukey's biweight).
 *
 * Threads: one owner. Memory: all at creation. Time: none; every picture for itself, starting from
 * the one before.
 */
#pragma once

#include "pixel/background.h"

#include <stdbool.h>
#include <stdint.h>

#define MOTION_CAMERA_POINTS 3072

struct motion_camera_point {
	int16_t x, y;
	int16_t gx, gy; /* of the background, levels per 2 samples */
	uint8_t level; /* the background's luma */
};

struct motion_camera_level {
	int width, height;
	uint8_t *picture, *reference; /* NULL on level 0: the caller's */
	int point_count;
	struct motion_camera_point points[MOTION_CAMERA_POINTS];
};

struct motion_camera {
	int width, height;
	struct background_view view; /* where the background is seen in the picture */
	struct motion_camera_level levels[2]; /* full size, a quarter */
	uint8_t *steady; /* the picture laid over the background */
};

/* 0 or -ENOMEM. Even sizes, at least 16. */
int motion_camera_init(struct motion_camera *camera, int width, int height);
void motion_camera_finish(struct motion_camera *camera);
/* A new background: its luma. The view is kept unless `restart`. */
void motion_camera_learn(struct motion_camera *camera, const uint8_t *reference, bool restart);
/*
 * Looks at a picture (luma, U, V as in motion_model.h). True where the view could be told; then
 * camera->view is it. False where nothing fits: too few points, or the camera looks elsewhere.
 */
bool motion_camera_follow(struct motion_camera *camera, const uint8_t *picture);
/* The largest shift anywhere in the picture, samples. */
double motion_camera_reach(const struct motion_camera *camera);
/* The picture as if the camera had not moved. Borrowed until the next call. */
uint8_t *motion_camera_steady(struct motion_camera *camera, const uint8_t *picture);
