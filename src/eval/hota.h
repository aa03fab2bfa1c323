/*
 * HOTA, Higher Order Tracking Accuracy (Luiten et al., IJCV 2021): the geometric mean of detection
 * and association accuracy, averaged over 19 thresholds of overlap from 0.05 to 0.95.
 *
 * The sums of several sequences may be added before the scores are computed; that is how
 * TrackEval combines sequences, and its numbers are matched to the last digit.
 */
#pragma once

#include "eval/pairs.h"

#define HOTA_THRESHOLD_COUNT 19

struct hota_sums {
	double tp[HOTA_THRESHOLD_COUNT], fn[HOTA_THRESHOLD_COUNT], fp[HOTA_THRESHOLD_COUNT];
	double association[HOTA_THRESHOLD_COUNT]; /* sum over matches of their A */
	double location[HOTA_THRESHOLD_COUNT]; /* sum over matches of their overlap */
};

/* All 0 to 1; `by_threshold` of HOTA itself. */
struct hota {
	double hota, deta, assa, loca;
	double by_threshold[HOTA_THRESHOLD_COUNT];
};

static inline double hota_threshold(int index)
{
	return 0.05 * (index + 1);
}

/* 0 or -ENOMEM. */
int hota_count(const struct pairs *pairs, struct hota_sums *ret_sums);
void hota_add(struct hota_sums *sums, const struct hota_sums *more);
struct hota hota_score(const struct hota_sums *sums);
