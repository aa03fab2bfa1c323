/*
 * IDF1 (Ristani et al., 2016): the share of boxes that carry the right identity under the best
 * one-to-one mapping of true to found ids over the whole sequence. A match needs an overlap of one
 * half.
 */
#pragma once

#include "eval/pairs.h"

/* Sums of several sequences may be added field by field. */
struct identity_sums {
	double tp, fn, fp;
};

struct identity {
	double f1, precision, recall; /* 0 to 1 */
};

/* 0 or -ENOMEM. */
int identity_count(const struct pairs *pairs, struct identity_sums *ret_sums);
void identity_add(struct identity_sums *sums, const struct identity_sums *more);
struct identity identity_score(const struct identity_sums *sums);
