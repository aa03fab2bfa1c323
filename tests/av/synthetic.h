/* Pictures whose content tells which one they are, and how far two of them are apart. */
#pragma once

#include "base/frame.h"

#include <math.h>

/* libx265 keeps some bytes for ever; under AddressSanitizer that is not our leak. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libx265";
}

/* A soft gradient that moves with `index`, and a bright block that jumps. */
static inline void synthetic_fill(struct frame *f, int index)
{
	for (int p = 0; p < 3; p++) {
		int w = p ? frame_chroma_width_px(f) : f->width_px;
		int h = p ? frame_chroma_height_px(f) : f->height_px;
		uint8_t *row = frame_writable(f, p);
		for (int y = 0; y < h; y++, row += f->stride_bytes[p])
			for (int x = 0; x < w; x++)
				row[x] = (uint8_t)(p == 0 ? 40 + (x * 2 + y + index * 3) % 160
							  : 96 + (x + (p == 1 ? y : -y) + index +
									 512) %
									    64);
	}
	int side = f->height_px / 4, left = index * 7 % (f->width_px - side);
	uint8_t *luma = frame_writable(f, 0) + (f->height_px / 3) * f->stride_bytes[0] + left;
	for (int y = 0; y < side; y++, luma += f->stride_bytes[0])
		for (int x = 0; x < side; x++)
			luma[x] = 220;
}

/* Peak signal-to-noise ratio of the luma over the smaller of both sizes, dB; 99 where equal. */
static inline double synthetic_psnr(const struct frame *a, const struct frame *b)
{
	int w = a->width_px < b->width_px ? a->width_px : b->width_px;
	int h = a->height_px < b->height_px ? a->height_px : b->height_px;
	double sum = 0;
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++) {
			double d = (double)a->plane[0][y * a->stride_bytes[0] + x] -
				   b->plane[0][y * b->stride_bytes[0] + x];
			sum += d * d;
		}
	return sum > 0 ? 10 * log10(255.0 * 255.0 * w * h / sum) : 99;
}
