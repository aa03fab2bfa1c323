#include "pixel/rotate.h"

#include <stddef.h>
#include <string.h>

/* A block of this side stays in the first-level cache, read by rows and written by columns. */
#define BLOCK_PX 32

static void copy_row(const uint8_t *src, uint8_t *dst, int count, int flip)
{
	if (!flip) {
		memcpy(dst, src, (size_t)count);
		return;
	}
	for (int x = 0; x < count; x++)
		dst[count - 1 - x] = src[x];
}

static int min(int a, int b)
{
	return a < b ? a : b;
}

/*
 * `dst` is where src (0, 0) goes; a step down in src is `right` bytes there, a step to the right
 * is `down` bytes.
 */
static void transpose(const uint8_t *src, int src_stride, int width, int height, uint8_t *dst,
	ptrdiff_t right, ptrdiff_t down)
{
	for (int by = 0; by < height; by += BLOCK_PX)
		for (int bx = 0; bx < width; bx += BLOCK_PX) {
			int ye = min(by + BLOCK_PX, height), xe = min(bx + BLOCK_PX, width);
			for (int x = bx; x < xe; x++) {
				const uint8_t *s = src + (ptrdiff_t)by * src_stride + x;
				uint8_t *d = dst + x * down + by * right;
				for (int y = by; y < ye; y++, s += src_stride, d += right)
					*d = *s;
			}
		}
}

void rotate_plane(const uint8_t *src, int src_stride_bytes, int width_px, int height_px,
	unsigned orientation, uint8_t *dst, int dst_stride_bytes)
{
	int flip_x = (orientation & ORIENTATION_FLIP_X) != 0;
	int flip_y = (orientation & ORIENTATION_FLIP_Y) != 0;
	if (orientation & ORIENTATION_TRANSPOSE) {
		ptrdiff_t down = flip_y ? -(ptrdiff_t)dst_stride_bytes : dst_stride_bytes;
		uint8_t *start =
			dst + (flip_x ? height_px - 1 : 0) - (flip_y ? (width_px - 1) * down : 0);
		transpose(src, src_stride_bytes, width_px, height_px, start, flip_x ? -1 : 1, down);
		return;
	}
	for (int y = 0; y < height_px; y++) {
		int to = flip_y ? height_px - 1 - y : y;
		copy_row(src + (ptrdiff_t)y * src_stride_bytes,
			dst + (ptrdiff_t)to * dst_stride_bytes, width_px, flip_x);
	}
}
