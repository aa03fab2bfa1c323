#include "pixel/background.h"

#include <assert.h>
#include <string.h>

#define FACTOR_MAX 16
/* Source samples summed at once: column sums stay in the first-level cache. */
#define CHUNK (FACTOR_MAX * 128)

static void sum_rows(const uint8_t *src, int stride, int factor, int n, uint16_t *restrict sums)
{
	for (int x = 0; x < n; x++)
		sums[x] = src[x];
	for (int i = 1; i < factor; i++) {
		const uint8_t *restrict s = src + (int64_t)i * stride;
		for (int x = 0; x < n; x++)
			sums[x] = (uint16_t)(sums[x] + s[x]);
	}
}

/* One constant factor each, so that the compiler unrolls the inner sum. */
static inline void sum_columns(
	const uint16_t *restrict sums, int factor, int n, uint8_t *restrict dst)
{
	const uint32_t area = (uint32_t)(factor * factor);
	const uint32_t inverse = (65536 + area / 2) / area;
	for (int x = 0; x < n; x++) {
		uint32_t sum = area / 2;
		for (int i = 0; i < factor; i++)
			sum += sums[x * factor + i];
		uint32_t value = (sum * inverse) >> 16;
		dst[x] = (uint8_t)(value > 255 ? 255 : value);
	}
}

static void shrink_row(const uint8_t *src, int stride, int factor, int n, uint8_t *dst)
{
	uint16_t sums[CHUNK];
	assert(n * factor <= CHUNK);
	sum_rows(src, stride, factor, n * factor, sums);
	switch (factor) {
	case 2:
		sum_columns(sums, 2, n, dst);
		break;
	case 3:
		sum_columns(sums, 3, n, dst);
		break;
	case 4:
		sum_columns(sums, 4, n, dst);
		break;
	default:
		sum_columns(sums, factor, n, dst);
	}
}

void background_shrink(const uint8_t *src, int src_stride, int factor, uint8_t *dst, int dst_stride,
	int dst_width, int dst_height)
{
	assert(factor >= 1 && factor <= FACTOR_MAX);
	for (int y = 0; y < dst_height; y++) {
		const uint8_t *s = src + (int64_t)y * factor * src_stride;
		uint8_t *d = dst + (int64_t)y * dst_stride;
		if (factor == 1) {
			memcpy(d, s, (size_t)dst_width);
			continue;
		}
		for (int x = 0; x < dst_width; x += CHUNK / FACTOR_MAX) {
			int n = dst_width - x;
			n = n > CHUNK / FACTOR_MAX ? CHUNK / FACTOR_MAX : n;
			shrink_row(s + (int64_t)x * factor, src_stride, factor, n, d + x);
		}
	}
}
