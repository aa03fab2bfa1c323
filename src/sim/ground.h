/*
 * What lies flat on the ground: carriageways, kerbs, pavements, markings, as triangles in the
 * order in which they cover each other, and the colour of every place on them.
 *
 * Threads: read-only once built. Memory: ground_finish() frees it.
 */
#pragma once

#include "sim/light.h"
#include "sim/world.h"

enum ground_surface {
	GROUND_GRASS, /* where nothing else is */
	GROUND_PAVEMENT,
	GROUND_KERB,
	GROUND_ASPHALT,
	GROUND_WHITE,
	GROUND_YELLOW,
};

struct ground_patch {
	struct vec2 corners[3];
	uint8_t surface; /* enum ground_surface */
	/* How far to the left of the road's line a place is: base + gradient . (x, y). */
	double left_base_m;
	struct vec2 left_gradient;
	double lane_width_m; /* 0: no lanes */
};

struct ground {
	struct ground_patch *patches;
	int count, capacity;
	bool failed;
};

/* -ENOMEM. */
int ground_build(const struct world *world, struct ground *ret_ground);
void ground_finish(struct ground *ground);
/* Share of light thrown back at a place; `patch` NULL: open ground. */
void ground_color(const struct light *light, const struct ground_patch *patch, struct vec2 at,
	float ret_rgb[3]);
