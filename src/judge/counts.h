/*
 * Who crossed which line, how often, in which direction: plain values, no allocation.
 *
 * Lines are finite: going around an end is no crossing. A vehicle counts when the centre of its
 * footprint was clearly on one side and then clearly on the other, at most once for each line and
 * direction; flicker, jitter on the line and a new id for the same vehicle do not count again.
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
	/* How long it covered the line: its extent across it over its speed across it when it was
	 * beyond. One that stopped on the line covered it for longer. NaN: not known. */
	double occupied_s;
};

struct line_count {
	char name[48];
	bool counting; /* false: not a counting line; the numbers stay 0 */
	int count[CROSSING_DIRECTION_COUNT][ROAD_USER_COUNT];
};

#define COUNT_LINES_MAX 32
#define CROSSINGS_MAX 64

struct counts {
	int line_count; /* as many as the configuration has, in its order */
	struct line_count lines[COUNT_LINES_MAX]; /* since the start */
	int crossing_count;
	struct crossing crossings[CROSSINGS_MAX]; /* of this frame */
};
