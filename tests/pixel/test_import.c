#include "pixel/import.h"
#include "test.h"

#include <math.h>

enum { SIDE_MAX = 37, GUARD = 5, CANARY = 0xA5 };

struct planes {
	uint8_t y[(SIDE_MAX + GUARD) * SIDE_MAX], u[(SIDE_MAX + GUARD) * SIDE_MAX],
		v[(SIDE_MAX + GUARD) * SIDE_MAX];
};

static uint32_t state_of_noise = 1;

static uint8_t random_byte(void)
{
	state_of_noise = state_of_noise * 1664525u + 1013904223u;
	return (uint8_t)(state_of_noise >> 24);
}

static int clamp_index(int i, int limit)
{
	return i < limit ? i : limit - 1;
}

/* Floating-point BT.601 of the mean colour of a block. */
static void reference_chroma(
	const uint8_t *rgb, int stride, int w, int h, int bx, int by, double *u, double *v)
{
	double r = 0, g = 0, b = 0;
	for (int dy = 0; dy < 2; dy++)
		for (int dx = 0; dx < 2; dx++) {
			int x = clamp_index(2 * bx + dx, w), y = clamp_index(2 * by + dy, h);
			r += rgb[y * stride + 3 * x] / 4.0;
			g += rgb[y * stride + 3 * x + 1] / 4.0;
			b += rgb[y * stride + 3 * x + 2] / 4.0;
		}
	double luma = 0.299 * r + 0.587 * g + 0.114 * b;
	*u = 128 + 224 * (b - luma) / (1.772 * 255);
	*v = 128 + 224 * (r - luma) / (1.402 * 255);
}

static void check(
	const uint8_t *rgb, int stride, int w, int h, const struct planes *p, const int strides[3])
{
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++) {
			const uint8_t *c = rgb + y * stride + 3 * x;
			double want = 16 + 219 * (0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]) / 255;
			assert_true(fabs(p->y[y * strides[0] + x] - want) <= 0.51);
		}
	for (int y = 0; y < (h + 1) / 2; y++)
		for (int x = 0; x < (w + 1) / 2; x++) {
			double u, v;
			reference_chroma(rgb, stride, w, h, x, y, &u, &v);
			assert_true(fabs(p->u[y * strides[1] + x] - u) <= 0.51);
			assert_true(fabs(p->v[y * strides[2] + x] - v) <= 0.51);
		}
	for (int y = 0; y < h; y++)
		for (int x = w; x < strides[0]; x++)
			assert_int_equal(p->y[y * strides[0] + x], CANARY);
}

static void rgb_and_bgr_agree_with_the_standard(void **state)
{
	(void)state;
	static uint8_t rgb[SIDE_MAX * 3 * (SIDE_MAX + 1)], bgr[sizeof(rgb)];
	static struct planes p;
	for (int w = 1; w <= SIDE_MAX; w += 4)
		for (int h = 1; h <= SIDE_MAX; h += 3) {
			int stride = 3 * w + 2;
			const int strides[3] = {w + GUARD, (w + 1) / 2 + GUARD, (w + 1) / 2};
			uint8_t *const planes[3] = {p.y, p.u, p.v};
			for (int i = 0; i < stride * h; i++)
				rgb[i] = random_byte();
			for (int y = 0; y < h; y++)
				for (int x = 0; x < w; x++)
					for (int c = 0; c < 3; c++)
						bgr[y * stride + 3 * x + c] =
							rgb[y * stride + 3 * x + 2 - c];
			memset(&p, CANARY, sizeof(p));
			import_rgb24(rgb, stride, w, h, planes, strides);
			check(rgb, stride, w, h, &p, strides);
			memset(&p, CANARY, sizeof(p));
			import_bgr24(bgr, stride, w, h, planes, strides);
			check(rgb, stride, w, h, &p, strides);
		}
}

static void nv12_is_taken_apart(void **state)
{
	(void)state;
	enum { W = 5, H = 3 };
	uint8_t y[H * 7], uv[2 * 8];
	for (size_t i = 0; i < sizeof(y); i++)
		y[i] = random_byte();
	for (size_t i = 0; i < sizeof(uv); i++)
		uv[i] = random_byte();
	static struct planes p;
	uint8_t *const planes[3] = {p.y, p.u, p.v};
	import_nv12(y, 7, uv, 8, W, H, planes, (const int[]){W, 3, 3});
	for (int r = 0; r < H; r++)
		assert_memory_equal(p.y + r * W, y + r * 7, W);
	for (int r = 0; r < 2; r++)
		for (int x = 0; x < 3; x++) {
			assert_int_equal(p.u[r * 3 + x], uv[r * 8 + 2 * x]);
			assert_int_equal(p.v[r * 3 + x], uv[r * 8 + 2 * x + 1]);
		}
}

TEST_MAIN(cmocka_unit_test(rgb_and_bgr_agree_with_the_standard),
	cmocka_unit_test(nv12_is_taken_apart))
