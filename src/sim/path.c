#include "sim/path.h"

#include <errno.h>
#include <stdlib.h>

int path_add(struct path *p, struct vec2 point)
{
	if (p->count > 0 && vec2_length(vec2_sub(point, p->points[p->count - 1])) < 1e-6)
		return 0;
	if (p->count == p->capacity) {
		int capacity = p->capacity ? 2 * p->capacity : 16;
		struct vec2 *points = realloc(p->points, (size_t)capacity * sizeof(*points));
		if (!points)
			return -ENOMEM;
		p->points = points;
		p->capacity = capacity;
	}
	p->points[p->count++] = point;
	return 0;
}

int path_add_bend(struct path *p, struct vec2 from_dir, struct vec2 to, struct vec2 to_dir)
{
	struct vec2 from = p->points[p->count - 1];
	double chord = vec2_length(vec2_sub(to, from));
	/* The handle that makes a cubic nearly circular: 4/3 tan(angle / 4) times the radius. */
	double angle = fabs(atan2(vec2_cross(from_dir, to_dir), vec2_dot(from_dir, to_dir)));
	double reach = angle > 1e-3
			       ? 4.0 / 3 * tan(angle / 4) * chord / (2 * sin(fmax(angle, 0.01) / 2))
			       : chord / 3;
	reach = fmin(reach, chord);
	struct vec2 c1 = vec2_add(from, vec2_scale(from_dir, reach));
	struct vec2 c2 = vec2_sub(to, vec2_scale(to_dir, reach));
	int steps = (int)fmax(8, ceil(chord / 0.5));
	for (int i = 1; i <= steps; i++) {
		double t = (double)i / steps, u = 1 - t;
		struct vec2 q = vec2_scale(from, u * u * u);
		q = vec2_add(q, vec2_scale(c1, 3 * u * u * t));
		q = vec2_add(q, vec2_scale(c2, 3 * u * t * t));
		q = vec2_add(q, vec2_scale(to, t * t * t));
		int r = path_add(p, q);
		if (r < 0)
			return r;
	}
	return 0;
}

static struct vec2 left_of(struct vec2 direction)
{
	double l = vec2_length(direction);
	return (struct vec2){-direction.y / l, direction.x / l};
}

int path_seal(struct path *p)
{
	if (p->count < 2)
		return -EINVAL;
	p->normals = calloc((size_t)p->count, sizeof(*p->normals));
	p->s_m = calloc((size_t)p->count, sizeof(*p->s_m));
	if (!p->normals || !p->s_m)
		return -ENOMEM;
	for (int i = 0; i < p->count; i++) {
		struct vec2 in = {0, 0}, out = {0, 0};
		if (i > 0) {
			in = vec2_sub(p->points[i], p->points[i - 1]);
			p->s_m[i] = p->s_m[i - 1] + vec2_length(in);
		}
		if (i + 1 < p->count)
			out = vec2_sub(p->points[i + 1], p->points[i]);
		struct vec2 sum = {0, 0};
		if (i > 0)
			sum = left_of(in);
		if (i + 1 < p->count)
			sum = vec2_add(sum, left_of(out));
		double l = vec2_length(sum);
		p->normals[i] = l > 1e-9 ? vec2_scale(sum, 1 / l) : left_of(i > 0 ? in : out);
	}
	return 0;
}

void path_finish(struct path *p)
{
	free(p->points);
	free(p->normals);
	free(p->s_m);
	*p = (struct path){0};
}

double path_length(const struct path *p)
{
	return p->s_m[p->count - 1];
}

/* Index of the segment that holds s. */
static int segment_of(const struct path *p, double s)
{
	int low = 0, high = p->count - 1;
	while (high - low > 1) {
		int middle = (low + high) / 2;
		if (p->s_m[middle] <= s)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct path_spot path_at(const struct path *p, double s)
{
	int i = segment_of(p, s);
	double length = p->s_m[i + 1] - p->s_m[i];
	double t = (s - p->s_m[i]) / length;
	struct vec2 slope = vec2_scale(vec2_sub(p->points[i + 1], p->points[i]), 1 / length);
	struct path_spot spot = {
		.position = vec2_add(p->points[i], vec2_scale(slope, s - p->s_m[i])),
		.slope = slope,
		.normal = p->normals[i],
	};
	if (t >= 0 && t <= 1) {
		struct vec2 turn = vec2_sub(p->normals[i + 1], p->normals[i]);
		spot.normal = vec2_add(p->normals[i], vec2_scale(turn, t));
		spot.normal_slope = vec2_scale(turn, 1 / length);
	} else if (t > 1) {
		spot.normal = p->normals[i + 1];
	}
	return spot;
}

double path_nearest(
	const struct path *p, struct vec2 point, double from_m, double to_m, double *ret_left_m)
{
	double best = INFINITY, best_s = from_m;
	struct vec2 best_offset = {0, 0}, best_dir = {1, 0};
	for (int i = segment_of(p, from_m); i + 1 < p->count && p->s_m[i] <= to_m; i++) {
		double length = p->s_m[i + 1] - p->s_m[i];
		struct vec2 dir = vec2_scale(vec2_sub(p->points[i + 1], p->points[i]), 1 / length);
		double along = vec2_dot(vec2_sub(point, p->points[i]), dir);
		along = fmin(fmax(along, from_m - p->s_m[i]), to_m - p->s_m[i]);
		if (i > 0)
			along = fmax(along, 0);
		if (i + 2 < p->count)
			along = fmin(along, length);
		struct vec2 at = vec2_add(p->points[i], vec2_scale(dir, along));
		struct vec2 offset = vec2_sub(point, at);
		double distance = vec2_length(offset);
		if (distance >= best)
			continue;
		best = distance;
		best_s = p->s_m[i] + along;
		best_offset = offset;
		best_dir = dir;
	}
	*ret_left_m = copysign(best, vec2_cross(best_dir, best_offset));
	return best_s;
}

bool path_crossing(const struct path *p, struct vec2 a, struct vec2 b, double *ret_s_m)
{
	for (int i = 0; i + 1 < p->count; i++) {
		double t;
		if (!segments_meet(p->points[i], p->points[i + 1], a, b, &t, NULL))
			continue;
		*ret_s_m = p->s_m[i] + t * (p->s_m[i + 1] - p->s_m[i]);
		return true;
	}
	return false;
}

double path_heading(const struct path *p, double s_m)
{
	struct vec2 slope = path_at(p, s_m).slope;
	return atan2(slope.y, slope.x);
}
