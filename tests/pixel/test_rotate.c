#include "pixel/rotate.h"
#include "test.h"

#include <string.h>

#define GUARD 0xA5

/* Where a pixel must go, by the definition in the header. */
static void expected_place(unsigned o, int w, int h, int *x, int *y)
{
	if (o & ORIENTATION_TRANSPOSE) {
		int t = *x, u = w;
		*x = *y;
		*y = t;
		w = h;
		h = u;
	}
	if (o & ORIENTATION_FLIP_X)
		*x = w - 1 - *x;
	if (o & ORIENTATION_FLIP_Y)
		*y = h - 1 - *y;
}

static void every_pixel_goes_to_its_place(void **state)
{
	static const int sizes[][2] = {
		{1, 1}, {1, 7}, {7, 1}, {5, 3}, {32, 32}, {33, 31}, {64, 65}, {100, 37}};
	static uint8_t src[128 * 128], dst[128 * 128];
	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (unsigned o = 0; o < 8; o++) {
			int w = sizes[s][0], h = sizes[s][1], stride = w + 3;
			int to_w = o & ORIENTATION_TRANSPOSE ? h : w, to_stride = to_w + 5;
			for (int i = 0; i < stride * h; i++)
				src[i] = (uint8_t)(i * 7 + i / 251);
			memset(dst, GUARD, sizeof(dst));
			rotate_plane(src, stride, w, h, o, dst, to_stride);
			for (int y = 0; y < h; y++)
				for (int x = 0; x < w; x++) {
					int to_x = x, to_y = y;
					expected_place(o, w, h, &to_x, &to_y);
					assert_int_equal(
						dst[to_y * to_stride + to_x], src[y * stride + x]);
				}
			/* Nothing beside the picture is touched. */
			for (int y = 0; y < w * h / to_w; y++)
				for (int x = to_w; x < to_stride; x++)
					assert_int_equal(dst[y * to_stride + x], GUARD);
		}
}

static void a_quarter_turn_is_clockwise(void **state)
{
	(void)state;
	const uint8_t src[] = {1, 2, 3, 4, 5, 6}; /* 1 2 3 over 4 5 6 */
	const uint8_t turned[] = {4, 1, 5, 2, 6, 3};
	uint8_t dst[6];
	rotate_plane(src, 3, 3, 2, ORIENTATION_TURN_90, dst, 2);
	assert_memory_equal(dst, turned, 6);
}

TEST_MAIN(cmocka_unit_test(every_pixel_goes_to_its_place),
	cmocka_unit_test(a_quarter_turn_is_clockwise))
