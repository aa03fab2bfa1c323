/*
 * CLEAR MOT (Bernardin and Stiefelhagen, 2008): MOTA, MOTP, identity switches, fragments, and how
 * many objects were mostly tracked, partly tracked or mostly lost (Li, Huang and Nevatia, 2009).
 * A match needs an overlap of one half, and last frame's match is kept where it still holds.
 */
#pragma once

#include "eval/pairs.h"

/* Sums of several sequences may be added field by field. */
struct clear_sums {
	double tp, fn, fp, overlap;
	double switches, fragments;
	double mostly_tracked, partly_tracked, mostly_lost;
	double frames;
};

struct clear {
	double mota; /* at most 1, without a lower end */
	double motp; /* mean overlap of the matches, 0 to 1 */
	double precision, recall; /* 0 to 1 */
};

/* 0 or -ENOMEM. */
int clear_count(const struct pairs *pairs, struct clear_sums *ret_sums);
void clear_add(struct clear_sums *sums, const struct clear_sums *more);
struct clear clear_score(const struct clear_sums *sums);
