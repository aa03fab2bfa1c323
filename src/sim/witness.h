/*
 * Sees who breaks which rule and who crosses which line, from the exact state of the world, at
 * every tick. It shares nothing with the judge but the definitions of docs/rules.md; where those
 * speak of uncertainty, the witness has none.
 *
 * Nothing outside the measured area is seen, and nothing before time 0. Persons break no rule for
 * vehicles and are not counted.
 *
 * Threads: one. Memory: at creation.
 */
#pragma once

#include "sim/site.h"
#include "truth/truth.h"

#define WITNESS_VIOLATIONS_MAX 1024
#define WITNESS_COUNTS_MAX 512

struct witness;

/* Borrows world and site until destroy. `strict`: 0, see witness_rules.h. -ENOMEM. */
int witness_create(const struct world *world, const struct site *site, double strict,
	struct witness **ret_witness);
void witness_destroy(struct witness **witness);
/* Looks at the world after each of its steps. */
void witness_step(struct witness *witness);

/* By time. */
int witness_violation_count(const struct witness *witness);
const struct truth_violation *witness_violation(const struct witness *witness, int index);
int witness_count_count(const struct witness *witness);
const struct truth_count *witness_count(const struct witness *witness, int index);
