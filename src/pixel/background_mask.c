#include "pixel/background.h"

#include <assert.h>
#include <string.h>

#define WIDTH_MAX 4096

void background_select(
	const uint8_t *restrict classes, int least, int64_t count, uint8_t *restrict mask)
{
	const uint8_t from = (uint8_t)least;
	for (int64_t i = 0; i < count; i++)
		mask[i] = classes[i] >= from;
}

void background_join(const uint8_t *restrict mask, int64_t count, uint8_t *restrict out)
{
	for (int64_t i = 0; i < count; i++)
		out[i] |= mask[i];
}

void background_majority(const uint8_t *mask, int stride, int width, int height, int least,
	uint8_t *scratch, uint8_t *out)
{
	for (int y = 0; y < height; y++) {
		const uint8_t *m = mask + (int64_t)y * stride;
		uint8_t *s = scratch + (int64_t)y * stride;
		s[0] = (uint8_t)(m[0] + (width > 1 ? m[1] : 0));
		for (int x = 1; x < width - 1; x++)
			s[x] = (uint8_t)(m[x - 1] + m[x] + m[x + 1]);
		if (width > 1)
			s[width - 1] = (uint8_t)(m[width - 2] + m[width - 1]);
	}
	static const uint8_t nothing[WIDTH_MAX];
	assert(width <= WIDTH_MAX);
	for (int y = 0; y < height; y++) {
		const uint8_t *b = scratch + (int64_t)y * stride;
		const uint8_t *a = y > 0 ? b - stride : nothing;
		const uint8_t *c = y < height - 1 ? b + stride : nothing;
		uint8_t *o = out + (int64_t)y * stride;
		for (int x = 0; x < width; x++)
			o[x] = (uint8_t)(a[x] + b[x] + c[x]) >= least;
	}
}

/*
 * A running maximum along a row. What covers -k to k covers -k-s to k+s after the copies at -s and
 * s are added, without holes where s <= 2k+1: few passes even for a long reach.
 */
static void spread_row(uint8_t *restrict row, uint8_t *restrict copy, int width, int reach)
{
	for (int k = 0; k < reach;) {
		int s = reach - k < 2 * k + 1 ? reach - k : 2 * k + 1;
		memcpy(copy, row, (size_t)width);
		for (int x = s; x < width; x++)
			row[x] |= copy[x - s];
		for (int x = 0; x < width - s; x++)
			row[x] |= copy[x + s];
		k += s;
	}
}

static void spread(const uint8_t *mask, int stride, int width, int height, int rx, int ry,
	uint8_t flip, uint8_t *scratch, uint8_t *out)
{
	uint8_t row[WIDTH_MAX];
	assert(width <= WIDTH_MAX && rx >= 0 && ry >= 0);
	for (int y = 0; y < height; y++) {
		uint8_t *s = scratch + (int64_t)y * stride;
		const uint8_t *m = mask + (int64_t)y * stride;
		for (int x = 0; x < width; x++)
			s[x] = m[x] ^ flip;
		spread_row(s, row, width, rx);
	}
	for (int y = 0; y < height; y++) {
		int first = y - ry < 0 ? 0 : y - ry, last = y + ry >= height ? height - 1 : y + ry;
		memset(row, 0, (size_t)width);
		for (int i = first; i <= last; i++) {
			const uint8_t *s = scratch + (int64_t)i * stride;
			for (int x = 0; x < width; x++)
				row[x] |= s[x];
		}
		uint8_t *o = out + (int64_t)y * stride;
		for (int x = 0; x < width; x++)
			o[x] = row[x] ^ flip;
	}
}

void background_dilate(const uint8_t *mask, int stride, int width, int height, int rx, int ry,
	uint8_t *scratch, uint8_t *out)
{
	spread(mask, stride, width, height, rx, ry, 0, scratch, out);
}

void background_erode(const uint8_t *mask, int stride, int width, int height, int rx, int ry,
	uint8_t *scratch, uint8_t *out)
{
	spread(mask, stride, width, height, rx, ry, 1, scratch, out);
}
