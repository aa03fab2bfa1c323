/*
 * What a run found, next to the truth: one row per vehicle and per violation.
 */
#pragma once

#include "eval/match.h"
#include "pipeline/session.h"

#include <stdio.h>

struct comparison {
	int vehicle_count; /* true vehicles that were found */
	int unfound_count; /* true ones in view for at least a second that were not */
	int measured_count; /* found with a speed */
	int within_count; /* of these, the true speed lies in the stated 95 % interval */
	int violation_count; /* true ones */
	int found_count; /* of these, reported with the right kind and vehicle in time */
	int invented_count; /* reported, not true */
};

/* Prints the tables and the sentence under them. `match` has seen every frame of the run. */
struct comparison compare_print(const struct session_summary *summary, const struct truth *truth,
	const struct match *match, FILE *out);
