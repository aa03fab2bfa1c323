/*
 * All tracking scores of one sequence, or of several added up, as a table and as JSON.
 */
#pragma once

#include "base/json.h"
#include "eval/clear.h"
#include "eval/hota.h"
#include "eval/identity.h"

#include <stdio.h>

struct trackscore {
	struct hota_sums hota;
	struct clear_sums clear;
	struct identity_sums identity;
	double truth_boxes, result_boxes, truth_ids, result_ids;
};

/* 0 or -ENOMEM. */
int trackscore_count(const struct pairs *pairs, struct trackscore *ret_score);
void trackscore_add(struct trackscore *score, const struct trackscore *more);

/* In percent, to three places. */
void trackscore_print_head(FILE *file);
void trackscore_print(FILE *file, const char *name, const struct trackscore *score);
/* One object; ratios 0 to 1. */
void trackscore_json(struct json *j, const char *name, const struct trackscore *score);
