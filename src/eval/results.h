/*
 * What a run reported: the violations, counts and vehicles of an events file, or the vehicles of a
 * CSV file (docs/events.md), for the evaluators. Lines of other events, and fields that are not
 * needed, are passed over.
 *
 * Memory: a struct results owns all it holds. Threads: read-only once loaded.
 */
#pragma once

#include "base/err.h"
#include "judge/counts.h"
#include "judge/violations.h"

#include <stddef.h>

struct result_violation {
	enum violation_kind kind;
	int track_id;
	int truth_id; /* -1: not known */
	struct media at, from, to;
	struct box box;
};

struct result_count {
	char line[48];
	enum crossing_direction direction;
	int count[ROAD_USER_COUNT];
	char lane[48]; /* of this one of its lanes; "": of the whole line */
};

struct result_vehicle {
	int track_id;
	int truth_id; /* -1: not known */
	struct media first, last;
	struct vec2 from_px, to_px; /* where its ground point was then */
	enum speed_status speed_status;
	double speed_mps, sigma_mps; /* where speed_status is SPEED_OK */
	struct media speed_at;
	struct media speed_from, speed_to; /* what it was measured over; CSV: speed_at */
};

struct results {
	int violation_count, count_count, vehicle_count;
	struct result_violation *violations; /* in the order of the file */
	struct result_count *counts;
	struct result_vehicle *vehicles;
	bool complete; /* it ends with the end event of a complete run */
};

/* -EINVAL with "FILE:LINE: reason" in `err`, -errno of opening it, -ENOMEM. */
int results_load(const char *path, struct err *err, struct results **ret_results);
/* The same from memory; `name` stands for the file in messages. Text that does not begin with a
 * brace is CSV. */
int results_parse(const char *text, size_t length, const char *name, struct err *err,
	struct results **ret_results);
void results_free(struct results **results);
