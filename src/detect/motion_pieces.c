#include "detect/motion_pieces.h"

#include "detect/motion_match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Larger than any area of a box. */
#define OUTSIDE_RANK 1e8f
/* A part of a shared region fills at least this share of its box, or nothing is there. */
#define FILL_RATIO 0.3f
/* Less of a region than this is not what drives off. */
#define LIVE_RATIO 0.15
#define REMAINS_RATIO 0.3
#define SIDE_RATIO 0.15f
/* Seen alone for so long, an object's size is known; at rest for so long, it stands. */
#define LONG_S 1.0

struct motion_work *motion_work_create(int width, int height)
{
	struct motion_work *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	size_t longest = (size_t)(width > height ? width : height);
	w->columns = calloc((size_t)width + 2, sizeof(int));
	w->rows = calloc((size_t)height + 2, sizeof(int));
	w->spans = calloc(longest, sizeof(*w->spans));
	if (!w->columns || !w->rows || !w->spans)
		motion_work_destroy(&w);
	return w;
}

void motion_work_destroy(struct motion_work **work)
{
	struct motion_work *w = *work;
	*work = NULL;
	if (!w)
		return;
	free(w->columns);
	free(w->rows);
	free(w->spans);
	free(w);
}

struct box motion_region_box(const struct motion_region *region)
{
	return (struct box){
		(float)region->x1, (float)region->y1, (float)region->x2, (float)region->y2};
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

static bool is_in(struct box b, float x, float y)
{
	return x >= b.x1 && x <= b.x2 && y >= b.y1 && y <= b.y2;
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

static struct motion_piece *new_piece(struct motion_work *w, int region, int object)
{
	if (w->piece_count == MOTION_PIECES_MAX)
		return NULL;
	struct motion_piece *p = &w->pieces[w->piece_count++];
	*p = (struct motion_piece){.region = region, .object = object};
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
int motion_pieces_profile(struct motion_objects *os, const struct motion_regions *rs,
	const struct motion_region *r, const struct motion_region *within, bool sure)
{
	struct motion_work *w = os->work;
	int added = 0, x1, x2;
	clear_profile(w, motion_region_box(r));
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
struct motion_piece *motion_pieces_cut(struct motion_objects *os, const struct motion_regions *rs,
	int region, struct motion_region within)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	int sure = motion_pieces_profile(os, rs, r, &within, true), area = sure;
	struct box box = {0};
	if (sure > 0)
		box = profile_box(w, r);
	area = motion_pieces_profile(os, rs, r, &within, false);
	if (area == 0)
		return NULL;
	if (sure < LIVE_RATIO * area || sure > 0.9 * area)
		box = profile_box(w, r);
	struct motion_piece *p = new_piece(w, region, -1);
	if (!p)
		return NULL;
	p->area = area;
	p->remains = sure < REMAINS_RATIO * area;
	p->box = box;
	p->box.y2 = ground_side(os, p->box);
	return p;
}

void motion_pieces_whole(
	struct motion_objects *os, const struct motion_regions *rs, int region, int object)
{
	struct motion_piece *p = motion_pieces_cut(os, rs, region, rs->items[region]);
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

/* Larger or smaller about its middle, as it comes or goes; as it is where that is not known. */
static struct box rescaled(const struct motion_objects *os, struct box before, struct box b)
{
	const double was = motion_road_scale(&os->params.road, before),
		     is = motion_road_scale(&os->params.road, b), ratio = is / was;
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

/*
 * The part of a region whose samples are nearer to `mine` than to the other candidates. Beyond
 * reach of one that stands is somebody else who has joined them; where one that moves will be is
 * less sure.
 */
void motion_pieces_part(struct motion_objects *os, const struct motion_regions *rs, int region,
	const int *candidates, int candidate_count, int mine)
{
	struct motion_work *w = os->work;
	const struct motion_region *r = &rs->items[region];
	const struct motion_object *o = &os->items[mine];
	const bool stands = o->alone_s >= LONG_S && media_diff_s(os->media, o->rested) >= LONG_S;
	const struct box reach = os->params.road.calibrated && stands
					 ? motion_pieces_reach(o->predicted)
					 : motion_region_box(r);
	clear_profile(w, motion_region_box(r));
	int area = 0;
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run = &rs->runs[rs->order[r->run_first + i]];
		for (int x = run->x1; x < run->x2; x++) {
			const float px = (float)x + 0.5f, py = (float)run->y + 0.5f;
			float own = rank_of(os->items[mine].predicted, px, py);
			bool nearest = is_in(reach, px, py);
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
	struct motion_piece *p = area > 0 ? new_piece(w, region, mine) : NULL;
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
