#include "pixel/background.h"

#include <math.h>

/* Samples of a row handled with one pair of weights. */
#define BLOCK 16

static void warp_block(const uint8_t *restrict top, const uint8_t *restrict bottom, int fx, int fy,
	int n, uint8_t *restrict out)
{
	const uint16_t right = (uint16_t)fx, left = (uint16_t)(16 - fx);
	const uint16_t below = (uint16_t)fy, above = (uint16_t)(16 - fy);
	for (int i = 0; i < n; i++) {
		uint16_t a = (uint16_t)(top[i] * left + top[i + 1] * right);
		uint16_t b = (uint16_t)(bottom[i] * left + bottom[i + 1] * right);
		uint16_t sum = (uint16_t)((uint16_t)(a * above) + (uint16_t)(b * below));
		out[i] = (uint8_t)((uint16_t)(sum + 128) >> 8);
	}
}

static int clamp(int x, int low, int high)
{
	return x < low ? low : x > high ? high : x;
}

/* Positions in 1/65536 of a sample, so that a row is walked with integers alone. */
static void warp_row(const uint8_t *picture, int width, int height, int64_t x0, int64_t y0,
	int64_t step_x, int64_t step_y, uint8_t *out)
{
	for (int x = 0; x < width; x += BLOCK) {
		const int n = width - x < BLOCK ? width - x : BLOCK;
		const int64_t middle = x + n / 2;
		int64_t sx = x0 + ((int64_t)x << 16) + middle * step_x, sy = y0 + middle * step_y;
		int ix = clamp((int)(sx >> 16), 0, width - n - 1);
		int iy = clamp((int)(sy >> 16), 0, height - 2);
		const uint8_t *top = picture + (int64_t)iy * width + ix;
		int fx = (int)(sx >> 12) & 15, fy = (int)(sy >> 12) & 15;
		if (n == BLOCK)
			warp_block(top, top + width, fx, fy, BLOCK, out + x);
		else
			warp_block(top, top + width, fx, fy, n, out + x);
	}
}

void background_warp(const uint8_t *picture, int width, int height,
	const struct background_view *view, uint8_t *out)
{
	const double cx = 0.5 * width, cy = 0.5 * height, one = 65536;
	/* 1/32 of a sample more rounds to the nearest weight. */
	const double half = 1.0 / 32;
	for (int y = 0; y < height; y++) {
		double x0 = view->dx - view->zoom * cx - view->turn * (y - cy) + half;
		double y0 = y + view->dy + view->zoom * (y - cy) - view->turn * cx + half;
		warp_row(picture, width, height, (int64_t)floor(x0 * one), (int64_t)floor(y0 * one),
			llround(view->zoom * one), llround(view->turn * one),
			out + (int64_t)y * width);
	}
}
