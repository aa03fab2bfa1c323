/*
 * Roads and their lanes as lines on the road plane.
 *
 * Threads: read-only once made. Memory: road_finish() frees it.
 */
#pragma once

#include "base/err.h"
#include "sim/params.h"
#include "sim/path.h"

#define ROAD_LANES_MAX 12

struct lane {
	double left_m; /* of its middle from the road's line, positive to the left */
	bool backward;
	char name[8]; /* "f1" */
};

struct road {
	const struct sim_road_params *params;
	struct path line;
	int lane_count;
	struct lane lanes[ROAD_LANES_MAX]; /* f1, f2, ..., b1, b2, ... */
	double right_m, left_m; /* edges of the outermost lanes from the line; left_m > right_m */
};

int road_init(const struct sim_road_params *params, struct err *err, struct road *ret_road);
void road_finish(struct road *road);

/* By the name behind the dot, or NULL. */
const struct lane *road_lane(const struct road *road, const char *name);
/* A point beside the road's line. */
struct vec2 road_point(const struct road *road, double at_m, double left_m);
/*
 * Adds the middle of a lane between two places of the road, in the order given, to a path: every
 * corner of the road's line and a point every few metres where it bends.
 */
int road_trace(
	const struct road *road, double left_m, double from_m, double to_m, struct path *path);
