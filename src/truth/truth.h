/*
 * Truth files: what really was in a scene, one JSON object a line (docs/truth.md).
 *
 *     {"gantry_truth": 1, "width": 1280, "height": 720, ...}                     first line
 *     {"frame": 0, "t": 0.0, "objects": [{"id": 1, "class": "car", "bbox": [x1, y1, x2, y2],
 *       "visible": [x1, y1, x2, y2], "occlusion": 0.1, "ground": [X, Y], "heading": 1.57,
 *       "speed_mps": 13.9, "measurable": true, "plate": "GAN 123"}],
 *      "signals": {"main": "red"}, "wall": "2024-05-01T12:00:00.040Z"}           one per frame
 *     {"violation": {"type": "red_light", "id": 1, "t": 3.2, ...}}               anywhere after
 *     {"count": {"line": "north", "lane": "left", "direction": "forward", "class": "car", "n": 4}}
 *
 * Written by the simulator, read by the `truth` detector and the evaluator. A malformed line is
 * refused with its number and the reason. Only bbox, id, class and t are required.
 *
 * Memory: a struct truth owns all it holds. Threads: none of its own; read-only once loaded.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/geometry.h"

#include <stdbool.h>
#include <stdio.h>

struct truth_object {
	int id; /* from 0 */
	char road_user[16]; /* "car", "van", "person", ... */
	struct box full; /* bbox: the whole thing, also where hidden, not clipped to the frame */
	struct box visible; /* what can be seen of it, clipped; zero area where nothing */
	double occlusion_ratio; /* share of the full box that is hidden, 0 to 1 */
	bool has_road; /* ground_m, heading and speed are given */
	struct vec2 ground_m; /* centre of its footprint on the road plane */
	double heading_rad;
	double speed_mps;
	bool measurable; /* false where no honest speed exists: turning, outside the area */
	char plate[16];
};

#define TRUTH_SIGNALS_MAX 16
struct truth_signal {
	char name[32];
	char lamp[16]; /* "red", "red_yellow", "yellow", "green", "unknown" */
};

struct truth_frame {
	int frame;
	struct media media;
	struct wall wall; /* when it was seen, to the millisecond; 0 where not given */
	int first, count; /* objects[first .. first + count) */
	int signal_count;
	struct truth_signal signals[TRUTH_SIGNALS_MAX];
};

struct truth_violation {
	char type[32]; /* the contract's words */
	int id; /* of the object */
	struct media at;
	double measured, limit; /* in the reader's unit; NAN where the rule has no number */
};

struct truth_count {
	char line[48], direction[16], road_user[16];
	int count;
	char lane[48]; /* "": the line has none */
};

struct truth {
	int width_px, height_px;
	int frame_count, object_count, violation_count, count_count;
	struct truth_frame *frames; /* by media time */
	struct truth_object *objects;
	struct truth_violation *violations; /* by time */
	struct truth_count *counts;
};

/* -EINVAL with "FILE:LINE: reason" in `err`, or -errno of opening it. */
int truth_load(const char *path, struct err *err, struct truth **ret_truth);
/* The same from memory; `name` stands for the file in messages. */
int truth_parse(const char *text, size_t length, const char *name, struct err *err,
	struct truth **ret_truth);
void truth_free(struct truth **truth);
/* The frame nearest to `media` within `within_us`, or NULL. */
const struct truth_frame *truth_at(
	const struct truth *truth, struct media media, int64_t within_us);

/* Writing, a line at a time. 0 or a negative errno, the stream's or -ENOMEM. */
int truth_write_header(FILE *file, int width_px, int height_px);
int truth_write_frame(FILE *file, const struct truth_frame *frame,
	const struct truth_object *objects); /* objects: of this frame, `frame->count` of them */
int truth_write_violation(FILE *file, const struct truth_violation *violation);
int truth_write_count(FILE *file, const struct truth_count *count);
