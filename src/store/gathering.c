#include "store/gathering.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR 8
#define MERGE_MIN 1024

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name_count *)a)->name, ((const struct name_count *)b)->name);
}

static int by_count(const void *a, const void *b)
{
	const struct name_count *x = a, *y = b;
	return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : by_name(a, b);
}

static int append(struct gathering *g, const char *name, int64_t count)
{
	struct name_counts *counts = &g->counts;
	if (counts->count == g->capacity) {
		int capacity = g->capacity > 0 ? 2 * g->capacity : 16;
		void *items = realloc(counts->items, (size_t)capacity * sizeof(*counts->items));
		if (!items)
			return -ENOMEM;
		counts->items = items;
		g->capacity = capacity;
	}
	struct name_count *item = &counts->items[counts->count++];
	snprintf(item->name, sizeof(item->name), "%s", name);
	item->count = count;
	return 0;
}

int gathering_add(struct gathering *gathering, const char *name, int64_t count)
{
	struct gathering *g = gathering;
	for (int i = 0; i < NEAR && i < g->counts.count; i++) {
		int at = (g->next + i) % g->counts.count;
		struct name_count *item = &g->counts.items[at];
		if (strcmp(item->name, name) != 0)
			continue;
		item->count += count;
		g->next = at + 1;
		return 0;
	}
	if (g->counts.count >= MERGE_MIN && g->counts.count >= g->merge_at) {
		gathering_merge(g);
		g->merge_at = 2 * g->counts.count;
	}
	return append(g, name, count);
}

void gathering_merge(struct gathering *gathering)
{
	struct name_counts *counts = &gathering->counts;
	int kept = 0;
	if (counts->count == 0)
		return;
	qsort(counts->items, (size_t)counts->count, sizeof(*counts->items), by_name);
	for (int i = 0; i < counts->count; i++) {
		if (kept > 0 && by_name(&counts->items[kept - 1], &counts->items[i]) == 0)
			counts->items[kept - 1].count += counts->items[i].count;
		else
			counts->items[kept++] = counts->items[i];
	}
	counts->count = kept;
}

struct name_counts gathering_take(struct gathering *gathering)
{
	gathering_merge(gathering);
	struct name_counts counts = gathering->counts;
	*gathering = (struct gathering){0};
	if (counts.count > 0)
		qsort(counts.items, (size_t)counts.count, sizeof(*counts.items), by_count);
	while (counts.count > 0 && counts.items[counts.count - 1].count <= 0)
		counts.count--;
	return counts;
}

void gathering_finish(struct gathering *gathering)
{
	name_counts_finish(&gathering->counts);
	*gathering = (struct gathering){0};
}
