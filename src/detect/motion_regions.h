/*
 * Connected regions of a mask, with 8 neighbours: run-length encoding and union-find (the two-pass
 * method of Rosenfeld and Pfaltz 1966 on runs instead of pixels).
 *
 * Threads: one owner. Memory: all at creation; a mask that holds more regions than the capacity
 * keeps the first in scan order and counts the rest.
 */
#pragma once

#include <stdint.h>

struct motion_region {
	int x1, y1, x2, y2; /* x2, y2 one past the last sample */
	int area; /* samples */
	int run_first, run_count; /* its runs: runs[order[run_first]] and on, in scan order */
};

struct motion_run {
	int16_t y, x1, x2;
	int32_t root; /* while labelling: an index of a run; afterwards of a region, or -1 */
};

struct motion_regions {
	int width, height;
	int count, capacity, left_out_count;
	struct motion_region *items;
	int run_count;
	struct motion_run *runs; /* in scan order */
	int *row_first; /* height + 1: the runs of row y are row_first[y] to [y + 1] */
	int32_t *order; /* indices of runs, region after region */
};

/* 0 or -ENOMEM. */
int motion_regions_init(struct motion_regions *regions, int width, int height, int capacity);
void motion_regions_finish(struct motion_regions *regions);
/* Finds the regions of samples that are 1 (others are 0). Row after row, no padding. */
void motion_regions_find(struct motion_regions *regions, const uint8_t *mask);
