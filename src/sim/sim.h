/*
 * The simulator: a road scene with road users, seen by a camera, and the exact truth about it.
 *
 *     struct sim_params params;
 *     int r = sim_params_builtin(&params, &err);    // or sim_params_load()
 *     r = sim_create(&params, &err, &sim);
 *     while ((r = sim_step(sim, &err, &frame, &truth)) == FLOW_MORE) { ...; frame_unref(&frame); }
 *     for (int i = 0; i < sim_violation_count(sim); i++) ... sim_violation(sim, i) ...
 *     sim_write_config(sim, file);          // the scene file with which `gantry run` analyses it
 *     sim_destroy(&sim);
 *     sim_params_finish(&params);
 *
 * The same parameters give the same bytes on every machine. Violations and counts are decided from
 * the exact state of the world, by this room's own code, with the definitions of docs/rules.md.
 *
 * Threads: one sim, one thread. Memory: at creation; a step takes its frame from a pool and gives
 * -ENOBUFS where the caller holds all SIM_FRAMES of them. Time: media time starts at 0.
 */
#pragma once

#include "av/reader.h"
#include "base/err.h"
#include "base/frame.h"
#include "sim/params.h"
#include "truth/truth.h"

#define SIM_FRAMES 8

struct sim;

/* What was in one frame; borrowed until the next step. */
struct sim_truth {
	struct truth_frame frame;
	const struct truth_object *objects; /* frame.count of them */
};

/* Borrows the params until destroy. -EINVAL with the reason where they make no scene. */
int sim_create(const struct sim_params *params, struct err *err, struct sim **ret_sim);
/*
 * The same without pictures, some four times as fast: sim_step() gives the truth and no frame
 * (`ret_frame` may be NULL), and its scene file reads the signals from their plans.
 */
int sim_create_blind(const struct sim_params *params, struct err *err, struct sim **ret_sim);
void sim_destroy(struct sim **sim);

/* Whether sim_create() would take them, without drawing anything. */
int sim_check(const struct sim_params *params, struct err *err);

/* enum flow or a negative errno. Gives a reference to the frame. */
int sim_step(
	struct sim *sim, struct err *err, struct frame **ret_frame, struct sim_truth *ret_truth);
const struct sim_params *sim_params(const struct sim *sim);
int64_t sim_frame_count(const struct sim *sim); /* of the whole scene */

/* Up to the latest step, by time. */
int sim_violation_count(const struct sim *sim);
const struct truth_violation *sim_violation(const struct sim *sim, int index);
int sim_count_count(const struct sim *sim);
const struct truth_count *sim_count(const struct sim *sim, int index);

/*
 * At the end: whether exactly those broke a rule of whom the world says so (users[].breaks), and
 * no other rule. -EBADMSG with the first difference.
 */
int sim_agrees(const struct sim *sim, struct err *err);

/* The scene file (docs/scene.md) that fits what this camera sees. -EIO where the stream failed. */
int sim_write_config(const struct sim *sim, FILE *file);
