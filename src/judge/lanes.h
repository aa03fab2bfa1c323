/*
 * The lanes of a counting line: stretches of it, one after another from its first point to its
 * last. Private to src/judge.
 *
 * As many names as there are stretches between the line's points: each stretch is a lane, and the
 * points are where lanes are divided. Any other number of names shares the line equally, as long as
 * it is in the working space: on the road where calibrated, else in the picture. Neighbours of one
 * name are one lane.
 *
 * Threads, memory: a plain value.
 */
#pragma once

#include "judge/outline.h"

#define LINE_LANES_MAX 16

struct lanes {
	int count; /* 0: the line has none */
	double end[LINE_LANES_MAX]; /* where each ends along the line, working units, rising */
};

/* `ret_names` are those of `params`. Of more than LINE_LANES_MAX lanes the last takes all that is
 * left. */
void lanes_init(struct lanes *lanes, const struct line_params *params, const struct outline *line,
	const char *ret_names[LINE_LANES_MAX]);
/*
 * The lane so far `along` the line; `ret_distance` is how far the nearest division from another
 * lane is, INFINITY where there is no other. The ends of the line divide nothing.
 */
int lanes_at(const struct lanes *lanes, double along, double *ret_distance);
