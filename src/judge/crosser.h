/*
 * Whether a point that moves crossed a finite line, once and for sure: it was clearly on one side,
 * met the line between its ends, and is now clearly on the other. Jitter on the line is no
 * crossing, nor is the way around its end. Private to src/judge.
 */
#pragma once

#include "judge/outline.h"

struct crosser {
	signed char side; /* last side it was clearly on: +1 forward, -1, or 0: not known yet */
	signed char met; /* direction in which it met the line since, 0: not */
	bool has_last;
	struct vec2 last;
	struct media last_at;
	struct media met_at; /* interpolated between the two frames */
	double met_along; /* how far along the line (outline.h) */
};

/*
 * One position; `margin` is what "clearly" means, in the line's units. +1 where with this step it
 * has crossed forward, -1 backward, at `*ret_at`; 0 where not. Where on the line stays in
 * `met_along` until it meets the line again.
 */
int crosser_step(struct crosser *crosser, const struct outline *line, struct vec2 p, double margin,
	struct media now, struct media *ret_at);
