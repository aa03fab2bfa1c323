#include "detect/motion_ghost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AREA_MIN 12
/* Samples from the outline to where its two sides are looked at. */
#define REACH 2
/* Share of the outline that must border on background for the test to mean anything. */
#define OUTLINE_RATIO 0.4
/* Share of a region. */
#define PROVEN_RATIO 0.3
#define STEP_RATIO 1.5
#define STEP_LEVELS 2

int motion_ghost_init(struct motion_ghost *ghost, int width, int height)
{
	*ghost = (struct motion_ghost){.width = width, .height = height};
	size_t n = (size_t)width * (size_t)height;
	ghost->mask = calloc(n, 1);
	ghost->take = calloc(n, 1);
	ghost->scratch = calloc(n, 1);
	if (ghost->mask && ghost->take && ghost->scratch &&
		motion_regions_init(&ghost->regions, width, height, 4096) == 0)
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
	*ghost = (struct motion_ghost){0};
}

struct outline {
	int count, known; /* samples of the outline; those that border on background */
	int64_t picture, reference; /* summed steps over the known ones */
};

struct views {
	const uint8_t *picture, *reference, *classes, *mask;
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

/* Where something has passed in front and the background came back, it is no remains. */
static bool is_proven(
	const struct motion_ghost *g, const struct motion_region *r, const uint8_t *proof)
{
	int count = 0;
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run = &g->regions.runs[g->regions.order[r->run_first + i]];
		for (int x = run->x1; x < run->x2; x++)
			count += proof[(int64_t)run->y * g->width + x] >= BACKGROUND_PROVEN;
	}
	return count >= PROVEN_RATIO * r->area;
}

static bool is_ghost(
	const struct motion_ghost *g, const struct motion_region *r, const struct views *v)
{
	struct outline o = {0};
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run = &g->regions.runs[g->regions.order[r->run_first + i]];
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

static void take_region(struct motion_ghost *g, const struct motion_region *r)
{
	for (int i = 0; i < r->run_count; i++) {
		const struct motion_run *run = &g->regions.runs[g->regions.order[r->run_first + i]];
		memset(g->take + (int64_t)run->y * g->width + run->x1, 1,
			(size_t)(run->x2 - run->x1));
	}
}

bool motion_ghost_repair(struct motion_ghost *ghost, struct motion_model *model,
	const uint8_t *picture, const uint8_t *classes)
{
	const int w = ghost->width, h = ghost->height;
	const int64_t n = (int64_t)w * h;
	const struct views views = {picture, model->reference, classes, ghost->mask, w, h};
	for (int64_t i = 0; i < n; i++)
		ghost->mask[i] = model->still_age[i] >= BACKGROUND_STILL;
	background_majority(ghost->mask, w, w, h, 5, ghost->scratch, ghost->mask);
	motion_regions_find(&ghost->regions, ghost->mask);
	memset(ghost->take, 0, (size_t)n);
	bool any = false;
	for (int i = 0; i < ghost->regions.count; i++) {
		const struct motion_region *r = &ghost->regions.items[i];
		if (r->area >= AREA_MIN && !is_proven(ghost, r, model->proof) &&
			is_ghost(ghost, r, &views)) {
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
