/*
 * One picture of the world, and what can be seen of everybody in it.
 *
 * The backdrop is drawn once. For every picture the shadows of the road users are laid on it, then
 * road users, signal heads and the things they pass behind are put on top of each other from far to
 * near, then the sensor adds its noise.
 *
 * Threads: one renderer, one thread. Memory: at creation; lists grow to what the busiest picture
 * needs. Hot: renderer_draw().
 */
#pragma once

#include "base/frame.h"
#include "sim/world.h"

/* A road user in the picture. */
struct sight {
	int id; /* index of the mover */
	struct pose pose;
	double length_m;
	bool braking;
	/* Filled by renderer_draw(): */
	bool in_view; /* a part of `full` is in the picture */
	struct box full; /* around all of it, not clipped */
	struct box visible; /* around what can be seen; zero area where nothing */
	double occlusion_ratio; /* share of what would be seen in an endless picture that is hidden
				 */
};

struct renderer;

/* Borrows the world until destroy. `blind`: draws no pictures, only finds out who hides whom. */
int renderer_create(const struct world *world, const struct camera *camera, bool blind,
	struct err *err, struct renderer **ret_renderer);
void renderer_destroy(struct renderer **renderer);

/*
 * Draws `sights` (which it puts into another order: from far to near) and the signals as they are
 * at `t_s` into a writable frame of the camera's size (NULL where it is blind). `number` chooses
 * the noise.
 */
int renderer_draw(struct renderer *renderer, double t_s, int64_t number, struct sight *sights,
	int count, struct frame *frame);

/* Where the head of a signal stands and the middle of a lamp is (0 red, 1 yellow, 2 green). */
struct vec3 renderer_lamp(const struct world *world, int signal, int index);
