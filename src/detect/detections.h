/*
 * What a detector found in one frame: plain values, no allocation.
 */
#pragma once

#include "base/clock.h"
#include "base/frame.h"
#include "base/geometry.h"

#include <stdint.h>

/* The road users Gantry tells apart. The order is part of file formats: append only. */
enum road_user {
	ROAD_USER_UNKNOWN, /* a moving thing whose class was not determined; named "vehicle" */
	ROAD_USER_PERSON,
	ROAD_USER_BICYCLE,
	ROAD_USER_MOTORCYCLE,
	ROAD_USER_CAR,
	ROAD_USER_BUS,
	ROAD_USER_TRUCK,
	ROAD_USER_COUNT
};

/* "vehicle", "person", "bicycle", "motorcycle", "car", "bus", "truck". */
const char *road_user_name(enum road_user road_user);
/* The reverse, also for other words in use, such as "van" (car); ROAD_USER_COUNT if unknown. */
enum road_user road_user_from_name(const char *name);

#define DETECTIONS_MAX 512

struct detection {
	struct box box; /* source pixels, clipped to the frame */
	float confidence_ratio; /* 0 to 1 */
	enum road_user road_user;
	int truth_id; /* the `truth` detector's own id, for evaluation only; else -1 */
};

struct detections {
	struct media media; /* of the frame they were found in */
	int64_t sequence; /* of that frame */
	unsigned flags; /* of that frame: enum frame_flags */
	int width_px, height_px;
	int count;
	int dropped_count; /* found but beyond DETECTIONS_MAX; weakest first */
	struct detection items[DETECTIONS_MAX];
};

/* None yet, in this frame. */
void detections_begin(struct detections *detections, const struct frame *frame);
/* Copies only as many items as there are. */
void detections_copy(struct detections *to, const struct detections *from);
/*
 * Adds one, clipped to the frame; one without area inside it is ignored. Where `detections` is full
 * the weakest goes, and dropped_count says so. `detections` must know its width and height.
 */
void detections_add(struct detections *detections, struct detection item);
