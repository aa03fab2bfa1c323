/*
 * Points, boxes, segments, polygons and 3x3 matrices.
 *
 * Image coordinates are in pixels, x to the right, y down, (0, 0) the top left corner of the top
 * left pixel. Road coordinates are in metres on the ground plane.
 */
#pragma once

#include <math.h>
#include <stdbool.h>

struct vec2 {
	double x, y;
};

/* Axis-aligned, x1 <= x2 and y1 <= y2. */
struct box {
	float x1, y1, x2, y2;
};

/* Row-major. */
struct mat3 {
	double m[3][3];
};

/*
 * fmax() and fmin() without the call, and in vectors where a loop allows: `b` where `a` is NaN.
 * Hot: they bound what nearly every step of tracking and measuring works out.
 */
static inline double larger(double a, double b)
{
	return a > b ? a : b;
}
static inline double smaller(double a, double b)
{
	return a < b ? a : b;
}

static inline struct vec2 vec2_sub(struct vec2 a, struct vec2 b)
{
	return (struct vec2){a.x - b.x, a.y - b.y};
}
static inline struct vec2 vec2_add(struct vec2 a, struct vec2 b)
{
	return (struct vec2){a.x + b.x, a.y + b.y};
}
static inline struct vec2 vec2_scale(struct vec2 a, double s)
{
	return (struct vec2){a.x * s, a.y * s};
}
static inline double vec2_dot(struct vec2 a, struct vec2 b)
{
	return a.x * b.x + a.y * b.y;
}
/* z of the cross product: positive where b is counter-clockwise of a with y up. */
static inline double vec2_cross(struct vec2 a, struct vec2 b)
{
	return a.x * b.y - a.y * b.x;
}
static inline double vec2_length(struct vec2 a)
{
	return sqrt(a.x * a.x + a.y * a.y); /* nothing here is so large that hypot() is needed */
}

static inline float box_width(struct box b)
{
	return b.x2 - b.x1;
}
static inline float box_height(struct box b)
{
	return b.y2 - b.y1;
}
static inline float box_area(struct box b)
{
	return box_width(b) * box_height(b);
}
static inline struct vec2 box_center(struct box b)
{
	return (struct vec2){0.5 * ((double)b.x1 + b.x2), 0.5 * ((double)b.y1 + b.y2)};
}
static inline struct vec2 box_bottom_center(struct box b)
{
	return (struct vec2){0.5 * ((double)b.x1 + b.x2), b.y2};
}
/* Hot: every pair of boxes of a frame comes here, so this compares where fminf() would be called.
 */
static inline bool boxes_overlap(struct box a, struct box b)
{
	return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

static inline struct box box_moved(struct box b, struct vec2 by)
{
	float x = (float)by.x, y = (float)by.y;
	return (struct box){b.x1 + x, b.y1 + y, b.x2 + x, b.y2 + y};
}

static inline float box_overlap_area(struct box a, struct box b)
{
	if (!boxes_overlap(a, b))
		return 0;
	float width = (a.x2 < b.x2 ? a.x2 : b.x2) - (a.x1 > b.x1 ? a.x1 : b.x1);
	float height = (a.y2 < b.y2 ? a.y2 : b.y2) - (a.y1 > b.y1 ? a.y1 : b.y1);
	return width * height;
}
/* Area of intersection over area of union, 0 to 1. */
static inline float box_iou(struct box a, struct box b)
{
	float common = box_overlap_area(a, b);
	return common > 0 ? common / (box_area(a) + box_area(b) - common) : 0;
}
/* Share of `a` that lies in `b`; 0 where `a` has no area. */
static inline float box_cover(struct box a, struct box b)
{
	float area = box_area(a);
	return area > 0 ? box_overlap_area(a, b) / area : 0;
}
/* The smallest box around both. */
static inline struct box box_union(struct box a, struct box b)
{
	return (struct box){a.x1 < b.x1 ? a.x1 : b.x1, a.y1 < b.y1 ? a.y1 : b.y1,
		a.x2 > b.x2 ? a.x2 : b.x2, a.y2 > b.y2 ? a.y2 : b.y2};
}
/* Wider by dx and higher by dy at each side. */
static inline struct box box_grow(struct box b, float dx, float dy)
{
	return (struct box){b.x1 - dx, b.y1 - dy, b.x2 + dx, b.y2 + dy};
}
static inline bool box_inside(struct box inner, struct box outer)
{
	return inner.x1 >= outer.x1 && inner.y1 >= outer.y1 && inner.x2 <= outer.x2 &&
	       inner.y2 <= outer.y2;
}
/* The wider of the gaps between two boxes along x and y; 0 where they touch or overlap. */
static inline float box_gap(struct box a, struct box b)
{
	float dx = a.x1 - b.x2 > b.x1 - a.x2 ? a.x1 - b.x2 : b.x1 - a.x2;
	float dy = a.y1 - b.y2 > b.y1 - a.y2 ? a.y1 - b.y2 : b.y1 - a.y2;
	float gap = dx > dy ? dx : dy;
	return gap > 0 ? gap : 0;
}
struct box box_clip(struct box b, double width_px, double height_px);

/*
 * Where segments p0-p1 and q0-q1 meet: `ret_t` and `ret_u` are the shares, 0 to 1, along the first
 * and the second (both may be NULL). Parallel segments do not meet.
 */
bool segments_meet(struct vec2 p0, struct vec2 p1, struct vec2 q0, struct vec2 q1, double *ret_t,
	double *ret_u);
/* Distance from p to the segment a-b, same unit as the points. */
double segment_distance(struct vec2 p, struct vec2 a, struct vec2 b);

/* Even-odd rule; points exactly on an edge may fall either way. */
bool polygon_contains(const struct vec2 *polygon, int count, struct vec2 p);
/* Signed area, positive where the corners run counter-clockwise with y up. */
double polygon_area(const struct vec2 *polygon, int count);
/*
 * True where two edges that are not neighbours meet; the indices of the first corners of one such
 * pair go to `ret_a` and `ret_b`.
 */
bool polygon_crosses_itself(const struct vec2 *polygon, int count, int *ret_a, int *ret_b);

struct mat3 mat3_identity(void);
struct mat3 mat3_mul(struct mat3 a, struct mat3 b);
/* 0, or -EDOM where the matrix is singular. */
int mat3_invert(struct mat3 a, struct mat3 *ret_inverse);
/*
 * A homography applied to a point. The third homogeneous coordinate goes to `ret_w` (may be NULL):
 * a sign other than that of the calibrated points means beyond the horizon.
 */
static inline struct vec2 mat3_project(const struct mat3 *h, struct vec2 p, double *ret_w)
{
	double x = h->m[0][0] * p.x + h->m[0][1] * p.y + h->m[0][2];
	double y = h->m[1][0] * p.x + h->m[1][1] * p.y + h->m[1][2];
	double w = h->m[2][0] * p.x + h->m[2][1] * p.y + h->m[2][2];
	if (ret_w)
		*ret_w = w;
	return (struct vec2){x / w, y / w};
}
