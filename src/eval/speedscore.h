/*
 * How right measured speeds are: error against true speeds, and whether the intervals hold.
 *
 * Percentiles are linear between order statistics, as numpy's default. Threads: none of its own.
 */
#pragma once

#include "base/json.h"

struct speed_pair {
	double measured_kmh, true_kmh;
	double sigma_kmh; /* standard error as stated; 0: none was */
	int group; /* whatever the caller counts apart */
};

struct speedscore {
	int count;
	double mean_kmh, median_kmh, p95_kmh, p99_kmh, worst_kmh; /* of absolute errors */
	double rms_kmh;
	double bias_kmh; /* mean of measured minus true */
	double bias_median_ratio; /* median of measured / true - 1, where true > 5 km/h */
	int stated_count; /* with a standard error */
	int within_count; /* of these: true speed within 1.96 of them */
	double interval_kmh; /* median half width of the 95 % intervals */
};

/* 0 or -ENOMEM; no pairs give zeros. */
int speedscore_count(const struct speed_pair *pairs, int count, struct speedscore *ret_score);

/* Members of the object that is open: "mean_kmh", "median_kmh", ... */
void speedscore_json(struct json *j, const struct speedscore *score);

/* The share p (0 to 1) of ascending values, linear between them; NAN where there are none. */
double speedscore_percentile(const double *ascending, int count, double p);
/* Sorts in place. */
double speedscore_median(double *values, int count);
