/*
 * Where the camera watches: the part of the road plane that is measured, the calibration points a
 * surveyor would have picked, and the counting lines.
 *
 * Threads: read-only once made. Memory: plain value.
 */
#pragma once

#include "sim/camera.h"
#include "sim/witness.h"

#define SITE_COLUMNS 12
#define SITE_POINTS_MAX 48
#define SITE_LINES_MAX 32

struct site_point {
	struct vec2 image_px; /* as picked: off by the picking error */
	struct vec2 road_m; /* as surveyed */
};

struct site {
	/* The measured area, in pixels and in metres, corner for corner. */
	int area_count;
	struct vec2 area_px[2 * SITE_COLUMNS], area_m[2 * SITE_COLUMNS];
	int point_count;
	struct site_point points[SITE_POINTS_MAX];
	int line_count;
	struct witness_line lines[SITE_LINES_MAX];
};

/* -EINVAL with the reason: the camera sees no ground within the range, or no road. */
int site_survey(const struct world *world, const struct camera *camera, struct err *err,
	struct site *ret_site);
