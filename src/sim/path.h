/*
 * A line on the road plane measured by its arc length: the centre of a lane, or the way that a
 * road user takes through several.
 *
 * Between its points the line is straight; a sideways offset is laid off along normals that turn
 * evenly from point to point, so that positions are continuous and their derivative is exact.
 *
 * Threads: read-only once built. Memory: path_finish() frees the points.
 */
#pragma once

#include "base/geometry.h"

struct path {
	struct vec2 *points;
	struct vec2 *normals; /* to the left, unit length, at each point */
	double *s_m; /* arc length from the first point */
	int count, capacity;
};

/* What is at a place on a path. */
struct path_spot {
	struct vec2 position;
	struct vec2 normal; /* to the left */
	struct vec2 slope; /* d position / d s: the unit direction of travel */
	struct vec2 normal_slope; /* d normal / d s */
};

/* Appends a point; one that lies on the last one is left out. -ENOMEM. */
int path_add(struct path *path, struct vec2 point);
/* A circle-like bend (a cubic curve) from the last point to `to`, leaving and arriving along the
 * unit directions `from_dir` and `to_dir`. */
int path_add_bend(struct path *path, struct vec2 from_dir, struct vec2 to, struct vec2 to_dir);
/* After the last point: arc lengths and normals. -EINVAL for fewer than two points. */
int path_seal(struct path *path);
void path_finish(struct path *path);

double path_length(const struct path *path);
/* Before the start and beyond the end the line goes on straight. */
struct path_spot path_at(const struct path *path, double s_m);
/*
 * The nearest place on the path between two arc lengths: its arc length, and how far to the left
 * of the path the point lies.
 */
double path_nearest(
	const struct path *path, struct vec2 point, double from_m, double to_m, double *ret_left_m);
/* Arc length where the path first crosses the segment a-b; false where it does not. */
bool path_crossing(const struct path *path, struct vec2 a, struct vec2 b, double *ret_s_m);
/* Direction of travel, atan2(y, x). */
double path_heading(const struct path *path, double s_m);
