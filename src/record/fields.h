/*
 * The members that several JSON documents share, so that a violation reads the same in the events,
 * in its evidence record and wherever else it is told of (docs/events.md).
 *
 * Each writes members into the object that is open in `j`.
 */
#pragma once

#include "base/json.h"
#include "judge/violations.h"

/* "KEY": "2024-05-01T12:00:00.040Z" */
void fields_time(struct json *j, const char *key, struct wall start, struct media at);
/* "KEY": 1.234567 */
void fields_seconds(struct json *j, const char *key, struct media at);
/* "bbox": [x1, y1, x2, y2] in source pixels */
void fields_box(struct json *j, struct box box);
/* Everything of a violation but where its evidence lies. `start`: wall time of media time 0. */
void fields_violation(struct json *j, const struct violation *violation, const char *device_id,
	struct wall start);
