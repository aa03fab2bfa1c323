/*
 * The bodies that are seen: road users by kind, size and variant, and roadside things.
 *
 * Threads, memory: as in mesh.h; what is built belongs to the caller.
 */
#pragma once

#include "sim/mesh.h"
#include "sim/world.h"

/* `look` chooses colour and details. -ENOMEM. */
int model_mover(const struct mover *mover, uint64_t look, struct mesh *ret_mesh);
/* At its place in the world. */
int model_prop(const struct sim_prop_params *params, uint64_t look, struct mesh *ret_mesh);
/*
 * A signal head on its pole, at `at`, facing `facing_rad`; the lamp as it shines. The middle of the
 * housing's front is at height `height_m`.
 */
int model_signal(struct vec2 at, double facing_rad, double height_m, enum sim_lamp lamp,
	struct mesh *ret_mesh);
/* Middle and radius of one lamp of such a head: 0 red, 1 yellow, 2 green. */
struct vec3 model_signal_lamp(struct vec2 at, double facing_rad, double height_m, int index);
#define MODEL_LAMP_RADIUS_M 0.17
