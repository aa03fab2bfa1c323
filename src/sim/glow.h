/*
 * The lamps of vehicles in the dark: the light in front of them on the road, and the glare around
 * those that shine into the camera.
 *
 * Threads: one. Memory: none.
 */
#pragma once

#include "sim/sprite.h"

#define GLOW_LAMPS_MAX 4

/* Where the lamps of a body are, on its own ground. */
struct glow_lamps {
	int count;
	struct {
		struct vec3 at;
		bool head; /* else tail */
	} items[GLOW_LAMPS_MAX];
};

/* Finds them by their surface. */
struct glow_lamps glow_find(const struct mesh *mesh);
/* Lays the light collected in the mask on the picture within a rectangle, and wipes the mask. */
void glow_lay(const struct sprite *rect, uint8_t *mask, struct sprite_target *picture);
/*
 * The glare of a body's lamps that can be seen: whose pixel belongs to `owner` in `owners` (an
 * index a pixel of the picture).
 */
void glow_glare(const struct camera *camera, const struct glow_lamps *lamps,
	const struct placement *placement, const uint16_t *owners, int owner,
	struct sprite_target *picture);
