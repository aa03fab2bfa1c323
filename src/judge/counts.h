/*
 * Who crossed which line, how often, in which direction: plain values, no allocation.
 *
 * Lines are finite: going around an end is no crossing. A vehicle counts when the centre of its
 * footprint was clearly on one side and then clearly on the other, at most once for each line and
 * direction; flicker, jitter on the line and a new id for the same vehicle do not count again.
 *
 * Where a line is divided into lanes, who crosses it is in the lane in which the centre of its
 * footprint met the line. So near to a division that the position may be off by as much (0.3 m, or
 * twice its standard deviation), that is the likelier of two: it is counted there, as unsure.
 *
 * Forward is from the left to the right of somebody who walks along the line from its first point
 * to its last, in the picture as on a map.
 */
#pragma once

#include "measure/measures.h"

enum crossing_direction {
	CROSSING_FORWARD,
	CROSSING_BACKWARD,
	CROSSING_DIRECTION_COUNT,
};
/* "forward", "backward". */
const char *crossing_direction_name(enum crossing_direction direction);

struct crossing {
	int line; /* index of the line in the configuration */
	enum crossing_direction direction;
	uint32_t track_id;
	int truth_id;
	enum road_user road_user;
	struct media at; /* interpolated between frames */
	int lane; /* index into counts.lanes; -1: the line has none */
	bool lane_unsure; /* so near to a division that it may be the next lane */
	/* How long it covered the line: its extent across it over its speed across it when it was
	 * beyond. One that stopped on the line covered it for longer. NaN: not known. */
	double occupied_s;
};

struct line_count {
	char name[48];
	bool counting; /* false: not a counting line; the numbers stay 0 */
	int count[CROSSING_DIRECTION_COUNT][ROAD_USER_COUNT];
};

/* A part of what was counted on a line. */
struct lane_count {
	char name[48];
	int line; /* index of its line */
	int count[CROSSING_DIRECTION_COUNT][ROAD_USER_COUNT];
	int unsure[CROSSING_DIRECTION_COUNT]; /* of them */
};

#define COUNT_LINES_MAX 32
#define COUNT_LANES_MAX 64 /* of all lines together */
#define CROSSINGS_MAX 64

struct counts {
	int line_count; /* as many as the configuration has, in its order */
	struct line_count lines[COUNT_LINES_MAX]; /* since the start */
	int lane_count; /* as the lines have them, from their first point to their last */
	struct lane_count lanes[COUNT_LANES_MAX]; /* since the start */
	int crossing_count;
	struct crossing crossings[CROSSINGS_MAX]; /* of this frame */
};
