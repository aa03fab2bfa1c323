/*
 * Measured speeds of vehicles against a truth file, scene after scene.
 *
 * A vehicle counts as measurable where the truth says so in frames that cover at least
 * TRUESPEED_MIN_S. A row of the results belongs to the vehicle that its truth_id names, else to the
 * one that was nearest to both ends of its way; of several rows the surest speed counts. It is
 * compared with the true speed at the moment that the row states.
 *
 * A speed is wrongly told where the truth says "not measurable" in more than half of the frames
 * that it was measured over: a fit over a second and a half may be right although the vehicle was
 * hidden or turning for a moment of it.
 *
 * Threads: none of its own. Memory: truespeed_finish() frees the pairs.
 */
#pragma once

#include "eval/results.h"
#include "eval/speedscore.h"
#include "truth/truth.h"

#define TRUESPEED_MIN_S 1.0

struct truespeed {
	int scene_count;
	int measurable_count; /* vehicles of the truth */
	int measured_count; /* of these: with a speed */
	int refused_count[SPEED_STATUS_COUNT]; /* of these: with a reason instead */
	int unseen_count; /* of these: in no row */
	int wrongly_told_count; /* speeds for times of which the truth says: not measurable */
	struct speed_pair *pairs; /* of the measured; group: the truth's id */
	int pair_count, capacity;
};

/* Adds one scene; -ENOMEM. `*sum` starts as zeros. */
int truespeed_add(struct truespeed *sum, const struct truth *truth, const struct results *results);
void truespeed_finish(struct truespeed *sum);
