#include "eval/pairs.h"

#include "base/assign.h"

#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

/* KITTI does not ask for results lower than this. */
#define KITTI_HEIGHT_MIN_PX 25.0
#define MATCH_IOU 0.5

static double area(const struct mot_item *a)
{
	return (a->x2 - a->x1) * (a->y2 - a->y1);
}

static double intersection(const struct mot_item *a, const struct mot_item *b)
{
	double w = (a->x2 < b->x2 ? a->x2 : b->x2) - (a->x1 > b->x1 ? a->x1 : b->x1);
	double h = (a->y2 < b->y2 ? a->y2 : b->y2) - (a->y1 > b->y1 ? a->y1 : b->y1);
	return w > 0 && h > 0 ? w * h : 0;
}

static double overlap(const struct mot_item *a, const struct mot_item *b)
{
	double both = intersection(a, b), one = area(a), other = area(b);
	double all = one + other - both;
	if (one <= DBL_EPSILON || other <= DBL_EPSILON || all <= DBL_EPSILON)
		return 0;
	return both / all;
}

/* A working frame: pointers to the boxes that still count. */
struct draft {
	const struct mot_item **truth, **result; /* room for MOT_BOXES_PER_FRAME_MAX each */
	int truth_count, result_count;
	struct assign *assign; /* where something is forgiven */
	double *benefit; /* where something is forgiven */
	int *column_of_row, *row_of_column;
};

static int collect(const struct mot *mot, int frame, const struct mot_item **out)
{
	int count = 0;
	for (int i = mot_find(mot, frame); i < mot->count && mot->items[i].frame == frame; i++)
		if (mot->items[i].role != MOT_OTHER)
			out[count++] = &mot->items[i];
	return count;
}

static bool in_region(const struct draft *d, const struct mot_item *box)
{
	for (int i = 0; i < d->truth_count; i++) {
		const struct mot_item *region = d->truth[i];
		if (region->role == MOT_REGION && area(box) > 0 &&
			intersection(box, region) / area(box) > 0.5 + DBL_EPSILON)
			return true;
	}
	return false;
}

/*
 * Takes out the results that are neither rewarded nor punished, by KITTI's rules: those best
 * explained by a hard or similar object, and of the unexplained ones the small and those in a
 * region without labels.
 */
static void drop_forgiven(struct draft *d, bool kitti_sizes)
{
	int kept = 0;
	for (int i = 0; i < d->truth_count; i++) {
		bool counts = d->truth[i]->role <= MOT_DISTRACTOR;
		for (int k = 0; k < d->result_count; k++) {
			double iou = counts ? overlap(d->truth[i], d->result[k]) : 0;
			d->benefit[i * d->result_count + k] =
				iou < MATCH_IOU - DBL_EPSILON ? 0 : iou;
		}
	}
	assign_solve(d->assign, d->truth_count, d->result_count, d->benefit, d->result_count,
		d->column_of_row, d->row_of_column);
	for (int k = 0; k < d->result_count; k++) {
		const struct mot_item *box = d->result[k];
		int match = d->row_of_column[k];
		bool drop = match >= 0
				    ? d->truth[match]->role != MOT_TARGET
				    : (kitti_sizes && box->y2 - box->y1 <=
							      KITTI_HEIGHT_MIN_PX + DBL_EPSILON) ||
					      in_region(d, box);
		if (!drop)
			d->result[kept++] = box;
	}
	d->result_count = kept;
}

static void keep_targets(struct draft *d)
{
	int kept = 0;
	for (int i = 0; i < d->truth_count; i++)
		if (d->truth[i]->role == MOT_TARGET)
			d->truth[kept++] = d->truth[i];
	d->truth_count = kept;
}

/* Ids as they come, turned into 0, 1, 2 ... in ascending order of the original. */
static int compare_ints(const void *a, const void *b)
{
	const int *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static int renumber(int *ids, int count, int *sorted)
{
	int distinct = 0;
	memcpy(sorted, ids, (size_t)count * sizeof(*ids));
	qsort(sorted, (size_t)count, sizeof(*ids), compare_ints);
	for (int i = 0; i < count; i++)
		if (i == 0 || sorted[i] != sorted[distinct - 1])
			sorted[distinct++] = sorted[i];
	for (int i = 0; i < count; i++) {
		int *place = bsearch(&ids[i], sorted, (size_t)distinct, sizeof(*ids), compare_ints);
		ids[i] = (int)(place - sorted);
	}
	return distinct;
}

static int draft_init(struct draft *d, bool forgive)
{
	size_t n = MOT_BOXES_PER_FRAME_MAX;
	*d = (struct draft){0};
	d->truth = calloc(n, sizeof(*d->truth));
	d->result = calloc(n, sizeof(*d->result));
	if (!d->truth || !d->result)
		return -ENOMEM;
	if (!forgive)
		return 0;
	d->column_of_row = calloc(n, sizeof(int));
	d->row_of_column = calloc(n, sizeof(int));
	if (!d->column_of_row || !d->row_of_column)
		return -ENOMEM;
	return assign_create((int)n, (int)n, &d->assign);
}

static void draft_finish(struct draft *d)
{
	free(d->truth);
	free(d->result);
	free(d->benefit);
	free(d->column_of_row);
	free(d->row_of_column);
	assign_destroy(&d->assign);
}

/* The boxes of one frame that count. */
static int draft_frame(struct draft *d, const struct mot *truth, const struct mot *result,
	int frame, const struct pairs_options *o)
{
	d->truth_count = collect(truth, frame, d->truth);
	d->result_count = collect(result, frame, d->result);
	if (o->forgive) {
		size_t size = (size_t)(d->truth_count * d->result_count + 1) * sizeof(double);
		double *grown = realloc(d->benefit, size);
		if (!grown)
			return -ENOMEM;
		d->benefit = grown;
		drop_forgiven(d, o->kitti_sizes);
	}
	keep_targets(d);
	return 0;
}

/* Appends a frame; the arrays were sized for all boxes before. */
struct filler {
	struct pairs *pairs;
	int *truth_ids, *result_ids;
	size_t overlap_count, overlap_capacity;
};

static int append(struct filler *f, const struct draft *d, struct pairs_frame *out)
{
	struct pairs *p = f->pairs;
	size_t cells = (size_t)d->truth_count * (size_t)d->result_count;
	if (f->overlap_count + cells > f->overlap_capacity) {
		size_t wanted = 2 * f->overlap_capacity + cells + 4096;
		double *grown = realloc(p->overlaps, wanted * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		p->overlaps = grown;
		f->overlap_capacity = wanted;
	}
	out->truth_count = d->truth_count;
	out->result_count = d->result_count;
	out->truth = f->truth_ids + p->truth_count;
	out->result = f->result_ids + p->result_count;
	for (int i = 0; i < d->truth_count; i++)
		f->truth_ids[p->truth_count++] = d->truth[i]->id;
	for (int k = 0; k < d->result_count; k++)
		f->result_ids[p->result_count++] = d->result[k]->id;
	for (int i = 0; i < d->truth_count; i++)
		for (int k = 0; k < d->result_count; k++)
			p->overlaps[f->overlap_count++] = overlap(d->truth[i], d->result[k]);
	return 0;
}

/* The array of overlaps has stopped moving: point the frames into it. */
static void point_overlaps(struct pairs *p)
{
	size_t at = 0;
	for (int i = 0; i < p->frame_count; i++) {
		p->frames[i].overlap = p->overlaps ? p->overlaps + at : NULL;
		at += (size_t)p->frames[i].truth_count * (size_t)p->frames[i].result_count;
	}
}

static int fill(struct pairs *p, const struct mot *truth, const struct mot *result,
	const struct pairs_options *o)
{
	struct draft draft;
	size_t ids = (size_t)truth->count + (size_t)result->count;
	struct filler f = {.pairs = p};
	int rc = draft_init(&draft, o->forgive);
	int *sorted = calloc(ids + 1, sizeof(*sorted));
	p->frames = calloc((size_t)p->frame_count + 1, sizeof(*p->frames));
	p->ids = calloc(ids + 1, sizeof(*p->ids));
	if (!sorted || !p->frames || !p->ids)
		rc = -ENOMEM;
	f.truth_ids = p->ids;
	f.result_ids = p->ids ? p->ids + truth->count : NULL;
	for (int i = 0; i < p->frame_count && rc == 0; i++) {
		rc = draft_frame(&draft, truth, result, o->first_frame + i * o->frame_step, o);
		if (rc == 0)
			rc = append(&f, &draft, &p->frames[i]);
	}
	if (rc == 0) {
		p->truth_id_count = renumber(f.truth_ids, p->truth_count, sorted);
		p->result_id_count = renumber(f.result_ids, p->result_count, sorted);
		point_overlaps(p);
	}
	free(sorted);
	draft_finish(&draft);
	return rc;
}

int pairs_create(const struct mot *truth, const struct mot *result,
	const struct pairs_options *options, struct err *err, struct pairs **ret_pairs)
{
	struct pairs_options o = *options;
	if (o.frame_step < 1)
		o.frame_step = 1;
	int last = o.frame_count ? o.first_frame + o.frame_count - 1 : truth->last_frame;
	if (result->count && (result->first_frame < o.first_frame || result->last_frame > last))
		return err_set(err, -EINVAL,
			"the result has frames %d to %d, but the sequence has %d to %d",
			result->first_frame, result->last_frame, o.first_frame, last);
	struct pairs *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(err, -ENOMEM, "out of memory");
	p->frame_count = last < o.first_frame ? 0 : (last - o.first_frame) / o.frame_step + 1;
	int rc = fill(p, truth, result, &o);
	if (rc < 0) {
		pairs_destroy(&p);
		return err_set(err, rc, "out of memory");
	}
	*ret_pairs = p;
	return 0;
}

void pairs_destroy(struct pairs **pairs)
{
	if (!*pairs)
		return;
	free((*pairs)->frames);
	free((*pairs)->ids);
	free((*pairs)->overlaps);
	free(*pairs);
	*pairs = NULL;
}
