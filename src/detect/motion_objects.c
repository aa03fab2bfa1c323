#include "detect/motion_objects.h"

#include "detect/motion_match.h"
#include "detect/motion_parts.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An object may divide or gather regions from this age on. */
#define KNOWN_S 0.25
/* Not seen for longer: forgotten. */
#define FORGET_S 0.35
/* Separate for longer: two objects. */
#define APART_S 0.3
/* Seen alone for as long, an object keeps its share of a region. */
#define ALONE_S 0.3
/* Not believed for longer: left to the background, and travel is counted anew. */
#define DOUBT_S 1.5
#define TRAVEL_WINDOW_S 4.0
/* Time constant of the rates of the sides. */
#define RATE_S 0.12
#define TRAVEL_SIZE_RATIO 0.25
#define TRAVEL_MIN_SAMPLES 2.0
/* The least that a region and an object have in common to be the same. */
#define FIT_RATIO 0.3f
#define COVER_RATIO 0.5
#define PIECES_MAX 2048
/* Larger than any area of a box. */
#define OUTSIDE_RANK 1e8f
/* A box that grows or shrinks by more from one picture to the next says nothing of speed. */
#define JUMP_RATIO 1.6f
/* An object is known so well after this time that it cannot outgrow its box by more than this. */
#define LONG_S 1.0
#define GROWN_RATIO 1.4f
/* What joined it makes up at least this share of the region. */
#define GROWN_LEAST_RATIO 0.15f
/* A part of a shared region fills at least this share of its box, or nothing is there. */
#define FILL_RATIO 0.3f
/* So many times as large as when it was last seen alone, nobody knows whether it is one. */
#define OUTGROWN_RATIO 4.0f
/* Of the smaller side of a vehicle's box. */
#define CLEARANCE_RATIO 0.06f
/* Less of a region than this is not what drives off. */
#define LIVE_RATIO 0.15
#define REMAINS_RATIO 0.3
#define SIDE_RATIO 0.15f

/* A region or the part of one that was given to an object. */
struct piece {
	int region, object; /* object -1: nobody's */
	bool part; /* of a region that several objects share */
	bool believed; /* split off something that was believed */
	bool whole; /* as large as a vehicle is there, however close the next one */
	bool remains; /* hardly anything but what keeps still where the background is in doubt */
	struct box box;
	int area;
};

/* First and last sample of a column or row of a region, and the boxes of all before and behind. */
struct span {
	int first, last;
	struct box before, behind;
};

struct motion_work {
	int piece_count;
	struct piece pieces[PIECES_MAX];
	int *columns, *rows; /* samples of the piece at hand per column and row */
	struct span *spans;
};

int motion_objects_init(struct motion_objects *objects, int width, int height,
	const struct motion_objects_params *params)
{
	*objects = (struct motion_objects){.params = *params, .width = width, .height = height};
	objects->media = MEDIA_NONE;
	motion_sizes_init(&objects->sizes, width, height);
	objects->work = calloc(1, sizeof(*objects->work));
	objects->before = calloc((size_t)width * (size_t)height, 1);
	if (!objects->work || !objects->before) {
		motion_objects_finish(objects);
		return -ENOMEM;
	}
	objects->work->columns = calloc((size_t)width + 2, sizeof(int));
	objects->work->rows = calloc((size_t)height + 2, sizeof(int));
	size_t longest = (size_t)(width > height ? width : height);
	objects->work->spans = calloc(longest, sizeof(struct span));
	if (objects->work->columns && objects->work->rows && objects->work->spans)
		return 0;
	motion_objects_finish(objects);
	return -ENOMEM;
}

void motion_objects_finish(struct motion_objects *objects)
{
	if (objects->work) {
		free(objects->work->columns);
		free(objects->work->rows);
		free(objects->work->spans);
	}
	free(objects->work);
	free(objects->before);
	*objects = (struct motion_objects){0};
}

void motion_objects_clear(struct motion_objects *objects)
{
	objects->count = 0;
	objects->media = MEDIA_NONE;
}

static struct box box_grow(struct box b, float dx, float dy)
{
	return (struct box){b.x1 - dx, b.y1 - dy, b.x2 + dx, b.y2 + dy};
}

static bool box_inside(struct box inner, struct box outer)
{
	return inner.x1 >= outer.x1 && inner.y1 >= outer.y1 && inner.x2 <= outer.x2 &&
	       inner.y2 <= outer.y2;
}

static struct box region_box(const struct motion_region *r)
{
	return (struct box){(float)r->x1, (float)r->y1, (float)r->x2, (float)r->y2};
}

static void predict(struct motion_objects *os, double dt_s)
{
	float dt = (float)dt_s;
	for (int i = 0; i < os->count; i++) {
		struct motion_object *o = &os->items[i];
		o->predicted =
			(struct box){o->box.x1 + o->rate.x1 * dt, o->box.y1 + o->rate.y1 * dt,
				o->box.x2 + o->rate.x2 * dt, o->box.y2 + o->rate.y2 * dt};
		if (o->predicted.x2 < o->predicted.x1 + 1)
			o->predicted.x2 = o->predicted.x1 + 1;
		if (o->predicted.y2 < o->predicted.y1 + 1)
			o->predicted.y2 = o->predicted.y1 + 1;
		o->seen = o->merged = false;
		o->area = 0;
	}
}

static bool is_known(const struct motion_object *o, struct media now)
{
	return o->believed || media_diff_s(now, o->first) >= KNOWN_S;
}

/* It has travelled, and on its own: only such share a region. */
static bool is_established(const struct motion_object *o)
{
	return o->believed && o->alone_s >= ALONE_S;
}

/*
 * Whose a sample of a shared region is: the lowest rank. Inside several boxes the smallest has it,
 * since a box that is too large must not swallow what belongs to others; outside all the nearest.
 */
static float rank_of(struct box b, float x, float y)
{
	float dx = fmaxf(fmaxf(b.x1 - x, x - b.x2), 0), dy = fmaxf(fmaxf(b.y1 - y, y - b.y2), 0);
	float far = dx * dx + dy * dy;
	return far > 0 ? OUTSIDE_RANK + far : box_area(b);
}

static void clear_profile(struct motion_work *w, struct box b)
{
	memset(w->columns + (int)b.x1, 0, (size_t)(b.x2 - b.x1 + 2) * sizeof(int));
	memset(w->rows + (int)b.y1, 0, (size_t)(b.y2 - b.y1 + 2) * sizeof(int));
}

/*
 * The sides of a profile (indices from + 1 on; 0 before and behind): where it rises through a
 * quarter of its largest value, between samples. Exact for a rectangle; mirrors, aerials and
 * whiskers of noise do not move it.
 */
static void profile_sides(const int *p, int from, int to, float *ret_low, float *ret_high)
{
	int most = 0;
	for (int i = from; i < to; i++)
		most = p[i + 1] > most ? p[i + 1] : most;
	const float at = SIDE_RATIO * (float)most, shift = 0.5f - SIDE_RATIO;
	int lo = from, hi = to - 1;
	while ((float)p[lo + 1] < at)
		lo++;
	while ((float)p[hi + 1] < at)
		hi--;
	float below = lo > from ? (float)p[lo] : 0, above = hi < to - 1 ? (float)p[hi + 2] : 0;
	float in_lo = ((float)p[lo + 1] - at) / ((float)p[lo + 1] - below);
	float in_hi = ((float)p[hi + 1] - at) / ((float)p[hi + 1] - above);
	*ret_low = (float)lo + 0.5f - in_lo + shift;
	*ret_high = (float)hi + 0.5f + in_hi - shift;
}

/* Adds a run's samples x1 to x2 of row y to the profile. */
static void add_to_profile(struct motion_work *w, int y, int x1, int x2)
{
	w->rows[y + 1] += x2 - x1;
	for (int x = x1; x < x2; x++)
		w->columns[x + 1]++;
}

static struct box profile_box(struct motion_work *w, const struct motion_region *r)
{
	struct box b;
	profile_sides(w->columns, r->x1, r->x2, &b.x1, &b.x2);
	profile_sides(w->rows, r->y1, r->y2, &b.y1, &b.y2);
	return b;
}

/*
 * A body ends above the road, and what is seen between it and the road, tyres and the shadow under
 * the vehicle, passes for shadow. The shadow may go on beyond the tyres, so no more of it is taken
 * than a vehicle of this size has ground clearance. Sums coverage, so that it moves smoothly.
 */
static float ground_side(const struct motion_objects *os, struct box b)
{
	const float inset = 0.1f * box_width(b);
	const int x1 = (int)(b.x1 + inset), x2 = (int)ceilf(b.x2 - inset);
	const float most = fmaxf(0, fminf(1, 1.2f - 0.03f * box_height(b)));
	const int row = (int)(b.y2 + 0.5f);
	float depth = 0;
	if (x1 < 0 || x2 > os->width || x2 <= x1)
		return b.y2;
	for (int y = row; y < os->height && (float)(y - row) < most; y++) {
		int dark = 0;
		for (int x = x1; x < x2; x++)
			dark += os->loose[(int64_t)y * os->width + x];
		float share = (float)dark / (float)(x2 - x1);
		if (share < 0.3f)
			break;
		depth += share;
	}
	float side = fmaxf(b.y2, (float)row + depth);
	return fminf(side, b.y2 + most);
}

static struct piece *new_piece(struct motion_work *w, int region, int object)
{
	if (w->piece_count == PIECES_MAX)
		return NULL;
	struct piece *p = &w->pieces[w->piece_count++];
	*p = (struct piece){.region = region, .object = object};
	return p;
}

/* The part of a run inside a rectangle; false where there is none. */
static bool clip_run(
	const struct motion_run *run, const struct motion_region *within, int *ret_x1, int *ret_x2)
{
	*ret_x1 = run->x1 > within->x1 ? run->x1 : within->x1;
	*ret_x2 = run->x2 < within->x2 ? run->x2 : within->x2;
	return run->y >= within->y1 && run->y < within->y2 && *ret_x1 < *ret_x2;
}

/* Adds the samples to the profile, or only those that are not in doubt. Returns how many. */
static int profile_region(struct motion_objects *os, const struct motion_regions *rs,
	const struct motion_region *r, const struct motion_region *within, bool sure)
{
	struct motion_work *w = os->work;
	int added = 0, x1, x2;
	clear_profile(w, region_box(r));
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run = &rs->runs[rs->order[r->run_first + i]];
		if (!clip_run(run, within, &x1, &x2))
			continue;
		if (!sure) {
			add_to_profile(w, run->y, x1, x2);
			added += x2 - x1;
			continue;
		}
		for (int x = x1; x < x2; x++)
			if (!os->doubt[(int64_t)run->y * os->width + x]) {
				add_to_profile(w, run->y, x, x + 1);
				added++;
			}
	}
	return added;
}

/*
 * The samples of a region from x1, y1 to x2, y2 as a piece. Where some of them, but not all, keep
 * still over a background that was never proven, a vehicle is driving off from its own remains in
 * the background: the box is that of the rest.
 */
static struct piece *cut_piece(struct motion_objects *os, const struct motion_regions *rs,
	int region, struct motion_region within)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	int sure = profile_region(os, rs, r, &within, true), area = sure;
	struct box box = {0};
	if (sure > 0)
		box = profile_box(w, r);
	area = profile_region(os, rs, r, &within, false);
	if (area == 0)
		return NULL;
	if (sure < LIVE_RATIO * area || sure > 0.9 * area)
		box = profile_box(w, r);
	struct piece *p = new_piece(w, region, -1);
	if (!p)
		return NULL;
	p->area = area;
	p->remains = sure < REMAINS_RATIO * area;
	p->box = box;
	p->box.y2 = ground_side(os, p->box);
	return p;
}

static void whole_piece(
	struct motion_objects *os, const struct motion_regions *rs, int region, int object)
{
	struct piece *p = cut_piece(os, rs, region, rs->items[region]);
	if (p)
		p->object = object;
}

/* More than a third of a strip beside a box is something else in front. */
static bool is_front(const struct motion_objects *os, float x1, float y1, float x2, float y2)
{
	const int left = (int)lroundf(fmaxf(x1, 0)), top = (int)lroundf(fmaxf(y1, 0));
	const int right = (int)lroundf(fminf(x2, (float)os->width));
	const int bottom = (int)lroundf(fminf(y2, (float)os->height));
	int in_front = 0;
	for (int y = top; y < bottom; y++)
		for (int x = left; x < right; x++)
			in_front += os->front[(int64_t)y * os->width + x];
	return in_front > 0 && 3 * in_front > (right - left) * (bottom - top);
}

/* How large a metre across is seen at the bottom of a box; 0: not known. */
static double scale_at(const struct motion_objects *os, struct box b)
{
	const struct mat3 *h = &os->params.road_from_sample;
	const struct vec2 p = box_bottom_center(b);
	double w1, w2;
	struct vec2 left = mat3_project(h, (struct vec2){p.x - 0.5, p.y}, &w1);
	struct vec2 right = mat3_project(h, (struct vec2){p.x + 0.5, p.y}, &w2);
	double across = vec2_length(vec2_sub(right, left));
	return os->params.calibrated && w1 * w2 > 0 && across > 0 ? 1 / across : 0;
}

/* Larger or smaller about its middle, as it comes or goes; as it is where that is not known. */
static struct box rescaled(const struct motion_objects *os, struct box before, struct box b)
{
	const double was = scale_at(os, before), is = scale_at(os, b), ratio = is / was;
	if (!(was > 0 && ratio > 0.8 && ratio < 1.25))
		return b;
	const float by = (float)(0.5 * (ratio - 1));
	return box_grow(b, by * box_width(b), by * box_height(b));
}

/* Where an object's pattern has gone since the picture before; else where it should be. */
static struct box followed(const struct motion_objects *os, const struct motion_object *o)
{
	struct vec2 by = {0.5 * ((double)o->predicted.x1 + o->predicted.x2 - o->box.x1 - o->box.x2),
		0.5 * ((double)o->predicted.y1 + o->predicted.y2 - o->box.y1 - o->box.y2)};
	if (media_diff_s(os->media, o->last) > os->step_s + 1e-6 ||
		!motion_match(os->before, os->luma, os->width, os->height, o->box, by, &by))
		return o->predicted;
	const float dx = (float)by.x, dy = (float)by.y;
	return rescaled(os, o->box,
		(struct box){o->box.x1 + dx, o->box.y1 + dy, o->box.x2 + dx, o->box.y2 + dy});
}

/*
 * Two opposite sides of a part. One that faces a neighbour says nothing: it moves with the other,
 * and where both do, they are where they were going to be.
 */
static void lean(float low, float high, bool low_hidden, bool high_hidden, float guess_low,
	float guess_high, float *ret_low, float *ret_high)
{
	/* A side that is much too far out is the neighbour's. */
	const float far = 2 + 0.15f * (guess_high - guess_low);
	low_hidden |= low < guess_low - far;
	high_hidden |= high > guess_high + far;
	float shift = low_hidden && high_hidden ? 0
		      : low_hidden              ? high - guess_high
						: low - guess_low;
	*ret_low = low_hidden ? guess_low + shift : low;
	*ret_high = high_hidden ? guess_high + shift : high;
}

/* The part of a region whose samples are nearer to `mine` than to the other candidates. */
static void part_piece(struct motion_objects *os, const struct motion_regions *rs, int region,
	const int *candidates, int candidate_count, int mine)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	clear_profile(w, region_box(r));
	int area = 0;
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run = &rs->runs[rs->order[r->run_first + i]];
		for (int x = run->x1; x < run->x2; x++) {
			const float px = (float)x + 0.5f, py = (float)run->y + 0.5f;
			float own = rank_of(os->items[mine].predicted, px, py);
			bool nearest = true;
			for (int c = 0; c < candidate_count && nearest; c++)
				nearest =
					candidates[c] == mine ||
					rank_of(os->items[candidates[c]].predicted, px, py) >= own;
			if (nearest) {
				add_to_profile(w, run->y, x, x + 1);
				area++;
			}
		}
	}
	struct piece *p = area > 0 ? new_piece(w, region, mine) : NULL;
	if (!p)
		return;
	p->part = true;
	p->area = area;
	p->box = profile_box(w, r);
	const struct box own = p->box, guess = followed(os, &os->items[mine]);
	lean(own.x1, own.x2, is_front(os, own.x1 - 2, own.y1, own.x1, own.y2),
		is_front(os, own.x2, own.y1, own.x2 + 2, own.y2), guess.x1, guess.x2, &p->box.x1,
		&p->box.x2);
	lean(own.y1, ground_side(os, own), is_front(os, own.x1, own.y1 - 2, own.x2, own.y1),
		is_front(os, own.x1, own.y2, own.x2, own.y2 + 2), guess.y1, guess.y2, &p->box.y1,
		&p->box.y2);
	if (p->box.x2 <= p->box.x1 || p->box.y2 <= p->box.y1 ||
		(float)area < FILL_RATIO * box_area(p->box))
		w->piece_count--;
}

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
		w->spans[i] = (struct span){.first = INT_MAX, .last = -1};
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run = &rs->runs[rs->order[r->run_first + i]];
		int from = columns ? run->x1 - r->x1 : run->y - r->y1;
		int to = columns ? run->x2 - r->x1 : from + 1;
		int first = columns ? run->y : run->x1, last = columns ? run->y : run->x2 - 1;
		for (int k = from; k < to; k++) {
			struct span *s = &w->spans[k];
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
	profile_region(os, rs, r, r, false);
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
static bool split_region(struct motion_objects *os, const struct motion_regions *rs, int region)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	if (r->area < 2 * os->params.min_area)
		return false;
	struct motion_size usual;
	bool known = motion_sizes_usual(&os->sizes, region_box(r), &usual);
	double grown = known ? r->area / (usual.width * usual.height) : 0;
	double least_grown = os->params.calibrated ? CROWD_AREA_RATIO : CROWD_FEW_RATIO;
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
	struct piece *p = cut_piece(os, rs, region, a), *q = cut_piece(os, rs, region, b);
	float least = SPLIT_LEAST_RATIO * (float)r->area;
	if (p && q && (float)p->area >= least && (float)q->area >= least &&
		((!crowd && waist < 0) || (is_usual(p->box, &usual) && is_usual(q->box, &usual)))) {
		p->whole = q->whole = waist >= 0;
		return true;
	}
	w->piece_count = before;
	return false;
}

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
	struct piece *p = &os->work->pieces[from], *q = p + 1;
	if (q->area > p->area) {
		struct piece swap = *p;
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
	const struct box must = box_grow(o->predicted, 2 + 0.1f * box_width(o->predicted),
		2 + 0.1f * box_height(o->predicted));
	if (!o->believed || media_diff_s(os->media, o->first) < LONG_S ||
		box_area(region_box(r)) < GROWN_RATIO * box_area(must))
		return false;
	struct motion_region in = *r, slabs[4] = {*r, *r, *r, *r};
	in.x1 = slabs[0].x2 = (int)must.x1;
	in.x2 = slabs[1].x1 = (int)ceilf(must.x2);
	in.y1 = slabs[2].y2 = (int)must.y1;
	in.y2 = slabs[3].y1 = (int)ceilf(must.y2);
	const int before = w->piece_count;
	struct piece *own = cut_piece(os, rs, region, in);
	if (!own)
		return false;
	own->object = object;
	own->part = true;
	const int rest = w->piece_count;
	int best = -1;
	for (int i = 0; i < 4; i++) {
		const int at = w->piece_count;
		if (cut_piece(os, rs, region, slabs[i]) &&
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
		if (box_cover(o->predicted, region) >= COVER_RATIO && is_established(o) &&
			box_area(o->predicted) < OUTGROWN_RATIO * o->alone_area)
			candidates[count++] = i;
	}
	return count;
}

static void divide_region(struct motion_objects *os, const struct motion_regions *rs, int region)
{
	const struct box box = region_box(&rs->items[region]);
	int candidates[CANDIDATES_MAX], count = find_candidates(os, box, candidates);
	if (count >= 2) {
		for (int c = 0; c < count; c++)
			if (!is_hidden(os, candidates, count, candidates[c]))
				part_piece(os, rs, region, candidates, count, candidates[c]);
	} else if (count == 1 && cut_foreign(os, rs, region, candidates[0])) {
		return;
	} else if (split_region(os, rs, region)) {
		assign_split(os, os->work->piece_count - 2);
	} else {
		whole_piece(os, rs, region, best_object(os, box, os->work->piece_count));
	}
}

/* The piece of an object with the largest area, or -1. */
static int main_piece(const struct motion_work *w, int object)
{
	int best = -1;
	for (int i = 0; i < w->piece_count; i++)
		if (w->pieces[i].object == object &&
			(best < 0 || w->pieces[i].area > w->pieces[best].area))
			best = i;
	return best;
}

static void update(struct motion_objects *os, struct motion_object *o, struct box box)
{
	double dt_s = media_diff_s(os->media, o->last);
	struct box off = {box.x1 - o->predicted.x1, box.y1 - o->predicted.y1,
		box.x2 - o->predicted.x2, box.y2 - o->predicted.y2};
	if (o->merged) {
		/* Divided boxes tell where it is, hardly how large it is. */
		off.x1 = off.x2 = 0.5f * (off.x1 + off.x2);
		off.y1 = off.y2 = 0.5f * (off.y1 + off.y2);
		o->rate.x1 = o->rate.x2 = 0.5f * (o->rate.x1 + o->rate.x2);
		o->rate.y1 = o->rate.y2 = 0.5f * (o->rate.y1 + o->rate.y2);
	}
	float growth = box_area(box) / fmaxf(box_area(o->predicted), 1);
	bool jump = growth > JUMP_RATIO || growth * JUMP_RATIO < 1;
	if (dt_s > 0 && !jump) {
		float gain = (float)((1 - exp(-dt_s / RATE_S)) / dt_s);
		o->rate.x1 += gain * off.x1;
		o->rate.y1 += gain * off.y1;
		o->rate.x2 += gain * off.x2;
		o->rate.y2 += gain * off.y2;
	}
	if (!o->merged) {
		o->alone_s += dt_s;
		o->alone_area = box_area(box);
	}
	o->box = box;
	o->last = os->media;
	o->seen = true;
}

/* Takes the pieces that fit where the object must be; the others are set free. */
static void gather(struct motion_objects *os, int index)
{
	struct motion_work *w = os->work;
	struct motion_object *o = &os->items[index];
	int first = main_piece(w, index);
	if (first < 0)
		return;
	struct box box = w->pieces[first].box;
	o->merged = w->pieces[first].part;
	o->area = w->pieces[first].area;
	o->whole |= w->pieces[first].whole;
	const bool known = is_known(o, os->media);
	const struct box where = box_grow(box_union(o->predicted, box),
		2 + 0.1f * box_width(o->predicted), 2 + 0.1f * box_height(o->predicted));
	bool apart = false;
	for (int i = 0; i < w->piece_count; i++) {
		struct piece *p = &w->pieces[i];
		if (i == first || p->object != index)
			continue;
		bool clear = p->area * 10 > w->pieces[first].area &&
			     !motion_parts_aligned(w->pieces[first].box, p->box);
		bool long_apart =
			o->apart.us != INT64_MIN && media_diff_s(os->media, o->apart) > APART_S;
		struct box both = box_union(box, p->box);
		bool remains = p->remains && !w->pieces[first].remains;
		bool hollow = (float)(o->area + p->area) < FILL_RATIO * box_area(both);
		if (!known || hollow || remains || !box_inside(p->box, where) ||
			(clear && long_apart)) {
			p->object = -1;
			p->believed = clear && long_apart && o->believed;
			continue;
		}
		apart |= clear;
		box = both;
		o->area += p->area;
	}
	if (!apart)
		o->apart = MEDIA_NONE;
	else if (o->apart.us == INT64_MIN)
		o->apart = os->media;
	update(os, o, box);
}

/* How far two sides have moved the same way; a side on the frame's edge does not count. */
static double moved(float low_0, float high_0, float low, float high, float size)
{
	double a = low - low_0, b = high - high_0;
	bool a_cut = low < 1.5f || low_0<1.5f, b_cut = high> size - 1.5f || high_0 > size - 1.5f;
	if (a_cut && b_cut)
		return 0;
	if (a_cut)
		return fabs(b);
	if (b_cut)
		return fabs(a);
	return a * b <= 0 ? 0 : fmin(fabs(a), fabs(b));
}

static double travelled(const struct motion_objects *os, struct box from, struct box to)
{
	double x = moved(from.x1, from.x2, to.x1, to.x2, (float)os->width);
	double y = moved(from.y1, from.y2, to.y1, to.y2, (float)os->height);
	double size = 0.5 * (box_width(to) + box_height(to));
	return hypot(x, y) / (TRAVEL_SIZE_RATIO * size + TRAVEL_MIN_SAMPLES);
}

static void judge(struct motion_objects *os, struct motion_object *o)
{
	bool young = media_diff_s(os->media, o->first) < MOTION_YOUNG_S;
	o->travel_ratio = travelled(os, o->start, o->box);
	if (o->travel_ratio >= 1 && !(young && motion_parts_beside(os, o)))
		o->believed = true;

	if (!o->believed && media_diff_s(os->media, o->started) > TRAVEL_WINDOW_S) {
		o->start = o->box;
		o->started = os->media;
	}
	if (travelled(os, o->rest, o->box) >= 1) {
		o->rest = o->box;
		o->rested = os->media;
	} else if (o->believed && media_diff_s(os->media, o->rested) > os->params.absorb_s) {
		o->believed = false;
		o->start = o->box;
		o->started = os->media;
	}
}

/* Established, alone and whole in the picture. */
static void learn_size(struct motion_objects *os, struct motion_object *o)
{
	int cell = motion_sizes_cell(&os->sizes, o->box);
	if (!is_established(o) || o->merged || cell == o->sized_cell - 1 || o->box.x1 < 2 ||
		o->box.y1 < 2 || o->box.x2 > (float)os->width - 2 ||
		o->box.y2 > (float)os->height - 2)
		return;
	o->sized_cell = cell + 1;
	motion_sizes_learn(&os->sizes, o->box);
}

static void add_object(struct motion_objects *os, const struct piece *p)
{
	if (os->count == MOTION_OBJECTS_MAX)
		return;
	os->items[os->count++] = (struct motion_object){
		.box = p->box,
		.predicted = p->box,
		.start = p->box,
		.rest = p->box,
		.first = os->media,
		.last = os->media,
		.started = os->media,
		.rested = os->media,
		.apart = MEDIA_NONE,
		.believed = p->believed,
		.whole = p->whole,
		.seen = true,
		.area = p->area,
		.alone_area = box_area(p->box),
		.serial = ++os->last_serial,
	};
}

static void forget(struct motion_objects *os)
{
	int kept = 0;
	for (int i = 0; i < os->count; i++)
		if (media_diff_s(os->media, os->items[i].last) <= FORGET_S)
			os->items[kept++] = os->items[i];
	os->count = kept;
}

static void mark_hold(
	const struct motion_objects *os, const struct motion_regions *rs, uint8_t *hold)
{
	const struct motion_work *w = os->work;
	memset(hold, 0, (size_t)os->width * (size_t)os->height);
	for (int i = 0; i < w->piece_count; i++) {
		const struct piece *p = &w->pieces[i];
		const struct motion_object *o = p->object >= 0 ? &os->items[p->object] : NULL;
		bool leave = o && !o->believed && media_diff_s(os->media, o->first) > DOUBT_S;
		if (leave)
			continue;
		const struct motion_region *r = &rs->items[p->region];
		for (int k = 0; k < r->run_count; k++) {
			const struct motion_run *run = &rs->runs[rs->order[r->run_first + k]];
			memset(hold + (int64_t)run->y * os->width + run->x1, 1,
				(size_t)(run->x2 - run->x1));
		}
	}
}

void motion_objects_step(struct motion_objects *objects, const struct motion_regions *regions,
	const uint8_t *luma, const uint8_t *front, const uint8_t *loose, const uint8_t *doubt,
	struct media media, uint8_t *hold)
{
	objects->front = front;
	objects->loose = loose;
	objects->doubt = doubt;
	objects->luma = luma;
	struct motion_work *w = objects->work;
	double dt_s = objects->media.us == INT64_MIN ? 0 : media_diff_s(media, objects->media);
	objects->media = media;
	objects->step_s = dt_s;
	predict(objects, dt_s);
	w->piece_count = 0;
	for (int i = 0; i < regions->count; i++)
		if (regions->items[i].area * 3 >= objects->params.min_area)
			divide_region(objects, regions, i);
	for (int i = 0; i < objects->count; i++)
		gather(objects, i);
	mark_hold(objects, regions, hold);
	for (int i = 0; i < w->piece_count; i++)
		if (w->pieces[i].object < 0 && w->pieces[i].area >= objects->params.min_area)
			add_object(objects, &w->pieces[i]);
	for (int i = 0; i < objects->count; i++)
		if (objects->items[i].seen) {
			judge(objects, &objects->items[i]);
			learn_size(objects, &objects->items[i]);
		}
	forget(objects);
	motion_parts_join(objects);
	memcpy(objects->before, luma, (size_t)objects->width * (size_t)objects->height);
}
