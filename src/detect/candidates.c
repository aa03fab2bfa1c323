#include "detect/candidates.h"

#include <stdbool.h>

void candidates_add(struct candidates *candidates, struct candidate item)
{
	struct box b = item.box;
	bool sound = isfinite(b.x1) && isfinite(b.y1) && isfinite(b.x2) && isfinite(b.y2) &&
		     b.x2 > b.x1 && b.y2 > b.y1 && !isnan(item.score_ratio);
	if (!sound || candidates->count == candidates->capacity)
		return;
	item.score_ratio = fminf(item.score_ratio, 1);
	candidates->items[candidates->count++] = item;
}

static bool weaker(const struct candidate *a, const struct candidate *b)
{
	if (a->score_ratio != b->score_ratio)
		return a->score_ratio < b->score_ratio;
	return a->order > b->order;
}

static void swap(struct candidate *a, struct candidate *b)
{
	struct candidate t = *a;
	*a = *b;
	*b = t;
}

/* Lets items[at] sink in a heap whose top is the weakest. */
static void sink(struct candidate *items, int at, int count)
{
	for (;;) {
		int child = 2 * at + 1;
		if (child >= count)
			return;
		if (child + 1 < count && weaker(&items[child + 1], &items[child]))
			child++;
		if (!weaker(&items[child], &items[at]))
			return;
		swap(&items[at], &items[child]);
		at = child;
	}
}

/* A heap sort, because the C library's qsort() may allocate. */
void candidates_sort(struct candidates *candidates)
{
	struct candidate *items = candidates->items;
	for (int i = candidates->count / 2 - 1; i >= 0; i--)
		sink(items, i, candidates->count);
	for (int last = candidates->count - 1; last > 0; last--) {
		swap(&items[0], &items[last]);
		sink(items, 0, last);
	}
}

static int group_of(const struct candidate *c, const int *groups)
{
	return groups ? groups[c->class_id] : c->class_id;
}

void candidates_suppress(struct candidates *candidates, float iou, const int *groups)
{
	struct candidate *items = candidates->items;
	int kept = 0;
	for (int i = 0; i < candidates->count; i++) {
		int group = group_of(&items[i], groups);
		bool covered = false;
		for (int k = 0; k < kept && !covered; k++)
			covered = group_of(&items[k], groups) == group &&
				  box_iou(items[k].box, items[i].box) > iou;
		if (!covered)
			items[kept++] = items[i];
	}
	candidates->count = kept;
}
