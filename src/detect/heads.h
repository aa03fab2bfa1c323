/*
 * What detection networks put out, and how to read it: one head per family of exports. A head is
 * recognised by the shapes alone, and decoded by a pure function from float arrays to candidates.
 *
 * Threads: any. Memory: none. Adding a family: one row in the table of heads.c.
 */
#pragma once

#include "base/err.h"
#include "detect/candidates.h"
#include "pixel/letterbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_OUTPUTS_MAX 16
#define HEAD_TENSORS_MAX 6
#define HEAD_DIMS_MAX 8

/* What is known of a model: concrete sizes, none left open. */
struct head_facts {
	int width_px, height_px; /* of the input */
	int output_count;
	struct {
		int dim_count;
		int64_t dims[HEAD_DIMS_MAX];
	} outputs[HEAD_OUTPUTS_MAX];
	int named_class_count; /* how many classes its labels name; 0: no labels */
};

struct head_shape {
	int width_px, height_px;
	int class_count; /* 0: the shapes do not tell, and there were no labels */
	int row_count; /* boxes proposed; NanoDet: over all maps */
	int row_size; /* numbers for each of them, where they lie in one tensor */
	/*
	 * The classes to choose a box's own from; NULL: all. Who looks at a road leaves out what
	 * is never on one, so that a car which looks a little more like an aeroplane to the network
	 * still is the car that it is likely to be.
	 */
	const int *wanted;
	int wanted_count;
};

struct head {
	const char *name;
	/* How its networks want to be fed, in order of the tensor's planes. */
	enum letterbox_fit fit;
	bool bgr;
	float scale[3], offset[3];
	bool end_to_end; /* the network has chosen among its boxes itself */
	/* The outputs it reads, in the order decode() wants them; returns how many, 0: no match. */
	int (*match)(const struct head_facts *facts, struct head_shape *shape, int *outputs);
	/*
	 * `tensors` hold what `shape` says, and any bits at all: what makes no sense is left out.
	 * Boxes in pixels of the tensor, scores from `threshold` on.
	 */
	void (*decode)(const struct head_shape *shape, const float *const *tensors, float threshold,
		struct candidates *out);
};

struct head_match {
	const struct head *head;
	struct head_shape shape;
	int output_count;
	int outputs[HEAD_TENSORS_MAX]; /* indices into the model's outputs */
	size_t element_count[HEAD_TENSORS_MAX];
};

/* 0, or -ENOENT where no head matches. */
int head_recognise(const struct head_facts *facts, struct head_match *ret_match);
/* "YOLOv5, ...": for the person whose model was not recognised. */
const char *head_known_names(void);

/* The table itself, for tests; NULL beyond its end. */
const struct head *head_at(int index);
