#include "pixel/rotate.h"

#include <stddef.h>
#include <string.h>

/* A block of this side, read by rows and written by columns, stays in the first-level cache. */
#define BLOCK_PX 64
#define TILE_PX 8

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

/* Where pixels go: src (x, y) to start + x * down + y * right; `right` is 1 or -1. */
struct target {
	uint8_t *start;
	ptrdiff_t right, down;
};

/* Exchanges the parts of a and b that lie off the diagonal; `low` are those that a keeps. */
static void exchange(uint64_t *a, uint64_t *b, int shift, uint64_t low)
{
	uint64_t t = ((*a >> shift) ^ *b) & low;
	*b ^= t;
	*a ^= t << shift;
}

/* 8 x 8 bytes in eight words, by halves (as in Hacker's Delight, 7-3, with bytes for bits). */
static void transpose_tile(const uint8_t *src, ptrdiff_t stride, struct target to)
{
	uint64_t row[TILE_PX];
	for (int i = 0; i < TILE_PX; i++)
		memcpy(&row[i], src + i * stride, sizeof(row[i]));
	for (int i = 0; i < 4; i++)
		exchange(&row[i], &row[i + 4], 32, UINT64_C(0x00000000ffffffff));
	for (int i = 0; i < 8; i += i % 2 ? 3 : 1)
		exchange(&row[i], &row[i + 2], 16, UINT64_C(0x0000ffff0000ffff));
	for (int i = 0; i < 8; i += 2)
		exchange(&row[i], &row[i + 1], 8, UINT64_C(0x00ff00ff00ff00ff));
	for (int i = 0; i < TILE_PX; i++) {
		uint64_t word = to.right > 0 ? row[i] : __builtin_bswap64(row[i]);
		uint8_t *at = to.start + i * to.down - (to.right > 0 ? 0 : TILE_PX - 1);
		memcpy(at, &word, sizeof(word));
	}
}

static void transpose_slowly(
	const uint8_t *src, ptrdiff_t stride, int width, int height, struct target to)
{
	for (int x = 0; x < width; x++)
		for (int y = 0; y < height; y++)
			to.start[x * to.down + y * to.right] = src[y * stride + x];
}

static void transpose_block(
	const uint8_t *src, ptrdiff_t stride, int width, int height, struct target to)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	int whole_x = width & ~(TILE_PX - 1), whole_y = height & ~(TILE_PX - 1);
#else
	int whole_x = 0, whole_y = 0;
#endif
	for (int x = 0; x < whole_x; x += TILE_PX)
		for (int y = 0; y < whole_y; y += TILE_PX) {
			uint8_t *start = to.start + x * to.down + y * to.right;
			transpose_tile(src + y * stride + x, stride,
				(struct target){start, to.right, to.down});
		}
	struct target side = {to.start + whole_x * to.down, to.right, to.down};
	struct target below = {to.start + whole_y * to.right, to.right, to.down};
	transpose_slowly(src + whole_x, stride, width - whole_x, height, side);
	transpose_slowly(src + whole_y * stride, stride, whole_x, height - whole_y, below);
}

static void transpose(const uint8_t *src, ptrdiff_t stride, int width, int height, struct target to)
{
	for (int y = 0; y < height; y += BLOCK_PX)
		for (int x = 0; x < width; x += BLOCK_PX) {
			struct target at = {
				to.start + x * to.down + y * to.right, to.right, to.down};
			transpose_block(src + y * stride + x, stride, min(BLOCK_PX, width - x),
				min(BLOCK_PX, height - y), at);
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
		transpose(src, src_stride_bytes, width_px, height_px,
			(struct target){start, flip_x ? -1 : 1, down});
		return;
	}
	for (int y = 0; y < height_px; y++) {
		int to = flip_y ? height_px - 1 - y : y;
		copy_row(src + (ptrdiff_t)y * src_stride_bytes,
			dst + (ptrdiff_t)to * dst_stride_bytes, width_px, flip_x);
	}
}
