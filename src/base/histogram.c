#include "base/histogram.h"

#include <math.h>

#define SUB_BITS 4
#define SUB_COUNT (1 << SUB_BITS)
#define LONGEST_US INT64_C(3600000000)

/* The position of the highest bit and the four bits below it. */
static int bucket_of(int64_t us)
{
	if (us < SUB_COUNT)
		return (int)us;
	int shift = 63 - __builtin_clzll((unsigned long long)us) - SUB_BITS;
	return shift * SUB_COUNT + (int)(us >> shift);
}

static int64_t highest_of(int bucket)
{
	if (bucket < SUB_COUNT)
		return bucket;
	int shift = bucket / SUB_COUNT - 1;
	return ((int64_t)(bucket - shift * SUB_COUNT + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, int64_t us)
{
	int64_t value = us < 0 ? 0 : us > LONGEST_US ? LONGEST_US : us;
	histogram->count++;
	histogram->sum_us += value;
	histogram->max_us = value > histogram->max_us ? value : histogram->max_us;
	histogram->buckets[bucket_of(value)]++;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	histogram->count += other->count;
	histogram->sum_us += other->sum_us;
	if (other->max_us > histogram->max_us)
		histogram->max_us = other->max_us;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		histogram->buckets[i] += other->buckets[i];
}

void histogram_since(struct histogram *histogram, const struct histogram *earlier)
{
	histogram->count -= earlier->count;
	histogram->sum_us -= earlier->sum_us;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		histogram->buckets[i] -= earlier->buckets[i];
}

double histogram_quantile_us(const struct histogram *histogram, double ratio)
{
	int64_t wanted = (int64_t)ceil(ratio * (double)histogram->count), below = 0;
	for (int i = 0; i < HISTOGRAM_BUCKETS && histogram->count > 0; i++) {
		below += histogram->buckets[i];
		if (below > 0 && below >= wanted)
			return fmin((double)highest_of(i), (double)histogram->max_us);
	}
	return 0;
}
