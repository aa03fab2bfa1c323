#include "detect/motion_regions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int motion_regions_init(struct motion_regions *regions, int width, int height, int capacity)
{
	*regions = (struct motion_regions){.width = width, .height = height, .capacity = capacity};
	size_t most_runs = (size_t)((width + 1) / 2) * (size_t)height;
	regions->items = calloc((size_t)capacity, sizeof(*regions->items));
	regions->runs = calloc(most_runs, sizeof(*regions->runs));
	regions->row_first = calloc((size_t)height + 1, sizeof(*regions->row_first));
	regions->order = calloc(most_runs, sizeof(*regions->order));
	if (regions->items && regions->runs && regions->row_first && regions->order)
		return 0;
	motion_regions_finish(regions);
	return -ENOMEM;
}

void motion_regions_finish(struct motion_regions *regions)
{
	free(regions->items);
	free(regions->runs);
	free(regions->row_first);
	free(regions->order);
	*regions = (struct motion_regions){0};
}

static int32_t root_of(struct motion_run *runs, int32_t i)
{
	while (runs[i].root != i) {
		runs[i].root = runs[runs[i].root].root;
		i = runs[i].root;
	}
	return i;
}

static void join(struct motion_run *runs, int32_t a, int32_t b)
{
	a = root_of(runs, a);
	b = root_of(runs, b);
	if (a < b)
		runs[b].root = a;
	else
		runs[a].root = b;
}

static void encode_row(struct motion_regions *rs, const uint8_t *row, int y)
{
	const uint8_t *end = row + rs->width, *p = row;
	while ((p = memchr(p, 1, (size_t)(end - p)))) {
		const uint8_t *q = memchr(p, 0, (size_t)(end - p));
		q = q ? q : end;
		int n = rs->run_count++;
		rs->runs[n] = (struct motion_run){.y = (int16_t)y,
			.x1 = (int16_t)(p - row),
			.x2 = (int16_t)(q - row),
			.root = n};
		p = q;
	}
}

/* Joins the runs of rows y - 1 and y that touch, corners included; both lists run left to right. */
static void join_rows(struct motion_regions *rs, int y)
{
	struct motion_run *runs = rs->runs;
	int a = rs->row_first[y - 1], a_end = rs->row_first[y];
	int b = a_end, b_end = rs->run_count;
	while (a < a_end && b < b_end) {
		if (runs[a].x1 <= runs[b].x2 && runs[b].x1 <= runs[a].x2)
			join(runs, a, b);
		if (runs[a].x2 < runs[b].x2)
			a++;
		else
			b++;
	}
}

static void add_run(struct motion_region *r, const struct motion_run *run)
{
	r->x1 = run->x1 < r->x1 ? run->x1 : r->x1;
	r->x2 = run->x2 > r->x2 ? run->x2 : r->x2;
	r->y2 = run->y + 1;
	r->area += run->x2 - run->x1;
	r->run_count++;
}

/* Roots come before the runs that point at them, so one pass in scan order is enough. */
static void collect(struct motion_regions *rs)
{
	for (int i = 0; i < rs->run_count; i++)
		rs->runs[i].root = root_of(rs->runs, i);
	for (int i = 0; i < rs->run_count; i++) {
		struct motion_run *run = &rs->runs[i];
		if (run->root == i) {
			if (rs->count == rs->capacity) {
				rs->left_out_count++;
				run->root = -1;
				continue;
			}
			rs->items[rs->count] =
				(struct motion_region){.x1 = run->x1, .y1 = run->y, .x2 = run->x2};
			run->root = rs->count++;
		} else {
			run->root = rs->runs[run->root].root;
		}
		if (run->root >= 0)
			add_run(&rs->items[run->root], run);
	}
}

/* Lists the runs of every region together: a counting sort. */
static void sort_runs(struct motion_regions *rs)
{
	int at = 0;
	for (int i = 0; i < rs->count; i++) {
		rs->items[i].run_first = at;
		at += rs->items[i].run_count;
		rs->items[i].run_count = 0;
	}
	for (int i = 0; i < rs->run_count; i++) {
		if (rs->runs[i].root < 0)
			continue;
		struct motion_region *r = &rs->items[rs->runs[i].root];
		rs->order[r->run_first + r->run_count++] = i;
	}
}

void motion_regions_find(struct motion_regions *regions, const uint8_t *mask)
{
	regions->count = regions->run_count = regions->left_out_count = 0;
	for (int y = 0; y < regions->height; y++) {
		regions->row_first[y] = regions->run_count;
		encode_row(regions, mask + (int64_t)y * regions->width, y);
		if (y > 0)
			join_rows(regions, y);
	}
	regions->row_first[regions->height] = regions->run_count;
	collect(regions);
	sort_runs(regions);
}
