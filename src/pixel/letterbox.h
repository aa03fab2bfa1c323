/*
 * A decoded 4:2:0 picture made into the planar tensor that a neural network looks at, in one pass:
 * resized, placed, converted to RGB or BGR, normalised.
 *
 *     letterbox_create(&params, NULL, &err, &lb);
 *     letterbox_run(lb, frame, tensor, &err);
 *     struct box in_frame = letterbox_to_frame(lb, box_in_tensor);
 *     letterbox_destroy(&lb);
 *
 * Resizing is bilinear with pixel centres at one half, as in OpenCV's INTER_LINEAR, which the
 * networks were trained with. Where the picture shrinks by two or more, blocks of 2, 4, 8 or 16
 * pixels are averaged first, so that every source pixel counts: plain bilinear would look at 2 x 2
 * of every 4.6 x 4.6 pixels of a 1080p frame, and small vehicles would flicker. Chroma is taken as
 * centred between its luma samples; what that is off by for left-sited video, half a luma pixel of
 * colour, is far below what a network can see.
 *
 * The result is the same, bit for bit, with every kernel and compiler: fixed point up to the last
 * step, and there no fused multiply-add.
 *
 * Threads: one letterbox, one thread. Memory: allocates at creation and where a frame has another
 * size or colour than the one before; never otherwise.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"
#include "base/geometry.h"

#include <stdbool.h>
#include <stdint.h>

enum letterbox_fit {
	LETTERBOX_CENTER, /* keeps the shape; the rest is padding on both sides */
	LETTERBOX_CORNER, /* keeps the shape; the padding is to the right or below */
	LETTERBOX_STRETCH, /* fills the tensor; no padding */
};

struct letterbox_params {
	int width_px, height_px; /* of the tensor, 1 to 4096 */
	enum letterbox_fit fit;
	bool bgr; /* planes B, G, R instead of R, G, B */
	bool half; /* IEEE half precision instead of float */
	float scale[3], offset[3]; /* by plane: colour (0 to 255) * scale + offset; scale above 0 */
	uint8_t pad; /* colour of the padding, 0 to 255, before scale and offset */
};

struct letterbox;

/*
 * `kernel`: "c", "avx2", "avx512", "neon", or NULL for the best that this machine has; -ENOTSUP for
 * one that it has not.
 */
int letterbox_create(const struct letterbox_params *params, const char *kernel, struct err *err,
	struct letterbox **ret_letterbox);
void letterbox_destroy(struct letterbox **letterbox);

/*
 * Writes 3 * height_px * width_px elements to `tensor`. The padding is written where the tensor or
 * the frame's geometry differs from the last call's, so the same memory may be handed in each time.
 */
int letterbox_run(
	struct letterbox *letterbox, const struct frame *frame, void *tensor, struct err *err);

/* From tensor pixels to pixels of the frame of the last letterbox_run(); not clipped. */
struct box letterbox_to_frame(const struct letterbox *letterbox, struct box box);

const char *letterbox_kernel(const struct letterbox *letterbox);
