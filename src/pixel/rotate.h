/*
 * The eight ways to turn and mirror one 8-bit plane.
 *
 * Threads: any. Memory: none.
 */
#pragma once

#include <stdint.h>

/* First the transposition (x and y change places), then the flips of the result. */
enum orientation {
	ORIENTATION_TRANSPOSE = 1 << 0,
	ORIENTATION_FLIP_X = 1 << 1,
	ORIENTATION_FLIP_Y = 1 << 2,

	ORIENTATION_UPRIGHT = 0,
	ORIENTATION_TURN_90 = ORIENTATION_TRANSPOSE | ORIENTATION_FLIP_X, /* clockwise */
	ORIENTATION_TURN_180 = ORIENTATION_FLIP_X | ORIENTATION_FLIP_Y,
	ORIENTATION_TURN_270 = ORIENTATION_TRANSPOSE | ORIENTATION_FLIP_Y,
};

/*
 * `width_px` x `height_px` is the size of `src`; `dst` is height x width where transposed. The
 * planes must not overlap.
 */
void rotate_plane(const uint8_t *src, int src_stride_bytes, int width_px, int height_px,
	unsigned orientation, uint8_t *dst, int dst_stride_bytes);
