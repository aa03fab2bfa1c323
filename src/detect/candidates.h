/*
 * Boxes that a network proposes, and the choice among them.
 *
 * Threads: one list, one thread. Memory: the caller's; nothing allocates.
 */
#pragma once

#include "base/geometry.h"

struct candidate {
	struct box box; /* pixels of the tensor or of the frame: whoever holds the list knows */
	float score_ratio; /* 0 to 1 */
	int class_id; /* the model's own */
	int order; /* place in the network's output: breaks ties between equal scores */
};

struct candidates {
	struct candidate *items;
	int count, capacity;
};

/*
 * Adds one if there is room, with the score clamped to 1. Ignores boxes that are not finite or have
 * no area, and scores that are not a number.
 */
void candidates_add(struct candidates *candidates, struct candidate item);

/* Strongest first; equal scores in the order of the network's output. */
void candidates_sort(struct candidates *candidates);

/*
 * Greedy non-maximum suppression on a sorted list: from the strongest down, one that overlaps a
 * stronger one of its group by more than `iou` is dropped. `groups` maps class ids to groups; NULL:
 * each class is a group of its own.
 */
void candidates_suppress(struct candidates *candidates, float iou, const int *groups);
