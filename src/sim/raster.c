#include "sim/raster.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int raster_init(struct raster *r, int sub_x, int sub_y, int pixels)
{
	*r = (struct raster){.sub_x = sub_x, .sub_y = sub_y};
	r->capacity_samples = pixels * sub_x * sub_y;
	r->near_per_m = malloc((size_t)r->capacity_samples * sizeof(float));
	r->value = malloc((size_t)r->capacity_samples * sizeof(uint32_t));
	if (!r->near_per_m || !r->value) {
		raster_finish(r);
		return -ENOMEM;
	}
	return 0;
}

void raster_finish(struct raster *r)
{
	free(r->near_per_m);
	free(r->value);
	*r = (struct raster){0};
}

int raster_rows(const struct raster *r, int width_px)
{
	int rows = r->capacity_samples / (r->sub_x * r->sub_y * width_px);
	return rows > 1 ? rows : 1;
}

void raster_begin(struct raster *r, int x_px, int y_px, int width_px, int height_px)
{
	r->x_px = x_px;
	r->y_px = y_px;
	r->width_px = width_px;
	r->height_px = height_px;
	r->width_samples = width_px * r->sub_x;
	r->height_samples = height_px * r->sub_y;
	size_t count = (size_t)r->width_samples * (size_t)r->height_samples;
	assert(count <= (size_t)r->capacity_samples);
	memset(r->near_per_m, 0, count * sizeof(float));
	memset(r->value, 0, count * sizeof(uint32_t));
}

/* One row of samples; kept apart and branchless so that it becomes vector code. */
static void fill_nearer(float *restrict near, uint32_t *restrict value, int count, float at,
	float step, uint32_t fill)
{
	for (int i = 0; i < count; i++) {
		float n = at + step * (float)i;
		uint32_t old = value[i];
		float old_near = near[i];
		value[i] = n > old_near ? fill : old;
		near[i] = n > old_near ? n : old_near;
	}
}

struct edge {
	double x, slope; /* x at y = 0 of the samples, and its change a row */
};

/* Always from the upper end, so that both triangles along an edge get the same numbers. */
static struct edge edge_of(const struct raster_vertex *a, const struct raster_vertex *b)
{
	double slope = b->y_px > a->y_px ? (b->x_px - a->x_px) / (b->y_px - a->y_px) : 0;
	return (struct edge){a->x_px - slope * a->y_px, slope};
}

static int clamp_int(double v, int low, int high)
{
	return v < low ? low : v > high ? high : (int)v;
}

static void fill(struct raster *r, const struct raster_vertex in[3], uint32_t value, bool depth)
{
	struct raster_vertex v[3];
	for (int i = 0; i < 3; i++)
		v[i] = (struct raster_vertex){(in[i].x_px - r->x_px) * r->sub_x,
			(in[i].y_px - r->y_px) * r->sub_y, in[i].near_per_m};
	const struct raster_vertex *top = &v[0], *mid = &v[1], *low = &v[2], *t;
	if (mid->y_px < top->y_px)
		t = top, top = mid, mid = t;
	if (low->y_px < mid->y_px)
		t = mid, mid = low, low = t;
	if (mid->y_px < top->y_px)
		t = top, top = mid, mid = t;
	double area = (v[1].x_px - v[0].x_px) * (v[2].y_px - v[0].y_px) -
		      (v[2].x_px - v[0].x_px) * (v[1].y_px - v[0].y_px);
	if (!(fabs(area) > 1e-12))
		return;
	double n1 = v[1].near_per_m - v[0].near_per_m, n2 = v[2].near_per_m - v[0].near_per_m;
	double dx = (n1 * (v[2].y_px - v[0].y_px) - n2 * (v[1].y_px - v[0].y_px)) / area;
	double dy = (n2 * (v[1].x_px - v[0].x_px) - n1 * (v[2].x_px - v[0].x_px)) / area;
	struct edge whole = edge_of(top, low), upper = edge_of(top, mid), lower = edge_of(mid, low);
	int row = clamp_int(ceil(top->y_px - 0.5), 0, r->height_samples);
	int end = clamp_int(ceil(low->y_px - 0.5), 0, r->height_samples);
	for (; row < end; row++) {
		double y = row + 0.5;
		const struct edge *other = y < mid->y_px ? &upper : &lower;
		double xa = whole.x + whole.slope * y, xb = other->x + other->slope * y;
		int from = clamp_int(ceil(fmin(xa, xb) - 0.5), 0, r->width_samples);
		int to = clamp_int(ceil(fmax(xa, xb) - 0.5), 0, r->width_samples);
		if (from >= to)
			continue;
		size_t at = (size_t)row * (size_t)r->width_samples + (size_t)from;
		double near =
			v[0].near_per_m + dx * (from + 0.5 - v[0].x_px) + dy * (y - v[0].y_px);
		if (depth)
			fill_nearer(r->near_per_m + at, r->value + at, to - from, (float)near,
				(float)dx, value);
		else
			for (int i = 0; i < to - from; i++)
				r->value[at + (size_t)i] = value;
	}
}

void raster_triangle(struct raster *r, const struct raster_vertex v[3], uint32_t value)
{
	fill(r, v, value, true);
}

void raster_cover(struct raster *r, const struct raster_vertex v[3], uint32_t value)
{
	fill(r, v, value, false);
}
