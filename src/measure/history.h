/*
 * The recent positions of one road user, in bins of media time: a window of boxes at any frame rate
 * becomes a couple of dozen points, each the mean of the good boxes within its bin.
 *
 * Threads: one owner. Memory: plain value.
 */
#pragma once

#include "base/geometry.h"

#include <stdint.h>

enum sample_kind {
	SAMPLE_GOOD,
	SAMPLE_UNSEEN, /* not detected in this frame */
	SAMPLE_COVERED, /* by a nearer road user */
	SAMPLE_OUTSIDE, /* of the area, or cut off by the frame */
	SAMPLE_KIND_COUNT
};

struct sample {
	enum sample_kind kind;
	double t_s;
	struct vec2 road_m; /* of the box's bottom centre; where good */
	double var_m2[3]; /* xx, xy, yy; where good */
};

struct history_bin {
	int count[SAMPLE_KIND_COUNT];
	double from_s, to_s; /* of all samples */
	double t_s; /* mean of the good ones, and below */
	struct vec2 road_m;
	double var_m2[3]; /* of the mean */
};

#define HISTORY_BINS 32 /* power of two */

struct history {
	uint32_t head, count; /* closed bins are [head - count, head), modulo HISTORY_BINS */
	struct history_bin open; /* sums, until it is closed */
	struct history_bin bins[HISTORY_BINS];
};

void history_clear(struct history *history);
/*
 * True where this sample closed a bin, which `bin_s` of time fills: something new can be fitted.
 * Bins that ended more than `window_s` ago are dropped; `bin_s` at least window_s / 30.
 */
bool history_add(
	struct history *history, const struct sample *sample, double bin_s, double window_s);
/* The i-th oldest closed bin. */
const struct history_bin *history_at(const struct history *history, uint32_t i);
