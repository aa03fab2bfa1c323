/*
 * Verdicts: who broke which rule when, and the numbers that show it. Plain values.
 */
#pragma once

#include "measure/measures.h"

/* The order is part of file formats: append only. */
enum violation_kind {
	VIOLATION_SPEED,
	VIOLATION_RED_LIGHT,
	VIOLATION_LANE,
	VIOLATION_WRONG_WAY,
	VIOLATION_ILLEGAL_TURN,
	VIOLATION_ILLEGAL_U_TURN,
	VIOLATION_ILLEGAL_PARKING,
	VIOLATION_STOPPED_IN_JUNCTION,
	VIOLATION_STOP_SIGN,
	VIOLATION_TAILGATING,
	VIOLATION_PEDESTRIAN_RIGHT_OF_WAY,
	VIOLATION_KIND_COUNT
};

/* "speed_violation", "red_light", "lane_violation", "wrong_way", ... (the contract's words). */
const char *violation_kind_name(enum violation_kind kind);
enum violation_kind violation_kind_from_name(const char *name); /* _COUNT if unknown */

enum severity {
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
};
const char *severity_name(enum severity severity);

#define VIOLATIONS_MAX 64

/*
 * `measured`, `limit` and `uncertainty` are in `unit`, which is the reader's unit ("km/h", "s",
 * "m", "deg"): a verdict is an edge of the system. The verdict holds only because
 * measured - uncertainty (95 %) lies beyond limit + tolerance, where the rule is about a number.
 */
struct violation {
	enum violation_kind kind;
	int rule; /* index of the rule in the configuration */
	char rule_name[48]; /* its name there, or its kind */
	uint32_t track_id;
	enum road_user road_user;
	int truth_id;
	enum severity severity;
	struct media at; /* when the rule was broken: the crossing, not the frame after */
	struct media from, to; /* what was looked at to say so */
	struct box box; /* of the vehicle in the frame that decided */
	double measured, uncertainty, limit, tolerance;
	const char *unit; /* static string */
	char explanation[320]; /* a sentence: what was measured, against what, over which times */
};

enum lamp { LAMP_UNKNOWN, LAMP_RED, LAMP_RED_YELLOW, LAMP_YELLOW, LAMP_GREEN, LAMP_COUNT };
const char *lamp_name(enum lamp lamp);
enum lamp lamp_from_name(const char *name); /* LAMP_COUNT if unknown */

#define SIGNALS_MAX 16

/* The state of a signal as the judge sees it in this frame, for drawing and for the record. */
struct signal_state {
	enum lamp lamp;
	struct media since; /* when it became so */
};

struct violations {
	struct media media;
	int64_t sequence;
	int count;
	int dropped_count;
	struct violation items[VIOLATIONS_MAX];
	int signal_count;
	struct signal_state signals[SIGNALS_MAX];
};
