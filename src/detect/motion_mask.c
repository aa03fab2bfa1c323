#include "detect/motion_mask.h"

#include "pixel/background.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A luma step beyond what a shadow does to the background's own step. */
#define TEXTURE_LEVELS 12

enum { LEFT = 1, RIGHT = 2, ABOVE = 4, BELOW = 8, ALL_SIDES = 15 };

int motion_mask_init(struct motion_mask *mask, int width, int height, double min_area)
{
	*mask = (struct motion_mask){.width = width, .height = height};
	size_t n = (size_t)width * (size_t)height;
	mask->min_area = min_area;
	uint8_t **planes[] = {&mask->loose, &mask->solid, &mask->scratch, &mask->inner,
		&mask->sides, &mask->front};
	bool ok = true;
	for (size_t i = 0; i < sizeof(planes) / sizeof(planes[0]); i++)
		ok = (*planes[i] = calloc(n, 1)) && ok;
	if (ok && motion_regions_init(&mask->regions, width, height, MOTION_REGIONS_MAX) == 0)
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
	free(mask->sides);
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
	for (int y = 1; y < h - 1; y++)
		for (int64_t i = (int64_t)y * w + 1; i < (int64_t)y * w + w - 1; i++)
			if (m->inner[i] && !m->solid[i] && is_textured(luma + i, ref + i, w))
				m->solid[i] = 1;
}

static void mark_rows(struct motion_mask *m)
{
	const int w = m->width;
	for (int y = 0; y < m->height; y++) {
		const uint8_t *loose = m->loose + (int64_t)y * w;
		const uint8_t *solid = m->solid + (int64_t)y * w;
		uint8_t *sides = m->sides + (int64_t)y * w;
		uint8_t seen = 0;
		for (int x = 0; x < w; x++) {
			seen = loose[x] ? (solid[x] ? LEFT : seen) : 0;
			sides[x] = seen;
		}
		seen = 0;
		for (int x = w - 1; x >= 0; x--) {
			seen = loose[x] ? (solid[x] ? RIGHT : seen) : 0;
			sides[x] |= seen;
		}
	}
}

/* Row by row instead of column by column, so that memory is read in order. */
static void mark_column_step(const uint8_t *restrict loose, const uint8_t *restrict solid,
	uint8_t *restrict seen, uint8_t *restrict sides, int width, uint8_t side)
{
	for (int x = 0; x < width; x++) {
		seen[x] = loose[x] ? (solid[x] ? side : seen[x]) : 0;
		sides[x] |= seen[x];
	}
}

static void mark_columns(struct motion_mask *m)
{
	const int w = m->width, h = m->height;
	uint8_t *seen = m->scratch;
	memset(seen, 0, (size_t)w);
	for (int y = 0; y < h; y++)
		mark_column_step(m->loose + (int64_t)y * w, m->solid + (int64_t)y * w, seen,
			m->sides + (int64_t)y * w, w, ABOVE);
	memset(seen, 0, (size_t)w);
	for (int y = h - 1; y >= 0; y--)
		mark_column_step(m->loose + (int64_t)y * w, m->solid + (int64_t)y * w, seen,
			m->sides + (int64_t)y * w, w, BELOW);
}

/* Keeps what is solid on all four sides, and regions that have next to nothing solid: dark cars. */
static void settle_shadows(struct motion_mask *m)
{
	const int w = m->width;
	const int64_t n = (int64_t)w * m->height;
	mark_rows(m);
	mark_columns(m);
	for (int64_t i = 0; i < n; i++)
		m->front[i] = m->solid[i] | (((m->sides[i] & (ABOVE | BELOW)) == (ABOVE | BELOW)));

	motion_regions_find(&m->regions, m->loose);
	memset(m->kept, 0, sizeof(m->kept));
	for (int i = 0; i < m->regions.run_count; i++) {
		const struct motion_run *run = &m->regions.runs[i];
		if (run->root >= 0)
			for (int x = run->x1; x < run->x2; x++)
				m->kept[run->root] += m->front[(int64_t)run->y * w + x];
	}
	for (int i = 0; i < m->regions.run_count; i++) {
		const struct motion_run *run = &m->regions.runs[i];
		if (run->root >= 0 && m->kept[run->root] < m->min_area)
			memset(m->front + (int64_t)run->y * w + run->x1, 1,
				(size_t)(run->x2 - run->x1));
	}
}

void motion_mask_find(struct motion_mask *mask, const uint8_t *luma, const uint8_t *reference,
	const uint8_t *classes)
{
	const int w = mask->width, h = mask->height;
	for (int64_t i = 0; i < (int64_t)w * h; i++) {
		mask->loose[i] = classes[i] >= BACKGROUND_SHADOW;
		mask->solid[i] = classes[i] >= BACKGROUND_WEAK;
	}
	background_majority(mask->loose, w, w, h, 5, mask->scratch, mask->loose);
	background_majority(mask->solid, w, w, h, 5, mask->scratch, mask->solid);
	close_gaps(mask, mask->loose, 2);
	add_textured(mask, luma, reference);
	settle_shadows(mask);
	close_gaps(mask, mask->front, 2);
	motion_regions_find(&mask->regions, mask->front);
}
