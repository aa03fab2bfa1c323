/*
 * Measures in, verdicts out. A table of rule kinds (rule.h), one file each; lines, zones and
 * signals by name. One violation per vehicle and rule event, with hysteresis.
 *
 * Threads: one judge, one thread. Memory: all at creation; none per frame.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"
#include "base/options.h"
#include "judge/violations.h"

enum space {
	SPACE_IMAGE, /* pixels of the source */
	SPACE_ROAD,  /* metres on the road plane */
};

struct line_params {
	struct option_where where;
	char *name;
	int space;
	struct option_points points; /* a polyline of two or more */
};

struct zone_params {
	struct option_where where;
	char *name;
	int space;
	struct option_points polygon; /* three or more corners, not crossing itself */
};

struct signal_params; /* by the author of the room: lamp region, schedule, or signal file */

struct judge_params {
	struct option_list lines;   /* struct line_params */
	struct option_list zones;   /* struct zone_params */
	struct option_list signals; /* struct signal_params */
	struct option_list rules;   /* OPTION_KINDS, one table per rule kind */
};
/* The four lists as options of one table that scene.c includes into the top level. */
extern const struct option_table judge_options;

/*
 * What no table can say: names that do not exist, polygons that cross themselves, lines outside
 * the image (width and height 0: not known yet). Adds to `problems`.
 */
void judge_check(const struct judge_params *params, int width_px, int height_px, bool calibrated,
	struct problems *problems);

struct judge;

int judge_create(const struct judge_params *params, struct err *err, struct judge **ret_judge);
void judge_destroy(struct judge **judge);
/* `frame` is for lamps read from the picture and may be NULL. Fills `out` whole. */
int judge_step(struct judge *judge, const struct frame *frame, const struct measures *measures,
	struct violations *out);
