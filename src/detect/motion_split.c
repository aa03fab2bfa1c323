#include "detect/motion_split.h"

#include <limits.h>
#include <math.h>

/* Two boxes must have less area than this share of the one around both to be two vehicles. */
#define SPLIT_RATIO 0.74f
/* Where it is larger than vehicles usually are there, less is enough. */
#define SPLIT_CROWD_RATIO 0.9f
/* And the two must be of usual size: no lorry is cut in two cars. */
#define USUAL_LOW 0.55
#define USUAL_HIGH 1.4
#define CROWD_RATIO 1.25
#define CROWD_AREA_RATIO 1.3
/*
 * Or by so much where the cut is a better one. Not on a road in metres, where it cut a bus in two
 * that was told to drive the wrong way: there two taken for one is the smaller mistake.
 */
#define CROWD_FEW_RATIO 1.05
#define SPLIT_FEW_RATIO 0.86f
/* How wide and how tall two vehicles are that are stacked, in usual sizes, and their waist. */
#define STACK_LOW 0.7
#define STACK_HIGH 1.2
#define STACK_TALL 1.6
#define STACK_TALLEST 2.4
#define WAIST_RATIO 0.93
/* Neither is smaller than this share of the region. */
#define SPLIT_LEAST_RATIO 0.2f
/* And the cut between them is at most this share of the lower one's height. */
#define SPLIT_CUT_RATIO 0.7f

/* Fills the spans of a region's columns (or rows), and the boxes before and behind each. */
static int measure_spans(struct motion_work *w, const struct motion_regions *rs,
	const struct motion_region *r, bool columns)
{
	int count = columns ? r->x2 - r->x1 : r->y2 - r->y1;
	for (int i = 0; i < count; i++)
		w->spans[i] = (struct motion_span){.first = INT_MAX, .last = -1};
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run = &rs->runs[rs->order[r->run_first + i]];
		int from = columns ? run->x1 - r->x1 : run->y - r->y1;
		int to = columns ? run->x2 - r->x1 : from + 1;
		int first = columns ? run->y : run->x1, last = columns ? run->y : run->x2 - 1;
		for (int k = from; k < to; k++) {
			struct motion_span *s = &w->spans[k];
			s->first = first < s->first ? first : s->first;
			s->last = last > s->last ? last : s->last;
		}
	}
	struct box b = {0, 1e9f, 0, -1e9f};
	for (int i = 0; i < count; i++) {
		b.x2 = (float)(i + 1);
		b.y1 = fminf(b.y1, (float)w->spans[i].first);
		b.y2 = fmaxf(b.y2, (float)w->spans[i].last + 1);
		w->spans[i].before = b;
	}
	b = (struct box){0, 1e9f, (float)count, -1e9f};
	for (int i = count - 1; i >= 0; i--) {
		b.x1 = (float)i;
		b.y1 = fminf(b.y1, (float)w->spans[i].first);
		b.y2 = fmaxf(b.y2, (float)w->spans[i].last + 1);
		w->spans[i].behind = b;
	}
	return count;
}

/* Where a straight cut leaves the least area in the two boxes; the share of the whole box. */
static float best_cut(const struct motion_work *w, int count, float cut_ratio, int *ret_at)
{
	float whole = box_area(w->spans[0].behind), best = 1;
	for (int i = 2; i < count - 2; i++) {
		const struct box a = w->spans[i - 1].before, b = w->spans[i].behind;
		float share = (box_area(a) + box_area(b)) / whole;
		float thin = (float)(w->spans[i].last + 1 - w->spans[i].first);
		if (share < best && thin < cut_ratio * fminf(box_height(a), box_height(b))) {
			best = share;
			*ret_at = i;
		}
	}
	return best;
}

static bool is_usual(struct box b, const struct motion_size *usual)
{
	double wide = box_width(b) / usual->width, high = box_height(b) / usual->height;
	return wide > USUAL_LOW && wide < USUAL_HIGH && high > USUAL_LOW && high < USUAL_HIGH;
}

/*
 * Side by side in two lanes seen from the side, or close behind one another seen from the front: as
 * tall as two vehicles are there and no wider than one (a lorry is wider, too), with a waist near
 * the middle. The row of the waist, from the region's first; -1: none.
 */
static int find_waist(struct motion_objects *os, const struct motion_regions *rs,
	const struct motion_region *r, const struct motion_size *usual)
{
	const int height = r->y2 - r->y1, from = (int)(0.35 * height), to = (int)(0.65 * height);
	const double wide = (r->x2 - r->x1) / usual->width, high = height / usual->height;
	if (wide < STACK_LOW || wide > STACK_HIGH || high < STACK_TALL || high > STACK_TALLEST)
		return -1;
	motion_pieces_profile(os, rs, r, r, false);
	const int *rows = os->work->rows + r->y1 + 1;
	int above = 0, below = 0, waist = from;
	for (int i = from; i < to; i++)
		waist = rows[i] < rows[waist] ? i : waist;
	for (int i = 0; i < height; i++) {
		int *most = i < waist ? &above : &below;
		*most = rows[i] > *most ? rows[i] : *most;
	}
	int narrower = above < below ? above : below;
	return rows[waist] < WAIST_RATIO * narrower ? waist : -1;
}

/*
 * Two vehicles that have flowed together from the start: their region fills the box around it
 * badly, and a straight cut makes two boxes that it fills well; or one is stacked on the other.
 * True where it was split in two.
 */
bool motion_split(struct motion_objects *os, const struct motion_regions *rs, int region)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	if (r->area < 2 * os->params.min_area)
		return false;
	struct motion_size usual;
	bool known = motion_sizes_usual(&os->sizes, motion_region_box(r), &usual);
	double grown = known ? r->area / (usual.width * usual.height) : 0;
	double least_grown = os->params.road.calibrated ? CROWD_AREA_RATIO : CROWD_FEW_RATIO;
	bool crowd = known && r->x2 - r->x1 > CROWD_RATIO * usual.width && grown > least_grown;
	float crowd_ratio = grown > CROWD_AREA_RATIO ? SPLIT_CROWD_RATIO : SPLIT_FEW_RATIO;
	int waist = known ? find_waist(os, rs, r, &usual) : -1;
	const float cut = crowd ? 10 : SPLIT_CUT_RATIO;
	int x = 0, y = 0;
	float by_x = best_cut(w, measure_spans(w, rs, r, true), cut, &x);
	float by_y = best_cut(w, measure_spans(w, rs, r, false), cut, &y);
	if (waist < 0 && fminf(by_x, by_y) > (crowd ? crowd_ratio : SPLIT_RATIO))
		return false;
	struct motion_region a = *r, b = *r;
	if (waist >= 0)
		a.y2 = b.y1 = r->y1 + waist;
	else if (by_x <= by_y)
		a.x2 = b.x1 = r->x1 + x;
	else
		a.y2 = b.y1 = r->y1 + y;
	const int before = w->piece_count;
	struct motion_piece *p = motion_pieces_cut(os, rs, region, a),
			    *q = motion_pieces_cut(os, rs, region, b);
	float least = SPLIT_LEAST_RATIO * (float)r->area;
	if (p && q && (float)p->area >= least && (float)q->area >= least &&
		((!crowd && waist < 0) || (is_usual(p->box, &usual) && is_usual(q->box, &usual)))) {
		p->whole = q->whole = waist >= 0;
		return true;
	}
	w->piece_count = before;
	return false;
}
