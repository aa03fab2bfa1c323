#include "detect/motion_objects.h"

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
/* Not believed for longer: left to the background, and travel is counted anew. */
#define DOUBT_S 1.5
#define TRAVEL_WINDOW_S 4.0
/* Time constant of the rates of the sides. */
#define RATE_S 0.12
#define TRAVEL_SIZE_RATIO 0.25
#define TRAVEL_MIN_SAMPLES 2.0
#define COVER_RATIO 0.5
#define PIECES_MAX 2048
/* A box that grows or shrinks by more from one picture to the next says nothing of speed. */
#define JUMP_RATIO 1.6f
/* A part of a shared region fills at least this share of its box, or nothing is there. */
#define FILL_RATIO 0.3f

/* A region or the part of one that was given to an object. */
struct piece {
	int region, object; /* object -1: nobody's */
	bool part; /* of a region that several objects share */
	bool believed; /* split off something that was believed */
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
	objects->work = calloc(1, sizeof(*objects->work));
	if (!objects->work)
		return -ENOMEM;
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
	*objects = (struct motion_objects){0};
}

void motion_objects_clear(struct motion_objects *objects)
{
	objects->count = 0;
}

static struct box box_union(struct box a, struct box b)
{
	return (struct box){
		fminf(a.x1, b.x1), fminf(a.y1, b.y1), fmaxf(a.x2, b.x2), fmaxf(a.y2, b.y2)};
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

/* Share of `a` that lies in `b`. */
static float cover(struct box a, struct box b)
{
	float area = box_area(a);
	return area > 0 ? box_area(box_intersection(a, b)) / area : 0;
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

/* Squared distance of (x, y) from the centre of a box, in halves of its sides. */
static float far_from(struct box b, float x, float y)
{
	float dx = (2 * x - b.x1 - b.x2) / box_width(b), dy = (2 * y - b.y1 - b.y2) / box_height(b);
	dx = fabsf(dx);
	dy = fabsf(dy);
	return dx > dy ? dx : dy;
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
	const float at = 0.25f * (float)most, shift = 0.25f;
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

static struct piece *new_piece(struct motion_work *w, int region, int object)
{
	if (w->piece_count == PIECES_MAX)
		return NULL;
	struct piece *p = &w->pieces[w->piece_count++];
	*p = (struct piece){.region = region, .object = object};
	return p;
}

/* The samples of a region from x1, y1 to x2, y2 as a piece. */
static struct piece *cut_piece(struct motion_objects *os, const struct motion_regions *rs,
	int region, struct motion_region within)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	clear_profile(w, region_box(r));
	int area = 0;
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run = &rs->runs[rs->order[r->run_first + i]];
		int x1 = run->x1 > within.x1 ? run->x1 : within.x1;
		int x2 = run->x2 < within.x2 ? run->x2 : within.x2;
		if (run->y < within.y1 || run->y >= within.y2 || x1 >= x2)
			continue;
		add_to_profile(w, run->y, x1, x2);
		area += x2 - x1;
	}
	struct piece *p = area > 0 ? new_piece(w, region, -1) : NULL;
	if (!p)
		return NULL;
	p->area = area;
	p->box = profile_box(w, r);
	return p;
}

static void whole_piece(
	struct motion_objects *os, const struct motion_regions *rs, int region, int object)
{
	struct piece *p = cut_piece(os, rs, region, rs->items[region]);
	if (p)
		p->object = object;
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
			float own = far_from(os->items[mine].predicted, px, py);
			bool nearest = true;
			for (int c = 0; c < candidate_count && nearest; c++)
				nearest =
					candidates[c] == mine ||
					far_from(os->items[candidates[c]].predicted, px, py) >= own;
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
	/* A side that faces the neighbour says nothing: it is where it was going to be. */
	const struct box whole = region_box(r), guess = os->items[mine].predicted;
	const float near = 2.5f;
	p->box.x1 = p->box.x1 > whole.x1 + near ? guess.x1 : p->box.x1;
	p->box.y1 = p->box.y1 > whole.y1 + near ? guess.y1 : p->box.y1;
	p->box.x2 = p->box.x2 < whole.x2 - near ? guess.x2 : p->box.x2;
	p->box.y2 = p->box.y2 < whole.y2 - near ? guess.y2 : p->box.y2;
	if (p->box.x2 <= p->box.x1 || p->box.y2 <= p->box.y1 ||
		(float)area < FILL_RATIO * box_area(p->box))
		w->piece_count--;
}

/* Two boxes must have less area than this share of the one around both to be two vehicles. */
#define SPLIT_RATIO 0.74f
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
static float best_cut(const struct motion_work *w, int count, int *ret_at)
{
	float whole = box_area(w->spans[0].behind), best = 1;
	for (int i = 2; i < count - 2; i++) {
		const struct box a = w->spans[i - 1].before, b = w->spans[i].behind;
		float share = (box_area(a) + box_area(b)) / whole;
		float thin = (float)(w->spans[i].last + 1 - w->spans[i].first);
		if (share < best && thin < SPLIT_CUT_RATIO * fminf(box_height(a), box_height(b))) {
			best = share;
			*ret_at = i;
		}
	}
	return best;
}

/*
 * Two vehicles that have flowed together from the start: their region fills the box around it
 * badly, and a straight cut makes two boxes that it fills well. True where it was split in two.
 */
static bool split_region(struct motion_objects *os, const struct motion_regions *rs, int region)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	if (r->area < 2 * os->params.min_area)
		return false;
	int x = 0, y = 0;
	float by_x = best_cut(w, measure_spans(w, rs, r, true), &x);
	float by_y = best_cut(w, measure_spans(w, rs, r, false), &y);
	if (fminf(by_x, by_y) > SPLIT_RATIO)
		return false;
	struct motion_region a = *r, b = *r;
	if (by_x <= by_y)
		a.x2 = b.x1 = r->x1 + x;
	else
		a.y2 = b.y1 = r->y1 + y;
	const int before = w->piece_count;
	struct piece *p = cut_piece(os, rs, region, a), *q = cut_piece(os, rs, region, b);
	float least = SPLIT_LEAST_RATIO * (float)r->area;
	if (p && q && (float)p->area >= least && (float)q->area >= least)
		return true;
	w->piece_count = before;
	return false;
}

/* The object that a piece's box fits best and that no piece of `from` on has; or -1. */
static int best_object(const struct motion_objects *os, struct box box, int from)
{
	int best = -1;
	float most = 0.3f;
	for (int i = 0; i < os->count; i++) {
		bool taken = false;
		for (int k = from; k < os->work->piece_count; k++)
			taken |= os->work->pieces[k].object == i;
		float fit = box_iou(os->items[i].predicted, box);
		fit = fmaxf(fit, cover(os->items[i].predicted, box));
		fit = fmaxf(fit, cover(box, os->items[i].predicted));
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

static void divide_region(struct motion_objects *os, const struct motion_regions *rs, int region)
{
	const struct box box = region_box(&rs->items[region]);
	int candidates[CANDIDATES_MAX], count = 0, best = -1;
	float most = 0;
	for (int i = 0; i < os->count; i++) {
		const struct motion_object *o = &os->items[i];
		float of_object = cover(o->predicted, box), of_region = cover(box, o->predicted);
		if (of_object <= 0)
			continue;
		float best_of = of_object > of_region ? of_object : of_region;
		if (best_of > most) {
			most = best_of;
			best = i;
		}
		if (of_object >= COVER_RATIO && is_known(o, os->media) && count < CANDIDATES_MAX)
			candidates[count++] = i;
	}
	if (count >= 2) {
		for (int c = 0; c < count; c++)
			part_piece(os, rs, region, candidates, count, candidates[c]);
	} else if (split_region(os, rs, region)) {
		assign_split(os, os->work->piece_count - 2);
	} else {
		whole_piece(os, rs, region, most >= 0.3f ? best : -1);
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

static float gap_between(struct box a, struct box b)
{
	float dx = fmaxf(a.x1 - b.x2, b.x1 - a.x2), dy = fmaxf(a.y1 - b.y2, b.y1 - a.y2);
	float gap = dx > dy ? dx : dy;
	return gap > 0 ? gap : 0;
}

static void update(struct motion_objects *os, struct motion_object *o, struct box box)
{
	double dt_s = media_diff_s(os->media, o->last);
	if (o->merged) {
		/* Divided boxes tell where it is, hardly how large it is. */
		float vx = 0.5f * (o->rate.x1 + o->rate.x2), vy = 0.5f * (o->rate.y1 + o->rate.y2);
		o->rate = (struct box){vx, vy, vx, vy};
	}
	float growth = box_area(box) / fmaxf(box_area(o->predicted), 1);
	bool jump = growth > JUMP_RATIO || growth * JUMP_RATIO < 1;
	if (dt_s > 0 && !o->merged && !jump) {
		float gain = (float)((1 - exp(-dt_s / RATE_S)) / dt_s);
		o->rate.x1 += gain * (box.x1 - o->predicted.x1);
		o->rate.y1 += gain * (box.y1 - o->predicted.y1);
		o->rate.x2 += gain * (box.x2 - o->predicted.x2);
		o->rate.y2 += gain * (box.y2 - o->predicted.y2);
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
	const bool known = is_known(o, os->media);
	const struct box where = box_grow(box_union(o->predicted, box),
		2 + 0.1f * box_width(o->predicted), 2 + 0.1f * box_height(o->predicted));
	bool apart = false;
	for (int i = 0; i < w->piece_count; i++) {
		struct piece *p = &w->pieces[i];
		if (i == first || p->object != index)
			continue;
		float gap = gap_between(w->pieces[first].box, p->box);
		float size = fminf(box_width(p->box), box_height(p->box));
		bool clear = gap > 3 && gap > 0.25f * size && p->area * 4 > o->area;
		bool long_apart =
			o->apart.us != INT64_MIN && media_diff_s(os->media, o->apart) > APART_S;
		struct box both = box_union(box, p->box);
		bool hollow = (float)(o->area + p->area) < FILL_RATIO * box_area(both);
		if (!known || hollow || !box_inside(p->box, where) || (clear && long_apart)) {
			p->object = -1;
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
	o->travel_ratio = travelled(os, o->start, o->box);
	if (o->travel_ratio >= 1)
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
		.seen = true,
		.area = p->area,
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

/* A small piece that lies in or right above or below a larger object, and goes where it goes. */
static bool is_fragment_of(const struct motion_object *o, const struct motion_object *of)
{
	if (!o->seen || !of->seen || o->area * 2 > of->area)
		return false;
	float inside = cover(o->box, of->box);
	float wide = fminf(o->box.x2, of->box.x2) - fmaxf(o->box.x1, of->box.x1);
	float gap = fmaxf(o->box.y1 - of->box.y2, of->box.y1 - o->box.y2);
	bool stacked = gap < 2 + 0.15f * box_height(of->box);
	/* A motorcycle behind a lorry is stacked too, but narrower. */
	if (o->believed)
		return stacked && wide > 0.6f * box_width(of->box) &&
		       box_height(o->box) < 0.5f * box_height(of->box);
	return inside > 0.6f || (stacked && wide > 0.7f * box_width(o->box));
}

static void join_fragments(struct motion_objects *os)
{
	for (int i = 0; i < os->count; i++)
		for (int j = 0; j < os->count; j++) {
			struct motion_object *o = &os->items[i], *of = &os->items[j];
			if (i == j || !is_fragment_of(o, of))
				continue;
			of->box = box_union(of->box, o->box);
			of->area += o->area;
			of->believed |= o->believed;
			*o = os->items[--os->count];
			i--;
			break;
		}
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
	struct media media, uint8_t *hold)
{
	struct motion_work *w = objects->work;
	double dt_s = objects->media.us == INT64_MIN ? 0 : media_diff_s(media, objects->media);
	objects->media = media;
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
		if (objects->items[i].seen)
			judge(objects, &objects->items[i]);
	forget(objects);
	join_fragments(objects);
}
