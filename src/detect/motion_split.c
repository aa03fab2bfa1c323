#include "detect/motion_split.h"

#include <limits.h>
#include <math.h>

/* Two boxes must have less area than this share of the one around both to be two vehicles. */
#define SPLIT_RATIO 0.74f
/*
 * Where it is larger than vehicles usually are there, less is enough. And the two must be of usual
 * size: no lorry is cut in two cars.
 */
#define SPLIT_CROWD_RATIO 0.9f
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
/* Neither is smaller than this share of the region, unless it is a vehicle for sure. */
#define SPLIT_LEAST_RATIO 0.2f
/* And the cut between them is at most this share of the lower one's height. */
#define SPLIT_CUT_RATIO 0.7f
#define ANY_CUT_RATIO 10.0f

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

/* How many samples of two neighbouring columns (or rows) lie side by side. */
static float bridge(const struct motion_span *a, const struct motion_span *b)
{
	const int first = a->first > b->first ? a->first : b->first;
	const int last = a->last < b->last ? a->last : b->last;
	return (float)(last + 1 - first);
}

/* Where a straight cut leaves the least area in the two boxes; the share of the whole box. */
static float best_cut(const struct motion_work *w, int count, float cut_ratio, int *ret_at)
{
	float whole = box_area(w->spans[0].behind), best = 1;
	for (int i = 2; i < count - 2; i++) {
		const struct box a = w->spans[i - 1].before, b = w->spans[i].behind;
		float share = (box_area(a) + box_area(b)) / whole;
		float thin = bridge(&w->spans[i - 1], &w->spans[i]);
		if (share < best && thin < cut_ratio * fminf(box_height(a), box_height(b))) {
			best = share;
			*ret_at = i;
		}
	}
	return best;
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

struct cut {
	bool columns; /* between two columns, else between two rows */
	int at; /* from the region's first */
	float share; /* of the whole box, in the two boxes */
};

static struct cut find_cut(struct motion_work *w, const struct motion_regions *rs,
	const struct motion_region *r, float cut_ratio)
{
	struct cut x = {.columns = true}, y = {0};
	x.share = best_cut(w, measure_spans(w, rs, r, true), cut_ratio, &x.at);
	y.share = best_cut(w, measure_spans(w, rs, r, false), cut_ratio, &y.at);
	return x.share <= y.share ? x : y;
}

/* What both halves must be: large enough, as large as cars on this road, as large as usual. */
enum halves { HALVES_LARGE, HALVES_VEHICLES, HALVES_USUAL };

static bool is_half(const struct motion_objects *os, const struct motion_piece *p, int area,
	enum halves halves, const struct motion_size *usual)
{
	const bool vehicle = os->params.road.calibrated && motion_objects_is_vehicle(os, p->box);
	/* Far away a vehicle is small beside a lorry. */
	const bool large = (float)p->area >= SPLIT_LEAST_RATIO * (float)area || vehicle;
	return large && (halves != HALVES_VEHICLES || vehicle) &&
	       (halves != HALVES_USUAL || motion_sizes_are(usual, p->box));
}

/* Two new pieces, nobody's; none and false where they cannot be halves. */
static bool cut_in_two(struct motion_objects *os, const struct motion_regions *rs, int region,
	struct cut cut, enum halves halves, const struct motion_size *usual)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	const int before = w->piece_count;
	struct motion_region a = *r, b = *r;
	if (cut.columns)
		a.x2 = b.x1 = r->x1 + cut.at;
	else
		a.y2 = b.y1 = r->y1 + cut.at;
	const struct motion_piece *p = motion_pieces_cut(os, rs, region, a);
	const struct motion_piece *q = motion_pieces_cut(os, rs, region, b);
	if (p && q && is_half(os, p, r->area, halves, usual) &&
		is_half(os, q, r->area, halves, usual))
		return true;
	w->piece_count = before;
	return false;
}

/* Larger than vehicles usually are there. */
static bool split_crowd(struct motion_objects *os, const struct motion_regions *rs, int region,
	const struct motion_size *usual)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	const double grown = r->area / (usual->width * usual->height);
	const float most = grown > CROWD_AREA_RATIO ? SPLIT_CROWD_RATIO : SPLIT_FEW_RATIO;
	const struct cut cut = find_cut(w, rs, r, ANY_CUT_RATIO);
	return cut.share <= most && cut_in_two(os, rs, region, cut, HALVES_USUAL, usual);
}

static bool is_crowd(const struct motion_objects *os, const struct motion_region *r,
	const struct motion_size *usual)
{
	const double grown = r->area / (usual->width * usual->height);
	const double least = os->params.road.calibrated ? CROWD_AREA_RATIO : CROWD_FEW_RATIO;
	return r->x2 - r->x1 > CROWD_RATIO * usual->width && grown > least;
}

bool motion_split(struct motion_objects *os, const struct motion_regions *rs, int region)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	if (r->area < 2 * os->params.min_area)
		return false;
	struct motion_size usual;
	const bool known = motion_sizes_usual(&os->sizes, motion_region_box(r), &usual);
	const int waist = known ? find_waist(os, rs, r, &usual) : -1;
	if (waist >= 0) {
		const struct cut cut = {.at = waist};
		if (!cut_in_two(os, rs, region, cut, HALVES_USUAL, &usual))
			return false;
		w->pieces[w->piece_count - 1].whole = w->pieces[w->piece_count - 2].whole = true;
		return true;
	}
	const bool crowd = known && is_crowd(os, r, &usual);
	const struct cut cut = find_cut(w, rs, r, SPLIT_CUT_RATIO);
	return (cut.share <= SPLIT_RATIO &&
		       cut_in_two(os, rs, region, cut, crowd ? HALVES_VEHICLES : HALVES_LARGE,
			       &usual)) ||
	       (crowd && split_crowd(os, rs, region, &usual));
}
