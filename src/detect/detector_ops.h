/*
 * What a kind of detector is made of; private to src/detect. Adding a kind: one file that defines
 * its `const struct detector_ops`, one line in the table of detector.c.
 *
 * detector.c has done the common part before detect() is called: `out` holds the frame's times,
 * flags and size, and no items. A kind only adds items, with detections_add().
 */
#pragma once

#include "detect/detector.h"

struct detector_ops {
	const char *name; /* the word after `kind:` */
	enum detector_memory memory;
	/* Copies what it needs from `params`; on failure nothing is left behind. */
	int (*create)(const struct detector_params *params, struct err *err, void **ret_state);
	/* `*state` is never NULL; it is NULLed. */
	void (*destroy)(void **state);
	int (*detect)(
		void *state, const struct frame *frame, struct detections *out, struct err *err);
	/* See detector_preview(); NULL: wants none. */
	int (*preview)(void *state, const struct frame *frame, struct err *err);
	double (*preview_s)(const void *state);
	/* One line for a person; lives as long as the state. */
	const char *(*description)(const void *state);
};

extern const struct detector_ops onnx_detector_ops;
extern const struct detector_ops motion_detector_ops;
extern const struct detector_ops truth_detector_ops;
