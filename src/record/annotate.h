/*
 * One frame's result drawn onto a copy of the frame: boxes, ids, speeds with +-, trails, zones,
 * lines, lamp states and a status bar; violating vehicles in red with the rule's name for as long
 * as they are followed, and the verdict's sentence for some seconds.
 *
 * Drawn are confirmed tracks; one that was not seen in this frame is a thin grey box where it is
 * believed to be.
 *
 * Threads: one owner. Memory: frames from a pool made with the first picture.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"
#include "judge/violations.h"
#include "record/trails.h"

enum shape_kind {
	SHAPE_LINE, /* a polyline, e.g. a counting line or a solid line */
	SHAPE_STOP_LINE, /* coloured by the state of its signal */
	SHAPE_ZONE, /* a closed polygon */
};

/* What the scene draws on the road, in image pixels, as the caller has resolved it. */
struct shape {
	enum shape_kind kind;
	const char *name;
	const struct vec2 *points;
	int count;
	int signal; /* stop lines: index into struct violations' signals; else -1 */
};

struct annotator;

/* The shapes are borrowed until destroy. */
int annotator_create(const struct shape *shapes, int shape_count, struct err *err,
	struct annotator **ret_annotator);
void annotator_destroy(struct annotator **annotator);
/* Gives a new frame with the drawing; the input is untouched. -ENOBUFS where frames leak. */
int annotator_draw(struct annotator *annotator, const struct frame *frame,
	const struct measures *measures, const struct violations *violations,
	const struct trails *trails, struct err *err, struct frame **ret_frame);
