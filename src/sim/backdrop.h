/*
 * Everything that stands still, drawn once: sky, ground, and the things beside the road.
 *
 * Threads: read-only once made. Memory: backdrop_finish() frees it.
 */
#pragma once

#include "base/err.h"
#include "sim/ground.h"
#include "sim/sprite.h"

struct backdrop {
	struct sprite_target picture;
	uint8_t *shade; /* a byte a pixel: how much of the sun is taken away on the ground */
	struct sprite *props; /* each once more by itself, for what passes behind it */
	int prop_count;
};

/* Borrows nothing. `painted` false: only the things, each by itself. -ENOMEM, said in `err`. */
int backdrop_create(const struct world *world, const struct camera *camera,
	const struct light *light, bool painted, struct err *err, struct backdrop *ret_backdrop);
void backdrop_finish(struct backdrop *backdrop);
