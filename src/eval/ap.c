#include "eval/ap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define THRESHOLDS 10
#define RECALLS 101

struct item {
	int class_id, image;
	int order; /* of being added: breaks ties */
	float score_ratio;
	struct box box;
};

struct list {
	struct item *items;
	int count, capacity;
	bool sorted;
};

struct ap {
	int class_count;
	struct list objects, detections;
};

int ap_create(int class_count, struct ap **ret_ap)
{
	struct ap *ap = calloc(1, sizeof(*ap));
	if (!ap)
		return -ENOMEM;
	ap->class_count = class_count;
	*ret_ap = ap;
	return 0;
}

void ap_destroy(struct ap **ap)
{
	if (*ap) {
		free((*ap)->objects.items);
		free((*ap)->detections.items);
	}
	free(*ap);
	*ap = NULL;
}

static int add(const struct ap *ap, struct list *list, struct item item)
{
	if (item.class_id < 0 || item.class_id >= ap->class_count)
		return -EINVAL;
	if (list->count == list->capacity) {
		int capacity = list->capacity ? 2 * list->capacity : 256;
		struct item *items = realloc(list->items, (size_t)capacity * sizeof(*items));
		if (!items)
			return -ENOMEM;
		list->items = items;
		list->capacity = capacity;
	}
	item.order = list->count;
	list->items[list->count++] = item;
	list->sorted = false;
	return 0;
}

int ap_add_object(struct ap *ap, int image, int class_id, struct box box)
{
	return add(
		ap, &ap->objects, (struct item){.class_id = class_id, .image = image, .box = box});
}

int ap_add_detection(struct ap *ap, int image, int class_id, struct box box, float score_ratio)
{
	return add(ap, &ap->detections,
		(struct item){.class_id = class_id,
			.image = image,
			.box = box,
			.score_ratio = score_ratio});
}

/* By class, then falling score (objects have none), then as added. */
static int compare(const void *a, const void *b)
{
	const struct item *p = a, *q = b;
	if (p->class_id != q->class_id)
		return p->class_id < q->class_id ? -1 : 1;
	if (p->score_ratio != q->score_ratio)
		return p->score_ratio > q->score_ratio ? -1 : 1;
	return p->order < q->order ? -1 : p->order > q->order;
}

/* The items of one class; `ret_count` of them. */
static const struct item *of_class(struct list *list, int class_id, int *ret_count)
{
	*ret_count = 0;
	if (list->count == 0)
		return NULL;
	if (!list->sorted)
		qsort(list->items, (size_t)list->count, sizeof(*list->items), compare);
	list->sorted = true;
	int from = 0, to;
	while (from < list->count && list->items[from].class_id < class_id)
		from++;
	for (to = from; to < list->count && list->items[to].class_id == class_id; to++)
		;
	*ret_count = to - from;
	return list->items + from;
}

struct class_items {
	const struct item *objects, *detections;
	int object_count, detection_count;
};

/* Marks the detections that find an object; an object is found once. */
static void match(const struct class_items *c, float threshold, bool *taken, bool *hit)
{
	memset(taken, 0, (size_t)c->object_count * sizeof(*taken));
	for (int d = 0; d < c->detection_count; d++) {
		const struct item *found = &c->detections[d];
		float best = threshold;
		int at = -1;
		for (int o = 0; o < c->object_count; o++) {
			if (taken[o] || c->objects[o].image != found->image)
				continue;
			float iou = box_iou(c->objects[o].box, found->box);
			if (iou >= best) {
				best = iou;
				at = o;
			}
		}
		hit[d] = at >= 0;
		if (at >= 0)
			taken[at] = true;
	}
}

/* Mean over the recalls of the best precision at that recall or beyond. */
static double average_precision(const struct class_items *c, const bool *hit)
{
	int hits = 0;
	for (int d = 0; d < c->detection_count; d++)
		hits += hit[d];
	double best = 0, sum = 0;
	int r = RECALLS - 1;
	/* From the weakest detection up, so that the best precision so far is the monotonous one.
	 */
	for (int d = c->detection_count - 1; d >= 0 && r >= 0; d--) {
		double precision = (double)hits / (d + 1), recall = (double)hits / c->object_count;
		for (; r >= 0 && (double)r / (RECALLS - 1) > recall; r--)
			sum += best;
		best = precision > best ? precision : best;
		hits -= hit[d];
	}
	/* What is left lies at or below the recall of the strongest detection. */
	for (; r >= 0; r--)
		sum += best;
	return sum / RECALLS;
}

int ap_compute_class(struct ap *ap, int class_id, struct ap_scores *ret_scores)
{
	struct class_items c;
	c.objects = of_class(&ap->objects, class_id, &c.object_count);
	c.detections = of_class(&ap->detections, class_id, &c.detection_count);
	struct ap_scores scores = {c.object_count, c.detection_count, 1, NAN, NAN};
	bool *taken = malloc((size_t)c.object_count + 1),
	     *hit = malloc((size_t)c.detection_count + 1);
	if (!taken || !hit) {
		free(taken);
		free(hit);
		return -ENOMEM;
	}
	double sum = 0;
	for (int t = 0; t < THRESHOLDS && c.object_count > 0; t++) {
		match(&c, (float)(50 + 5 * t) / 100, taken, hit);
		double ap_at = average_precision(&c, hit);
		sum += ap_at;
		if (t == 0)
			scores.ap50 = ap_at;
		scores.ap = sum / THRESHOLDS;
	}
	free(taken);
	free(hit);
	*ret_scores = scores;
	return 0;
}

int ap_compute(struct ap *ap, struct ap_scores *ret_scores)
{
	struct ap_scores all = {.ap50 = NAN, .ap = NAN};
	double ap50 = 0, mean = 0;
	for (int c = 0; c < ap->class_count; c++) {
		struct ap_scores one;
		int r = ap_compute_class(ap, c, &one);
		if (r < 0)
			return r;
		all.object_count += one.object_count;
		all.detection_count += one.detection_count;
		if (one.object_count == 0)
			continue;
		all.class_count++;
		ap50 += one.ap50;
		mean += one.ap;
	}
	if (all.class_count > 0) {
		all.ap50 = ap50 / all.class_count;
		all.ap = mean / all.class_count;
	}
	*ret_scores = all;
	return 0;
}
