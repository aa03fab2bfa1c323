#include "judge/outline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENS_PIECES 8

static bool bends(const struct calibration *calibration)
{
	return calibration && (calibration->lens.k1 != 0 || calibration->lens.k2 != 0);
}

/* Image points become road points, in pieces where the lens bends the edges between them. */
static int carry(struct outline *o, const struct option_points *points,
	const struct calibration *calibration, struct err *err)
{
	int pieces = bends(calibration) ? LENS_PIECES : 1;
	int edges = o->closed ? points->count : points->count - 1;
	for (int i = 0; i < points->count; i++) {
		struct vec2 a = points->items[i], b = points->items[(i + 1) % points->count];
		for (int k = 0; k < (i < edges ? pieces : 1); k++) {
			struct vec2 p = vec2_add(a, vec2_scale(vec2_sub(b, a), (double)k / pieces));
			if (!calibration_to_road(calibration, p, NULL, &o->points[o->count], NULL))
				return err_set(err, -EDOM,
					"%s \"%s\": the point [%g, %g] is not on the road: it lies "
					"at or beyond the "
					"horizon of the calibration; draw it lower",
					o->closed ? "zone" : "line", o->name, p.x, p.y);
			o->count++;
		}
	}
	return 0;
}

static void bound(struct outline *o)
{
	o->low = o->high = o->points[0];
	for (int i = 1; i < o->count; i++) {
		o->low.x = fmin(o->low.x, o->points[i].x);
		o->low.y = fmin(o->low.y, o->points[i].y);
		o->high.x = fmax(o->high.x, o->points[i].x);
		o->high.y = fmax(o->high.y, o->points[i].y);
	}
}

static int edge_count(const struct outline *o)
{
	return o->closed ? o->count : o->count - 1;
}

static void raise_normals(struct outline *o)
{
	for (int i = 0; i < edge_count(o); i++) {
		struct vec2 ab = vec2_sub(o->points[(i + 1) % o->count], o->points[i]);
		double length = vec2_length(ab);
		if (length > 0)
			o->normals[i] = vec2_scale((struct vec2){-ab.y, ab.x}, o->handed / length);
	}
}

int outline_init(struct outline *outline, const char *name, const struct option_points *points,
	bool closed, int space, const struct calibration *calibration, struct err *err)
{
	struct outline o = {.closed = closed, .space = space, .handed = calibration ? -1 : 1};
	snprintf(o.name, sizeof(o.name), "%s", name);
	if (space == SPACE_ROAD && !calibration)
		return err_set(err, -EDOM,
			"%s \"%s\" is in road coordinates, and there is no calibration",
			closed ? "zone" : "line", name);
	if (points->count < (closed ? 3 : 2))
		return err_set(
			err, -EDOM, "%s \"%s\" has too few points", closed ? "zone" : "line", name);
	size_t room = (size_t)points->count * LENS_PIECES;
	o.points = calloc(room, sizeof(o.points[0]));
	o.normals = calloc(room, sizeof(o.normals[0]));
	if (!o.points || !o.normals) {
		outline_finish(&o);
		return err_set(err, -ENOMEM, "no memory for the lines and zones");
	}
	if (space == SPACE_IMAGE && calibration) {
		int r = carry(&o, points, calibration, err);
		if (r < 0) {
			outline_finish(&o);
			return r;
		}
	} else {
		memcpy(o.points, points->items, (size_t)points->count * sizeof(o.points[0]));
		o.count = points->count;
	}
	bound(&o);
	raise_normals(&o);
	*outline = o;
	return 0;
}

void outline_finish(struct outline *outline)
{
	free(outline->points);
	free(outline->normals);
	*outline = (struct outline){0};
}

bool outline_contains(const struct outline *zone, struct vec2 p)
{
	if (p.x < zone->low.x || p.x > zone->high.x || p.y < zone->low.y || p.y > zone->high.y)
		return false;
	return polygon_contains(zone->points, zone->count, p);
}

double outline_distance(const struct outline *outline, struct vec2 p)
{
	double best = INFINITY;
	for (int i = 0; i < edge_count(outline); i++) {
		struct vec2 a = outline->points[i], b = outline->points[(i + 1) % outline->count];
		best = smaller(best, segment_distance(p, a, b));
	}
	return best;
}

/* Of the edge i; 0 where it has no length. */
static double side_of_edge(const struct outline *line, int i, struct vec2 p)
{
	return vec2_dot(line->normals[i], vec2_sub(p, line->points[i]));
}

double outline_side(const struct outline *line, struct vec2 p, struct vec2 *ret_normal)
{
	double nearest = INFINITY, side = 0;
	struct vec2 normal = {0, 0};
	if (line->count == 2) {
		side = side_of_edge(line, 0, p);
		normal = line->normals[0];
	}
	for (int i = 0; line->count > 2 && i + 1 < line->count; i++) {
		double distance = segment_distance(p, line->points[i], line->points[i + 1]);
		double s = side_of_edge(line, i, p);
		/* At a corner two edges are equally near; the one seen less aslant knows the side.
		 */
		bool tie = fabs(distance - nearest) <= 1e-9 * (1 + nearest);
		if (tie ? fabs(s) <= fabs(side) : distance > nearest)
			continue;
		nearest = smaller(distance, nearest);
		side = s;
		normal = line->normals[i];
	}
	if (ret_normal)
		*ret_normal = normal;
	return side;
}

double outline_length(const struct outline *line, int point)
{
	double length = 0;
	for (int i = 0; i < point; i++)
		length += vec2_length(vec2_sub(line->points[i + 1], line->points[i]));
	return length;
}

bool outline_meets(const struct outline *line, struct vec2 a, struct vec2 b,
	struct outline_meeting *ret_meeting)
{
	struct outline_meeting best = {.t = INFINITY};
	double t, u;
	for (int i = 0; i + 1 < line->count; i++) {
		struct vec2 p = line->points[i], q = line->points[i + 1];
		if (!segments_meet(a, b, p, q, &t, &u) || t >= best.t)
			continue;
		best = (struct outline_meeting){
			.t = t,
			.along = outline_length(line, i) + u * vec2_length(vec2_sub(q, p)),
			.direction = line->handed * vec2_cross(vec2_sub(q, p), vec2_sub(b, a)) > 0
					     ? 1
					     : -1,
		};
	}
	if (!(best.t <= 1))
		return false;
	*ret_meeting = best;
	return true;
}
