/*
 * JPEG straight from YUV planes, without a detour over RGB. The only door to libjpeg-turbo.
 *
 * JFIF knows one meaning of its numbers: full-range BT.601. Frames that mean something else are
 * brought there first, so that colours (a red lamp) are what the camera saw.
 *
 * Threads: one encoder, one thread. Memory: kept between pictures; grows with the largest.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"

#include <stddef.h>

struct jpeg;

/* A rectangle of whole pixels inside a frame; x and y even. */
struct jpeg_area {
	int x, y, width_px, height_px;
};

int jpeg_create(struct jpeg **ret_jpeg);
void jpeg_destroy(struct jpeg **jpeg);
/* `quality` 1 to 100. The bytes are borrowed until the next call. */
int jpeg_encode(struct jpeg *jpeg, const struct frame *frame, struct jpeg_area area, int quality,
	struct err *err, const unsigned char **ret_bytes, size_t *ret_count);
