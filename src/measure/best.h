/*
 * The best speed of a track so far: of all straight stretches the one with the smallest relative
 * error as predicted from geometry, not from residuals, so that it is not the luckiest one.
 *
 * Whether a stretch was straight is known better a little later. From its own points a window knows
 * its turn seven times worse than its heading; but the headings of the windows up to half a length
 * before and after it tell the turn by their differences, both ways counted, so that a change of
 * lanes is not straight either. As long as one side is not known, and where it never is, the other
 * counts twice; where neither is, the window's own points must do. A stretch is straight where it
 * turns less than the limit with 95 % confidence: who is in view for a second has no speed, unless
 * so near that his turn is known.
 *
 * Threads: one owner. Memory: plain value.
 */
#pragma once

#include "base/clock.h"
#include "base/geometry.h"

#include <stdint.h>

struct best_fit {
	double at_s; /* the moment whose speed it is */
	struct media from, to, at;
	double error_ratio; /* as predicted, of the speed */
	double speed_mps, sigma_mps;
	int count;
	bool ok; /* may be told by itself */
	bool has_heading; /* it moved far enough to have one */
	struct vec2 heading; /* of length 1 */
	double heading_sigma_rad;
	/* How far it turned in a window, both ways counted, as its own points tell. */
	double turn_rad, turn_sigma_rad;
};

/* Room for twice the fits of one window. */
#define BEST_FITS_MAX 64 /* power of two */

struct best {
	double window_s, turn_max_rad; /* a stretch that turns by more in so much time is none */
	bool has_told, has_settled;
	struct best_fit told; /* the best so far, */
	struct best_fit settled; /* and the best of those of which no more will be known */
	double settled_ratio;
	uint32_t head, count,
		open; /* fits are [head - count, head), not settled [head - open, head) */
	struct best_fit fits[BEST_FITS_MAX];
};

void best_init(struct best *best, double window_s, double turn_max_rad);
/* One more fit; `at_s` must ascend, others are passed over. */
void best_add(struct best *best, const struct best_fit *fit);
/* Time was lost: fits from before and after it have nothing to do with each other. */
void best_cut(struct best *best);
