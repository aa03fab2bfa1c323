/*
 * All tracking scores of one sequence, or of several added up.
 */
#pragma once

#include "base/json.h"
#include "eval/clear.h"
#include "eval/hota.h"
#include "eval/identity.h"

struct trackscore {
	struct hota_sums hota;
	struct clear_sums clear;
	struct identity_sums identity;
	double truth_boxes, result_boxes, truth_ids, result_ids;
};

/* 0 or -ENOMEM. */
int trackscore_count(const struct pairs *pairs, struct trackscore *ret_score);
void trackscore_add(struct trackscore *score, const struct trackscore *more);

/* One object; ratios 0 to 1. */
void trackscore_json(struct json *j, const char *name, const struct trackscore *score);
