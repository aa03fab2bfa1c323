#include "detect/motion_ghost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AREA_MIN 12
#define REGIONS_MAX 4096
/* Samples from the outline to where its two sides are looked at. */
#define REACH 2
/* Share of the outline that must border on background for the test to mean anything. */
#define OUTLINE_RATIO 0.4
/* Share of a region. */
#define PROVEN_RATIO 0.3
#define STEP_RATIO 1.5
#define STEP_LEVELS 2
/* More of a region than this where something has arrived is that. */
#define ARRIVED_RATIO 0.5
/* Less of a whole is a part. */
#define PART_RATIO 0.5

int motion_ghost_init(struct motion_ghost *ghost, int width, int height)
{
	*ghost = (struct motion_ghost){.width = width, .height = height};
	size_t n = (size_t)width * (size_t)height;
	ghost->mask = calloc(n, 1);
	ghost->take = calloc(n, 1);
	ghost->scratch = calloc(n, 1);
	if (ghost->mask && ghost->take && ghost->scratch &&
		motion_regions_init(&ghost->regions, width, height, REGIONS_MAX) == 0 &&
		motion_regions_init(&ghost->wholes, width, height, REGIONS_MAX) == 0)
		return 0;
	motion_ghost_finish(ghost);
	return -ENOMEM;
}

void motion_ghost_finish(struct motion_ghost *ghost)
{
	free(ghost->mask);
	free(ghost->take);
	free(ghost->scratch);
	motion_regions_finish(&ghost->regions);
	motion_regions_finish(&ghost->wholes);
	*ghost = (struct motion_ghost){0};
}

struct outline {
	int count, known; /* samples of the outline; those that border on background */
	int64_t picture, reference; /* summed steps over the known ones */
};

/* The regions looked at, and what they are seen in. */
struct views {
	const uint8_t *picture, *reference, *classes, *mask;
	const struct motion_regions *regions; /* of `mask` */
	int width, height;
};

/* One sample (x, y) of the region and the direction (dx, dy) out of it. */
static void look_across(const struct views *v, int x, int y, int dx, int dy, struct outline *o)
{
	int out_x = x + REACH * dx, out_y = y + REACH * dy;
	int in_x = x - dx, in_y = y - dy;
	if (out_x < 0 || out_y < 0 || out_x >= v->width || out_y >= v->height)
		return;
	if (v->mask[(int64_t)(y + dy) * v->width + x + dx])
		return;
	o->count++;
	int64_t out = (int64_t)out_y * v->width + out_x;
	if (v->classes[out] != BACKGROUND_SAME)
		return;
	int64_t in = (int64_t)y * v->width + x;
	if (in_x >= 0 && in_y >= 0 && in_x < v->width && in_y < v->height &&
		v->mask[(int64_t)in_y * v->width + in_x])
		in = (int64_t)in_y * v->width + in_x;
	o->known++;
	o->picture += abs(v->picture[in] - v->picture[out]);
	o->reference += abs(v->reference[in] - v->reference[out]);
}

/* How many samples of a region have at least that much in a plane. */
static int count_from(const struct motion_ghost *g, const struct motion_region *r,
	const uint8_t *plane, int least)
{
	int count = 0;
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run = &g->regions.runs[g->regions.order[r->run_first + i]];
		for (int x = run->x1; x < run->x2; x++)
			count += plane[(int64_t)run->y * g->width + x] >= least;
	}
	return count;
}

/*
 * Where something has passed in front and the background came back, it is no remains; nor is what
 * has come from elsewhere and stopped.
 */
static bool is_known(const struct motion_ghost *g, const struct motion_region *r,
	const uint8_t *proof, const uint8_t *arrived)
{
	return count_from(g, r, proof, BACKGROUND_PROVEN) >= PROVEN_RATIO * r->area ||
	       count_from(g, r, arrived, 1) > ARRIVED_RATIO * r->area;
}

static bool is_ghost(const struct motion_region *r, const struct views *v)
{
	struct outline o = {0};
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run =
			&v->regions->runs[v->regions->order[r->run_first + i]];
		look_across(v, run->x1, run->y, -1, 0, &o);
		look_across(v, run->x2 - 1, run->y, 1, 0, &o);
		for (int x = run->x1; x < run->x2; x++) {
			look_across(v, x, run->y, 0, -1, &o);
			look_across(v, x, run->y, 0, 1, &o);
		}
	}
	return o.known >= OUTLINE_RATIO * o.count && o.known >= 6 &&
	       o.reference > STEP_RATIO * o.picture + STEP_LEVELS * o.known;
}

/* The region of `regions` that has a sample; NULL where none has. */
static const struct motion_region *region_at(const struct motion_regions *regions, int x, int y)
{
	for (int k = regions->row_first[y]; k < regions->row_first[y + 1]; k++) {
		const struct motion_run *run = &regions->runs[k];
		if (x >= run->x1 && x < run->x2)
			return run->root >= 0 ? &regions->items[run->root] : NULL;
	}
	return NULL;
}

/* Whether a region has samples to all four sides of another, as seen from its middle. */
static bool encloses(const struct motion_regions *regions, const struct motion_region *outer,
	const struct motion_region *inner)
{
	const int x = (inner->x1 + inner->x2) / 2, y = (inner->y1 + inner->y2) / 2;
	bool left = false, right = false, above = false, below = false;
	for (int i = 0; i < outer->run_count; i++) {
		const struct motion_run *run = &regions->runs[regions->order[outer->run_first + i]];
		left |= run->y == y && run->x1 < inner->x1 - 1;
		right |= run->y == y && run->x2 > inner->x2 + 1;
		above |= run->x1 <= x && run->x2 > x && run->y < inner->y1 - 1;
		below |= run->x1 <= x && run->x2 > x && run->y > inner->y2;
	}
	return left && right && above && below;
}

/*
 * Whether a region that keeps still is a small part in the midst of something that is no ghost: the
 * road's marking under a car of the road's grey, or in its shadow, has the outline of one.
 */
static bool is_covered(
	const struct motion_ghost *g, const struct motion_region *r, const struct views *around)
{
	const struct motion_region *whole = NULL;
	for (int i = 0; i < r->run_count && !whole; i++) {
		const struct motion_run *run = &g->regions.runs[g->regions.order[r->run_first + i]];
		whole = region_at(around->regions, run->x1, run->y);
	}
	return whole && r->area < PART_RATIO * whole->area && encloses(around->regions, whole, r) &&
	       !is_ghost(whole, around);
}

static void take_region(struct motion_ghost *g, const struct motion_region *r)
{
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run = &g->regions.runs[g->regions.order[r->run_first + i]];
		memset(g->take + (int64_t)run->y * g->width + run->x1, 1,
			(size_t)(run->x2 - run->x1));
	}
}

bool motion_ghost_repair(struct motion_ghost *ghost, struct motion_model *model,
	const uint8_t *differs, const uint8_t *arrived, const uint8_t *picture,
	const uint8_t *classes)
{
	const int w = ghost->width, h = ghost->height;
	const int64_t n = (int64_t)w * h;
	const struct views views = {
		picture, model->reference, classes, ghost->mask, &ghost->regions, w, h};
	const struct views around = {
		picture, model->reference, classes, differs, &ghost->wholes, w, h};
	for (int64_t i = 0; i < n; i++)
		ghost->mask[i] = model->still_age[i] >= BACKGROUND_STILL;
	background_majority(ghost->mask, w, w, h, 5, ghost->scratch, ghost->mask);
	motion_regions_find(&ghost->regions, ghost->mask);
	motion_regions_find(&ghost->wholes, differs);
	memset(ghost->take, 0, (size_t)n);
	bool any = false;
	for (int i = 0; i < ghost->regions.count; i++) {
		const struct motion_region *r = &ghost->regions.items[i];
		if (r->area >= AREA_MIN && !is_known(ghost, r, model->proof, arrived) &&
			is_ghost(r, &views) && !is_covered(ghost, r, &around)) {
			take_region(ghost, r);
			any = true;
		}
	}
	if (!any)
		return false;
	background_dilate(ghost->take, w, w, h, 2, 2, ghost->scratch, ghost->take);
	for (int64_t i = 0; i < n; i++)
		ghost->take[i] &= classes[i] != BACKGROUND_SAME;
	motion_model_replace(model, picture, ghost->take);
	return true;
}
