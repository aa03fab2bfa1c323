/*
 * What most programs do instead of pixel/letterbox.h, kept for comparison by `gantry bench kernel`:
 * libswscale to packed RGB at the picture's size in the tensor, then floats plane by plane.
 *
 * Threads: one owner. Memory: at creation.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"

enum scale_method {
	SCALE_BILINEAR, /* weighs every source pixel, as the letterbox kernel does */
	SCALE_FAST_BILINEAR, /* looks at two pixels in x, whatever the step */
};

struct scale_reference;

int scale_reference_create(const struct frame *like, int width_px, int height_px,
	enum scale_method method, struct err *err, struct scale_reference **ret_reference);
void scale_reference_destroy(struct scale_reference **reference);
/* Writes 3 * height_px * width_px floats, 0 to 1, RGB, without padding. */
void scale_reference_run(
	struct scale_reference *reference, const struct frame *frame, float *tensor);
