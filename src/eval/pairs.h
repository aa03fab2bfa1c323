/*
 * Truth and result of one sequence side by side, frame by frame, with how much each pair of boxes
 * overlaps: all that the scores are computed from.
 *
 * Memory: a struct pairs owns its arrays. Threads: read-only once made.
 */
#pragma once

#include "base/err.h"
#include "eval/mot.h"

#include <stdbool.h>

struct pairs_frame {
	int truth_count, result_count;
	const int *truth, *result; /* ids, renumbered from 0 without holes */
	const double *overlap; /* [truth][result]: IoU, 0 to 1 */
};

struct pairs {
	int frame_count, truth_id_count, result_id_count;
	int truth_count, result_count; /* boxes */
	struct pairs_frame *frames;
	int *ids;
	double *overlaps;
};

struct pairs_options {
	/*
	 * The frames of the sequence, `frame_step` apart (1: all). `frame_count` 0: until the last
	 * box of the truth. A result outside of them is refused.
	 */
	int first_frame, frame_count, frame_step;
	/*
	 * A result counts for nothing where it is best explained by an object that need not be
	 * found (MOT_HARD, MOT_DISTRACTOR), or lies in a region without labels.
	 */
	bool forgive;
	/* As KITTI: an unmatched result no higher than 25 px counts for nothing, too. */
	bool kitti_sizes;
};

/* -EINVAL where the result has a frame that the sequence has not, -ENOMEM. */
int pairs_create(const struct mot *truth, const struct mot *result,
	const struct pairs_options *options, struct err *err, struct pairs **ret_pairs);
void pairs_destroy(struct pairs **pairs);
