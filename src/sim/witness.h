/*
 * Sees who breaks which rule and who crosses which line, from the exact state of the world. It
 * shares nothing with the judge but the definitions of docs/rules.md.
 *
 * Threads: one. Memory: at creation.
 */
#pragma once

#include "sim/world.h"
#include "truth/truth.h"

#define WITNESS_VIOLATIONS_MAX 512
#define WITNESS_COUNTS_MAX 256

/* A counting line across a road. */
struct witness_line {
	char name[48];
	struct vec2 a, b; /* m */
};

/* What is watched: nothing outside `area` (road plane, metres) is seen. All is borrowed. */
struct witness_params {
	const struct vec2 *area;
	int area_count;
	const struct witness_line *lines;
	int line_count;
	double tolerance_mps; /* of the speed rules */
};

struct witness;

/* -ENOMEM. */
int witness_create(const struct world *world, const struct witness_params *params,
	struct witness **ret_witness);
void witness_destroy(struct witness **witness);
/* Looks at the world after each of its steps. */
void witness_step(struct witness *witness);

int witness_violation_count(const struct witness *witness);
const struct truth_violation *witness_violation(const struct witness *witness, int index);
int witness_count_count(const struct witness *witness);
const struct truth_count *witness_count(const struct witness *witness, int index);
