/*
 * A line or a zone of the scene in the space in which the judge works: metres on the road where the
 * scene is calibrated, else pixels. Private to src/judge.
 *
 * A straight edge stays straight on the way from picture to road, unless the lens bends it: then it
 * is carried over in short pieces.
 */
#pragma once

#include "base/err.h"
#include "base/options.h"
#include "judge/judge.h"

struct outline {
	char name[48];
	bool closed;
	int space; /* in which it was given */
	int count;
	struct vec2 *points;
	struct vec2 *normals; /* of the edge after each point, forward, of length 1; 0: no length */
	struct vec2 low, high; /* bounding box */
	double handed; /* +1 where y points down (pixels), -1 where it points up (metres) */
};

/*
 * `calibration` NULL: the working space is the picture. -EDOM with the reason where a point cannot
 * be carried over, -ENOMEM.
 */
int outline_init(struct outline *outline, const char *name, const struct option_points *points,
	bool closed, int space, const struct calibration *calibration, struct err *err);
void outline_finish(struct outline *outline);

bool outline_contains(const struct outline *zone, struct vec2 p);
/* To the nearest edge, inside or out. */
double outline_distance(const struct outline *outline, struct vec2 p);
/*
 * Of a line: distance to it, positive on the side that is forward (counts.h), as if its nearest
 * edge went on for ever; `ret_normal` (may be NULL) is the unit vector forward.
 */
double outline_side(const struct outline *line, struct vec2 p, struct vec2 *ret_normal);
/* Of a line: how far it is along it from its first point to another of its points. */
double outline_length(const struct outline *line, int point);

struct outline_meeting {
	double t; /* share of the step, 0 to 1 */
	double along; /* how far from the line's first point, along it */
	int direction; /* +1 forward, -1 */
};
/* Where a step from `a` to `b` crosses the finite line first; false where it does not. */
bool outline_meets(const struct outline *line, struct vec2 a, struct vec2 b,
	struct outline_meeting *ret_meeting);
