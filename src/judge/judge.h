/*
 * Measures in, verdicts out. A table of rule kinds (rule.h), one file each; lines, zones and
 * signals by name. One violation per vehicle and rule event, with hysteresis. docs/rules.md says
 * for each kind what fires and what does not.
 *
 * Where the scene is calibrated the judge works in metres on the road plane, and image lines and
 * zones are carried there once; otherwise in pixels, with metres estimated from each vehicle's own
 * size in the picture.
 *
 * Threads: one judge, one thread. Memory: all at creation; none per frame.
 * Time: media time only; a gap in it (measures' `reset`) ends all that was going on.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"
#include "base/options.h"
#include "judge/counts.h"
#include "judge/violations.h"
#include "measure/calibration.h"

enum space {
	SPACE_IMAGE, /* pixels of the source */
	SPACE_ROAD, /* metres on the road plane */
};

struct line_params {
	struct option_where where;
	char *name;
	int space;
	struct option_points points; /* a polyline of two or more */
	bool count; /* crossings are counted (counts.h) */
	/* Of its stretches from point to point, or equal parts of it (docs/rules.md); none: one. */
	struct option_strings lanes;
};

struct zone_params {
	struct option_where where;
	char *name;
	int space;
	struct option_points polygon; /* three or more corners, not crossing itself */
};

struct phase_params {
	struct option_where where;
	int lamp; /* enum lamp */
	double duration_s;
};

/* Two opposite corners each, in pixels; none: not given. */
struct lamps_params {
	struct option_points red, yellow, green;
};

/* Exactly one source: `region`, `lamps`, `phases` or `file`. */
struct signal_params {
	struct option_where where;
	char *name;
	struct option_points
		region; /* the whole head, two corners; red at the top or at the left */
	struct lamps_params lamps; /* one region per lamp */
	double hold_s; /* a lamp read from the picture must last that long to be believed */
	struct option_list phases; /* struct phase_params, repeated for ever */
	double offset_s; /* media time at which the first phase begins */
	char *file; /* JSON Lines {"t": 12.4, "lamp": "red"} */
};

struct judge_params {
	struct option_list lines; /* struct line_params */
	struct option_list zones; /* struct zone_params */
	struct option_list signals; /* struct signal_params */
	struct option_list rules; /* OPTION_KINDS, one table per rule kind */
	/* Set by the pipeline, not by the user; NULL: not calibrated. Borrowed until destroy. */
	const struct calibration *calibration;
};
/* The four lists as options of one table that scene.c includes into the top level. */
extern const struct option_table judge_options;

/*
 * What no table can say: names that do not exist, polygons that cross themselves, lines outside
 * the image (width and height 0: not known yet). Adds to `problems`.
 */
void judge_check(const struct judge_params *params, int width_px, int height_px, bool calibrated,
	struct problems *problems);

/*
 * The signal that a rule ties to this line (both as indices into the lists), or -1: what colours a
 * stop line in pictures. Where rules name several, the first rule's.
 */
int judge_line_signal(const struct judge_params *params, int line);

struct judge;

/*
 * -EINVAL or -EDOM with the reason for what judge_check() could not know: a zone beyond the
 * horizon of the calibration, a signal file that cannot be read.
 */
int judge_create(const struct judge_params *params, struct err *err, struct judge **ret_judge);
void judge_destroy(struct judge **judge);
/*
 * `frame` is for lamps read from the picture and for rules with hours, and may be NULL. Fills
 * `out` and `counts`, as many items as each says it has. 0, or -EINVAL where media time did not
 * increase. Frames in which nobody looked for road users (measures' `coasted`) move the signals
 * only: verdicts rest on what was seen, never on predictions.
 */
int judge_step(struct judge *judge, const struct frame *frame, const struct measures *measures,
	struct violations *out, struct counts *counts);
/*
 * At the end of the source: verdicts that waited for what the vehicle would do next, and who was
 * just on a line. `out` and `counts` as in judge_step(). The judge goes on as after a gap.
 */
void judge_flush(struct judge *judge, struct violations *out, struct counts *counts);
