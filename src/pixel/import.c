#include "pixel/import.h"

#include <stddef.h>
#include <string.h>

/* BT.601 (ITU-R BT.601-7, 2.5), limited range, times 2^16 and rounded so that rows sum up. */
enum {
	Y_R = 16829,
	Y_G = 33039,
	Y_B = 6416,
	U_R = -9714,
	U_G = -19070,
	U_B = 28784,
	V_R = 28784,
	V_G = -24103,
	V_B = -4681,
	HALF = 1 << 15,
};

static uint8_t luma(int r, int g, int b)
{
	return (uint8_t)(16 + ((Y_R * r + Y_G * g + Y_B * b + HALF) >> 16));
}

/* Sums of `count` (1, 2 or 4) pixels in, so that the mean costs one shift more. */
static void chroma(int r, int g, int b, int shift, uint8_t *u, uint8_t *v)
{
	int64_t half = (int64_t)HALF << shift;
	*u = (uint8_t)(128 + (((int64_t)U_R * r + (int64_t)U_G * g + (int64_t)U_B * b + half) >>
				     (16 + shift)));
	*v = (uint8_t)(128 + (((int64_t)V_R * r + (int64_t)V_G * g + (int64_t)V_B * b + half) >>
				     (16 + shift)));
}

/* Where red and blue stand in a packed pixel; green is always in the middle. */
struct order {
	int red, blue;
};

static void luma_row(const uint8_t *in, struct order o, int width, uint8_t *out)
{
	for (int x = 0; x < width; x++)
		out[x] = luma(in[3 * x + o.red], in[3 * x + 1], in[3 * x + o.blue]);
}

/* `upper` and `lower` are the same row where the picture has no lower one. */
static void chroma_row(const uint8_t *upper, const uint8_t *lower, struct order o, int width,
	uint8_t *u, uint8_t *v)
{
	for (int x = 0; x < width; x += 2) {
		const int a = 3 * x, b = x + 1 < width ? a + 3 : a;
		int red = upper[a + o.red] + upper[b + o.red] + lower[a + o.red] + lower[b + o.red];
		int green = upper[a + 1] + upper[b + 1] + lower[a + 1] + lower[b + 1];
		int blue = upper[a + o.blue] + upper[b + o.blue] + lower[a + o.blue] +
			   lower[b + o.blue];
		chroma(red, green, blue, 2, &u[x / 2], &v[x / 2]);
	}
}

static void import_packed(const uint8_t *in, int in_stride, struct order order, int width,
	int height, uint8_t *const plane[3], const int stride[3])
{
	for (int y = 0; y < height; y++) {
		const uint8_t *row = in + (ptrdiff_t)y * in_stride;
		luma_row(row, order, width, plane[0] + (ptrdiff_t)y * stride[0]);
		if (y % 2)
			continue;
		const uint8_t *lower = y + 1 < height ? row + in_stride : row;
		chroma_row(row, lower, order, width, plane[1] + (ptrdiff_t)(y / 2) * stride[1],
			plane[2] + (ptrdiff_t)(y / 2) * stride[2]);
	}
}

void import_bgr24(const uint8_t *bgr, int bgr_stride, int width_px, int height_px,
	uint8_t *const plane[3], const int stride_bytes[3])
{
	import_packed(bgr, bgr_stride, (struct order){.red = 2, .blue = 0}, width_px, height_px,
		plane, stride_bytes);
}

void import_rgb24(const uint8_t *rgb, int rgb_stride, int width_px, int height_px,
	uint8_t *const plane[3], const int stride_bytes[3])
{
	import_packed(rgb, rgb_stride, (struct order){.red = 0, .blue = 2}, width_px, height_px,
		plane, stride_bytes);
}

void import_nv12(const uint8_t *y, int y_stride, const uint8_t *uv, int uv_stride, int width_px,
	int height_px, uint8_t *const plane[3], const int stride_bytes[3])
{
	for (int r = 0; r < height_px; r++)
		memcpy(plane[0] + (ptrdiff_t)r * stride_bytes[0], y + (ptrdiff_t)r * y_stride,
			(size_t)width_px);
	for (int r = 0; r < (height_px + 1) / 2; r++) {
		const uint8_t *in = uv + (ptrdiff_t)r * uv_stride;
		uint8_t *u = plane[1] + (ptrdiff_t)r * stride_bytes[1];
		uint8_t *v = plane[2] + (ptrdiff_t)r * stride_bytes[2];
		for (int x = 0; x < (width_px + 1) / 2; x++) {
			u[x] = in[2 * x];
			v[x] = in[2 * x + 1];
		}
	}
}
