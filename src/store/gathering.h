/*
 * Counts by name, added up from the rows of one bucket after another, each bucket's in the order of
 * names: what follows a name is nearly always what followed it in the bucket before, so that a
 * comparison or a few find it. (GROUP BY sorts all rows, which takes three times the instructions.)
 *
 * Threads: plain values, the owner's. Memory: at most twice as many items as names, and some.
 */
#pragma once

#include "store/violation_stats.h"

struct gathering {
	struct name_counts counts; /* a name may have several items until they are merged */
	int capacity;
	int next; /* where the next name is looked for first */
	int merge_at; /* so many items are merged */
};

/* Longer names are cut. 0 or -ENOMEM. */
int gathering_add(struct gathering *gathering, const char *name, int64_t count);
/* One item for each name, in their order. */
void gathering_merge(struct gathering *gathering);
/* The names that came to more than nothing, the most frequent first. `gathering` is {0} again. */
struct name_counts gathering_take(struct gathering *gathering);
void gathering_finish(struct gathering *gathering);
