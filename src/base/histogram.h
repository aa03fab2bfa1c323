/*
 * How durations are distributed, in a fixed amount of memory: counts in buckets that are 1/16 of a
 * power of two wide, so that every quantile is right to 6 % (as HdrHistogram, Tene 2012).
 *
 * Threads: plain values, the owner's. Memory: none beyond the struct. Hot: adding is a few shifts.
 */
#pragma once

#include <stdint.h>

#define HISTOGRAM_BUCKETS 464

/* A zeroed one is empty. */
struct histogram {
	int64_t count, sum_us, max_us;
	int64_t buckets[HISTOGRAM_BUCKETS];
};

/* Below 0 counts as 0, more than an hour as an hour. */
void histogram_add(struct histogram *histogram, int64_t us);
/* All of `other` too. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);
/* What was added since `earlier`, a copy of the same histogram; its maximum stays that of all. */
void histogram_since(struct histogram *histogram, const struct histogram *earlier);
/* The least value that the share `ratio`, 0 to 1, of all does not exceed; 0 where it is empty. */
double histogram_quantile_us(const struct histogram *histogram, double ratio);
