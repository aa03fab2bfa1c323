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

/* The box of a cuboid on the road. */
static inline struct box camera_box(const struct camera *c, struct vec2 middle, double heading_rad,
	double length, double width, double height)
{
	struct box box = {1e9f, 1e9f, -1e9f, -1e9f};
	for (int i = 0; i < 8; i++) {
		double a = (i & 1 ? 0.5 : -0.5) * length, b = (i & 2 ? 0.5 : -0.5) * width;
		struct vec2 road = {middle.x + a * cos(heading_rad) - b * sin(heading_rad),
			middle.y + a * sin(heading_rad) + b * cos(heading_rad)};
		struct vec2 p = camera_see(c, road, i & 4 ? height : 0);
		box.x1 = fminf(box.x1, (float)p.x);
		box.y1 = fminf(box.y1, (float)p.y);
		box.x2 = fmaxf(box.x2, (float)p.x);
		box.y2 = fmaxf(box.y2, (float)p.y);
	}
	return box;
}
