#include "detect/motion_mask.h"

#include "pixel/background.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A luma step beyond what a shadow does to the background's own step. */
#define TEXTURE_LEVELS 12

/* Shadow between solid parts is theirs up to this share of the smaller side of the region. */
#define GAP_RATIO 0.3

int motion_mask_init(struct motion_mask *mask, int width, int height, double min_area)
{
	*mask = (struct motion_mask){.width = width, .height = height};
	size_t n = (size_t)width * (size_t)height;
	mask->min_area = min_area;
	uint8_t **planes[] = {&mask->loose, &mask->solid, &mask->scratch, &mask->inner,
		&mask->above, &mask->front};
	bool ok = true;
	for (size_t i = 0; i < sizeof(planes) / sizeof(planes[0]); i++)
		ok = (*planes[i] = calloc(n, 1)) && ok;
	mask->columns = calloc((size_t)width, sizeof(*mask->columns));
	if (ok && mask->columns &&
		motion_regions_init(&mask->regions, width, height, MOTION_REGIONS_MAX) == 0)
		return 0;
	motion_mask_finish(mask);
	return -ENOMEM;
}

void motion_mask_finish(struct motion_mask *mask)
{
	free(mask->loose);
	free(mask->solid);
	free(mask->scratch);
	free(mask->inner);
	free(mask->above);
	free(mask->columns);
	free(mask->front);
	motion_regions_finish(&mask->regions);
	*mask = (struct motion_mask){0};
}

static void close_gaps(struct motion_mask *m, uint8_t *plane, int reach)
{
	const int w = m->width, h = m->height;
	background_dilate(plane, w, w, h, reach, reach, m->scratch, plane);
	background_erode(plane, w, w, h, reach, reach, m->scratch, plane);
}

/* How far a step of the picture lies outside 0 to 1 times the background's step. */
static int beyond(int step, int ref_step)
{
	if (ref_step < 0) {
		step = -step;
		ref_step = -ref_step;
	}
	return step < 0 ? -step : step > ref_step ? step - ref_step : 0;
}

static bool is_textured(const uint8_t *luma, const uint8_t *ref, int stride)
{
	return beyond(luma[1] - luma[-1], ref[1] - ref[-1]) > TEXTURE_LEVELS ||
	       beyond(luma[stride] - luma[-stride], ref[stride] - ref[-stride]) > TEXTURE_LEVELS;
}

/* Adds what looks like shadow but has a texture of its own, away from its outline. */
static void add_textured(struct motion_mask *m, const uint8_t *luma, const uint8_t *ref)
{
	const int w = m->width, h = m->height;
	background_erode(m->loose, w, w, h, 2, 2, m->scratch, m->inner);
	for (int k = 0; k < m->regions.run_count; k++) {
		const struct motion_run *run = &m->regions.runs[k];
		if (run->y < 1 || run->y >= h - 1)
			continue;
		const int64_t row = (int64_t)run->y * w;
		const int x1 = run->x1 > 1 ? run->x1 : 1, x2 = run->x2 < w - 1 ? run->x2 : w - 1;
		for (int64_t i = row + x1; i < row + x2; i++)
			if (m->inner[i] && !m->solid[i] && is_textured(luma + i, ref + i, w))
				m->solid[i] = 1;
	}
}

/* Notes for a run's samples how far above them something solid is; 0: nothing in the same mask. */
static void look_up(struct motion_mask *m, const struct motion_run *run)
{
	const int64_t row = (int64_t)run->y * m->width;
	for (int x = run->x1; x < run->x2; x++) {
		struct motion_column *c = &m->columns[x];
		bool on = m->solid[row + x] || (c->last == run->y - 1 && c->solid >= 0);
		c->solid = m->solid[row + x] ? run->y : on ? c->solid : -1;
		c->last = run->y;
		int far = on ? run->y - c->solid : 0;
		m->above[row + x] = (uint8_t)(far < 255 ? far : 255);
	}
}

/* The same from below; what lies in a short gap between something solid and solid is solid too. */
static void look_down(struct motion_mask *m, const struct motion_run *run, int gap_max)
{
	const int64_t row = (int64_t)run->y * m->width;
	for (int x = run->x1; x < run->x2; x++) {
		struct motion_column *c = &m->columns[x];
		bool on = m->solid[row + x] || (c->last == run->y + 1 && c->solid >= 0);
		c->solid = m->solid[row + x] ? run->y : on ? c->solid : -1;
		c->last = run->y;
		int gap = c->solid - run->y + m->above[row + x] - 1;
		m->front[row + x] =
			m->solid[row + x] || (on && m->above[row + x] > 0 && gap <= gap_max);
	}
}

static int least_side(const struct motion_region *r)
{
	int width = r->x2 - r->x1, height = r->y2 - r->y1;
	return width < height ? width : height;
}

/*
 * Keeps what has something solid closely above and below, and regions that have next to nothing
 * solid: dark vehicles.
 */
static void settle_shadows(struct motion_mask *m)
{
	const int w = m->width;
	const int64_t n = (int64_t)w * m->height;
	const struct motion_regions *rs = &m->regions;
	memset(m->front, 0, (size_t)n);
	memset(m->kept, 0, sizeof(m->kept));
	for (int x = 0; x < w; x++)
		m->columns[x] = (struct motion_column){-2, -1};
	for (int k = 0; k < rs->run_count; k++)
		look_up(m, &rs->runs[k]);
	for (int x = 0; x < w; x++)
		m->columns[x] = (struct motion_column){-2, -1};
	for (int k = rs->run_count - 1; k >= 0; k--) {
		const struct motion_run *run = &rs->runs[k];
		if (run->root < 0)
			continue;
		look_down(m, run, (int)(GAP_RATIO * least_side(&rs->items[run->root])));
		for (int x = run->x1; x < run->x2; x++)
			m->kept[run->root] += m->front[(int64_t)run->y * w + x];
	}
	for (int k = 0; k < rs->run_count; k++) {
		const struct motion_run *run = &rs->runs[k];
		if (run->root >= 0 && m->kept[run->root] < m->min_area)
			memset(m->front + (int64_t)run->y * w + run->x1, 1,
				(size_t)(run->x2 - run->x1));
	}
}

/* Grey areas count; the rim of a shadow, two samples wide, does not. */
static void add_soft(struct motion_mask *m, const uint8_t *classes)
{
	const int w = m->width, h = m->height;
	background_select(classes, BACKGROUND_SOFT, (int64_t)w * h, m->inner);
	background_erode(m->inner, w, w, h, 1, 1, m->scratch, m->inner);
	background_dilate(m->inner, w, w, h, 1, 1, m->scratch, m->inner);
	background_join(m->inner, (int64_t)w * h, m->solid);
}

void motion_mask_find(struct motion_mask *mask, const uint8_t *luma, const uint8_t *reference,
	const uint8_t *classes)
{
	const int w = mask->width, h = mask->height;
	background_select(classes, BACKGROUND_SHADOW, (int64_t)w * h, mask->loose);
	background_majority(mask->loose, w, w, h, 5, mask->scratch, mask->loose);
	close_gaps(mask, mask->loose, 2);
	background_select(classes, BACKGROUND_FRONT, (int64_t)w * h, mask->solid);
	background_majority(mask->solid, w, w, h, 5, mask->scratch, mask->solid);
	add_soft(mask, classes);

	motion_regions_find(&mask->regions, mask->loose);
	add_textured(mask, luma, reference);
	settle_shadows(mask);
	close_gaps(mask, mask->front, 2);
	motion_regions_find(&mask->regions, mask->front);
}
