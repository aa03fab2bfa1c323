/* A pinhole camera with its own formulas, over (0, 0), looking along y: what tests compare with. */
#pragma once

#include "base/geometry.h"

struct camera {
	double focal_px, height_m, tilt_rad;
	int width_px, height_px;
};

/* Road x to the right, y ahead, z up. */
static inline struct vec2 camera_see(const struct camera *c, struct vec2 road, double z)
{
	double depth = road.y * cos(c->tilt_rad) + (c->height_m - z) * sin(c->tilt_rad);
	double down = (c->height_m - z) * cos(c->tilt_rad) - road.y * sin(c->tilt_rad);
	return (struct vec2){0.5 * c->width_px + c->focal_px * road.x / depth,
		0.5 * c->height_px + c->focal_px * down / depth};
}

struct camera_body {
	double length, width, height, clearance, tyres; /* m; `tyres`: first to last, along */
};

static inline void camera_add(const struct camera *c, struct vec2 road, double z, struct box *box)
{
	struct vec2 p = camera_see(c, road, z);
	box->x1 = fminf(box->x1, (float)p.x);
	box->y1 = fminf(box->y1, (float)p.y);
	box->x2 = fmaxf(box->x2, (float)p.x);
	box->y2 = fmaxf(box->y2, (float)p.y);
}

/* The box of a vehicle: body with rounded corners above the road, tyres on it, a smaller roof. */
static inline struct box camera_box(
	const struct camera *c, struct vec2 middle, double heading_rad, const struct camera_body *b)
{
	struct box box = {1e9f, 1e9f, -1e9f, -1e9f};
	struct vec2 ahead = {cos(heading_rad), sin(heading_rad)}, left = {-ahead.y, ahead.x};
	for (int i = 0; i < 4; i++) {
		double x = i & 1 ? 0.5 : -0.5, y = i & 2 ? 0.5 : -0.5;
		double cut_x = x * (1 - 0.4 / b->length), cut_y = y * (1 - 0.4 / b->width);
		const double at[4][3] = {{x * b->length, cut_y * b->width, b->clearance},
			{cut_x * b->length, y * b->width, b->clearance},
			{x * b->tyres, y * b->width, 0},
			{0.7 * x * b->length, 0.7 * y * b->width, b->height}};
		for (int k = 0; k < 4; k++)
			camera_add(c,
				vec2_add(middle, vec2_add(vec2_scale(ahead, at[k][0]),
							 vec2_scale(left, at[k][1]))),
				at[k][2], &box);
	}
	return box;
}
