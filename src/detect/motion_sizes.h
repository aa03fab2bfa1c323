/*
 * How large vehicles are in each part of the picture, learnt from those that were seen alone: what
 * is much larger than usual is more than one.
 *
 * Threads: one owner. Memory: none.
 */
#pragma once

#include "base/geometry.h"

#include <stdbool.h>

#define MOTION_SIZES_COLUMNS 8
#define MOTION_SIZES_ROWS 12

struct motion_size {
	double width, height; /* samples: geometric means */
	double weight; /* vehicles that it rests on */
};

struct motion_sizes {
	int width, height;
	struct {
		double log_width, log_height, weight; /* sums */
	} cells[MOTION_SIZES_ROWS][MOTION_SIZES_COLUMNS];
};

void motion_sizes_init(struct motion_sizes *sizes, int width, int height);
/* The cell of a box, by the middle of its bottom side. */
int motion_sizes_cell(const struct motion_sizes *sizes, struct box box);
/* A vehicle seen alone; once per vehicle and cell. */
void motion_sizes_learn(struct motion_sizes *sizes, struct box box);
/* What is usual around a box; false where too little is known. */
bool motion_sizes_usual(
	const struct motion_sizes *sizes, struct box box, struct motion_size *ret_size);
/* Whether a box has about that size. */
bool motion_sizes_are(const struct motion_size *usual, struct box box);
