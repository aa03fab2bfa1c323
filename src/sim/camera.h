/*
 * The camera: from the world to pixels and back.
 *
 * A pinhole with square pixels and the radial lens distortion of measure/calibration.h (Brown
 * 1966): a pixel at distance r from the centre of the image, in units of half the diagonal, is seen
 * where a perfect lens would put it at r (1 + k1 r^2 + k2 r^4). Pixel (0, 0) is the corner of the
 * image.
 *
 * Yaw is a compass bearing (0 looks along +y, 90 along +x), pitch is positive downwards, roll turns
 * the camera clockwise as seen from behind it.
 *
 * Threads: read-only once made. Memory: plain value.
 */
#pragma once

#include "base/err.h"
#include "base/geometry.h"
#include "sim/vec3.h"

struct camera_params {
	struct vec2 position; /* m */
	double height_m;
	double yaw_deg, pitch_deg, roll_deg;
	double focal_px;
	double k1, k2;
};

/* Nothing nearer than this can be seen. */
#define CAMERA_NEAR_M 0.5

struct camera {
	int width_px, height_px;
	double focal_px;
	double k1, k2;
	double half_diagonal_px;
	struct vec2 center; /* of image and lens; the shake of the camera moves it */
	struct vec3 eye;
	struct vec3 right, down, forward; /* unit vectors of the camera's axes */
	double r_max; /* distorted radius beyond which the distortion would fold the image */
};

/* -EINVAL with the reason: no focal length, under ground, a lens that folds inside the image. */
int camera_init(const struct camera_params *params, int width_px, int height_px, struct err *err,
	struct camera *ret_camera);

/* A world point in the camera's axes: x right, y down, z ahead, metres. */
struct vec3 camera_view(const struct camera *camera, struct vec3 world);
/* Such a point on the image; z must be at least CAMERA_NEAR_M. */
struct vec2 camera_image(const struct camera *camera, struct vec3 view);
/* Both; false where the point is behind the camera or too near. */
bool camera_project(const struct camera *camera, struct vec3 world, struct vec2 *ret_px);
/* The direction in the world (not of unit length: 1 along the axis) that a pixel looks in. */
struct vec3 camera_ray(const struct camera *camera, struct vec2 px);
/* Where a pixel sees the road plane; false above the horizon. */
bool camera_ground(const struct camera *camera, struct vec2 px, struct vec2 *ret_m);
