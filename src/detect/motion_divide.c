#include "detect/motion_divide.h"

#include "detect/motion_split.h"

#include <math.h>

/* The least that a region and an object have in common to be the same. */
#define FIT_RATIO 0.3f
#define COVER_RATIO 0.5
/* An object is known so well after this time that it cannot outgrow its box by more than this. */
#define LONG_S 1.0
#define GROWN_RATIO 1.4f
/* And is two stacked ones only if it has looked so for this long. */
#define WAIST_S 0.4
/* What joined it makes up at least this share of the region. */
#define GROWN_LEAST_RATIO 0.15f
/* So many times as large as when it was last seen alone, nobody knows whether it is one. */
#define OUTGROWN_RATIO 4.0f

/* The object that a box fits best and that no piece of `from` on has; or -1. */
static int best_object(const struct motion_objects *os, struct box box, int from)
{
	int best = -1;
	float most = 0;
	for (int i = 0; i < os->count; i++) {
		const struct box predicted = os->items[i].predicted;
		float shared = fmaxf(box_cover(predicted, box), box_cover(box, predicted));
		float fit = shared + 0.25f * box_iou(predicted, box);
		bool taken = shared < FIT_RATIO;
		for (int k = from; k < os->work->piece_count && !taken; k++)
			taken = os->work->pieces[k].object == i;
		if (!taken && fit > most) {
			most = fit;
			best = i;
		}
	}
	return best;
}

/* Gives the two pieces of a split region to objects, the larger one first. */
static void assign_split(struct motion_objects *os, int from)
{
	struct motion_piece *p = &os->work->pieces[from], *q = p + 1;
	if (q->area > p->area) {
		struct motion_piece swap = *p;
		*p = *q;
		*q = swap;
	}
	p->object = best_object(os, p->box, from);
	q->object = best_object(os, q->box, from);
	q->believed = p->object >= 0 && os->items[p->object].believed;
}

#define CANDIDATES_MAX 16
/* Behind this much of another, which stands nearer by that share of its own height, it is hidden.
 */
#define HIDDEN_RATIO 0.75f
#define NEARER_RATIO 0.15f

/*
 * Who passes behind another of those that share a region is not seen, whatever the nearer one's
 * samples say: it would be carried along by him.
 */
static bool is_hidden(const struct motion_objects *os, const int *candidates, int count, int mine)
{
	const struct box own = os->items[mine].predicted;
	for (int c = 0; c < count; c++) {
		const struct box b = os->items[candidates[c]].predicted;
		if (candidates[c] != mine && b.y2 > own.y2 + NEARER_RATIO * box_height(own) &&
			box_cover(own, b) > HIDDEN_RATIO)
			return true;
	}
	return false;
}

/*
 * A region that has suddenly outgrown an object known for long: somebody has joined it. What lies
 * where the object must be is its piece, and the largest slab beside that is somebody's own.
 */
static bool cut_foreign(
	struct motion_objects *os, const struct motion_regions *rs, int region, int object)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	const struct motion_object *o = &os->items[object];
	const struct box must = motion_pieces_reach(o->predicted);
	if (!o->believed || media_diff_s(os->media, o->first) < LONG_S ||
		box_area(motion_region_box(r)) < GROWN_RATIO * box_area(must))
		return false;
	struct motion_region in = *r, slabs[4] = {*r, *r, *r, *r};
	in.x1 = slabs[0].x2 = (int)must.x1;
	in.x2 = slabs[1].x1 = (int)ceilf(must.x2);
	in.y1 = slabs[2].y2 = (int)must.y1;
	in.y2 = slabs[3].y1 = (int)ceilf(must.y2);
	const int before = w->piece_count;
	struct motion_piece *own = motion_pieces_cut(os, rs, region, in);
	if (!own)
		return false;
	own->object = object;
	own->part = true;
	const int rest = w->piece_count;
	int best = -1;
	for (int i = 0; i < 4; i++) {
		const int at = w->piece_count;
		if (motion_pieces_cut(os, rs, region, slabs[i]) &&
			(best < 0 || w->pieces[at].area > w->pieces[best].area))
			best = at;
	}
	if (best < 0 || (float)w->pieces[best].area < GROWN_LEAST_RATIO * (float)r->area) {
		w->piece_count = before;
		return false;
	}
	w->pieces[rest] = w->pieces[best];
	w->piece_count = rest + 1;
	w->pieces[rest].object = best_object(os, w->pieces[rest].box, before);
	return true;
}

/* Established ones that must be in a region, but for those that have outgrown their evidence. */
static int find_candidates(
	const struct motion_objects *os, struct box region, int candidates[CANDIDATES_MAX])
{
	int count = 0;
	for (int i = 0; i < os->count && count < CANDIDATES_MAX; i++) {
		const struct motion_object *o = &os->items[i];
		if (box_cover(o->predicted, region) >= COVER_RATIO &&
			motion_object_established(o) &&
			box_area(o->predicted) < OUTGROWN_RATIO * o->alone_area)
			candidates[count++] = i;
	}
	return count;
}

/*
 * Whether a region is two, which are then the last two pieces. One that has long been known as one
 * must look like two stacked for a while: the windows of a bus make it a waist in passing.
 */
static bool is_two(struct motion_objects *os, const struct motion_regions *rs, int region)
{
	struct motion_work *w = os->work;
	const int before = w->piece_count;
	const int known = best_object(os, motion_region_box(&rs->items[region]), before);
	struct motion_object *o = known >= 0 ? &os->items[known] : NULL;
	const bool split = motion_split(os, rs, region);
	if (!o || !motion_object_established(o) || o->alone_s < LONG_S)
		return split;
	if (!split || !w->pieces[before].whole)
		o->waist = MEDIA_NONE;
	else if (o->waist.us == INT64_MIN)
		o->waist = os->media;
	if (split && o->waist.us != INT64_MIN && media_diff_s(os->media, o->waist) < WAIST_S) {
		w->piece_count = before;
		return false;
	}
	return split;
}

void motion_divide(struct motion_objects *os, const struct motion_regions *rs, int region)
{
	const struct box box = motion_region_box(&rs->items[region]);
	int candidates[CANDIDATES_MAX], count = find_candidates(os, box, candidates);
	if (count >= 2) {
		for (int c = 0; c < count; c++)
			if (!is_hidden(os, candidates, count, candidates[c]))
				motion_pieces_part(
					os, rs, region, candidates, count, candidates[c]);
	} else if (count == 1 && cut_foreign(os, rs, region, candidates[0])) {
		return;
	} else if (is_two(os, rs, region)) {
		assign_split(os, os->work->piece_count - 2);
	} else {
		motion_pieces_whole(os, rs, region, best_object(os, box, os->work->piece_count));
	}
}
