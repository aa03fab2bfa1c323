#include "detect/motion_objects.h"

#include "detect/motion_divide.h"
#include "detect/motion_match.h"
#include "detect/motion_parts.h"
#include "detect/motion_pieces.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An object may divide or gather regions from this age on. */
#define KNOWN_S 0.25
/* Not seen for longer: forgotten. */
#define FORGET_S 0.35
/* Separate for longer: two objects. */
#define APART_S 0.3
/* A piece of which more lies in the main one is a part. */
#define OUTSIDE_COVER_RATIO 0.5f
/* Seen alone for as long, an object keeps its share of a region. */
#define ALONE_S 0.3
/* Not believed for longer: left to the background, and travel is counted anew. */
#define DOUBT_S 1.5
#define TRAVEL_WINDOW_S 4.0
/* Time constant of the rates of the sides. */
#define RATE_S 0.12
#define TRAVEL_SIZE_RATIO 0.25
#define TRAVEL_MIN_SAMPLES 2.0
/* So many times as far as it takes to be believed, and it is no longer where it began. */
#define ARRIVED_TRAVEL 4.0
/* At rest for as long, or nearly: a fast one that passes hides what lies behind it. */
#define ARRIVED_S 0.3
/* A box that grows or shrinks by more from one picture to the next says nothing of speed. */
#define JUMP_RATIO 1.6f
/* A part of a shared region fills at least this share of its box, or nothing is there. */
#define FILL_RATIO 0.3f

bool motion_objects_is_vehicle(const struct motion_objects *objects, struct box box)
{
	struct motion_size usual;
	if (objects->params.road.calibrated)
		return motion_road_is_vehicle(&objects->params.road, box);
	return motion_sizes_usual(&objects->sizes, box, &usual) && motion_sizes_are(&usual, box);
}

int motion_objects_init(struct motion_objects *objects, int width, int height,
	const struct motion_objects_params *params)
{
	*objects = (struct motion_objects){.params = *params, .width = width, .height = height};
	objects->media = MEDIA_NONE;
	motion_sizes_init(&objects->sizes, width, height);
	objects->work = motion_work_create(width, height);
	objects->before = calloc((size_t)width * (size_t)height, 1);
	if (objects->work && objects->before)
		return 0;
	motion_objects_finish(objects);
	return -ENOMEM;
}

void motion_objects_finish(struct motion_objects *objects)
{
	motion_work_destroy(&objects->work);
	free(objects->before);
	*objects = (struct motion_objects){0};
}

void motion_objects_clear(struct motion_objects *objects)
{
	objects->count = 0;
	objects->media = MEDIA_NONE;
}

static bool has_arrived(const struct motion_objects *os, const struct motion_object *o)
{
	return o->believed && o->travel_ratio >= ARRIVED_TRAVEL &&
	       media_diff_s(os->media, o->rested) >= ARRIVED_S &&
	       motion_objects_is_vehicle(os, o->box);
}

void motion_objects_arrived(const struct motion_objects *objects, uint8_t *ret_mask)
{
	const int w = objects->width, h = objects->height;
	memset(ret_mask, 0, (size_t)w * (size_t)h);
	for (int i = 0; i < objects->count; i++) {
		const struct motion_object *o = &objects->items[i];
		if (!has_arrived(objects, o))
			continue;
		const int x1 = (int)fmaxf(o->box.x1, 0), x2 = (int)fminf(o->box.x2, (float)w);
		for (int y = (int)fmaxf(o->box.y1, 0); y < (int)fminf(o->box.y2, (float)h); y++)
			if (x2 > x1)
				memset(ret_mask + (int64_t)y * w + x1, 1, (size_t)(x2 - x1));
	}
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

bool motion_object_established(const struct motion_object *object)
{
	return object->believed && object->alone_s >= ALONE_S;
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

/* Whether a piece stays where it is while the object goes on: a lamp of a signal, remains. */
static bool stays_behind(
	const struct motion_objects *os, const struct motion_object *o, struct box piece)
{
	struct vec2 moved = vec2_sub(box_center(o->predicted), box_center(o->box));
	return motion_match_stayed(os->before, os->luma, os->width, os->height, piece, moved);
}

/*
 * Whether a piece is no part of the object whose main piece is given, if that lasts. A small one
 * is a part unless it is outside and stays behind, or is a vehicle's size: one that is further
 * away, and small for that.
 */
static bool is_apart(const struct motion_objects *os, const struct motion_object *o,
	const struct motion_piece *main, const struct motion_piece *p)
{
	if (motion_parts_aligned(main->box, p->box) || motion_parts_roof(os, p->box, main->box) ||
		motion_parts_roof(os, main->box, p->box))
		return false;
	if (p->area * 10 > main->area)
		return true;
	return box_cover(p->box, main->box) < OUTSIDE_COVER_RATIO &&
	       (motion_objects_is_vehicle(os, p->box) || stays_behind(os, o, p->box) ||
		       (box_gap(p->box, main->box) > 0 &&
			       motion_road_is_user(&os->params.road, p->box)));
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
		struct motion_piece *p = &w->pieces[i];
		if (i == first || p->object != index)
			continue;
		bool clear = is_apart(os, o, &w->pieces[first], p);
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

/* Where it is seen whole: at the frame's edge it may be larger. */
static bool is_too_small(const struct motion_objects *os, struct box b)
{
	return b.x1 >= 2 && b.y1 >= 2 && b.x2 <= (float)os->width - 2 &&
	       b.y2 <= (float)os->height - 2 && motion_road_too_small(&os->params.road, b);
}

static void judge(struct motion_objects *os, struct motion_object *o)
{
	bool young = media_diff_s(os->media, o->first) < MOTION_YOUNG_S;
	o->travel_ratio = travelled(os, o->start, o->box);
	if (o->travel_ratio >= 1 && !(young && motion_parts_beside(os, o)) &&
		!is_too_small(os, o->box))
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
	if (!motion_object_established(o) || o->merged || cell == o->sized_cell - 1 ||
		o->box.x1 < 2 || o->box.y1 < 2 || o->box.x2 > (float)os->width - 2 ||
		o->box.y2 > (float)os->height - 2)
		return;
	o->sized_cell = cell + 1;
	motion_sizes_learn(&os->sizes, o->box);
}

static void add_object(struct motion_objects *os, const struct motion_piece *p)
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
		.waist = MEDIA_NONE,
		.believed = p->believed && !is_too_small(os, p->box),
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
		const struct motion_piece *p = &w->pieces[i];
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
			motion_divide(objects, regions, i);
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
