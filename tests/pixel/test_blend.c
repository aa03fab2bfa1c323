#include "pixel/blend.h"
#include "test.h"

#include <string.h>

#define N 259
#define GUARD 0xA5

/* Division by 255 to the nearest, by definition. */
static int nearest(int x)
{
	return (2 * x + 255) / 510;
}

static int expected(int under, int over, int coverage, int opacity)
{
	int share = nearest(coverage * opacity);
	return nearest(under * (255 - share) + over * share);
}

static void luma_is_rounded_exactly(void **state)
{
	uint8_t coverage[256], under[256 + 1];
	(void)state;
	for (int i = 0; i < 256; i++)
		coverage[i] = (uint8_t)i;
	for (int opacity = 0; opacity < 256; opacity += 5)
		for (int over = 0; over < 256; over += 17)
			for (int base = 0; base < 256; base += 15) {
				memset(under, base, sizeof(under));
				blend_luma(under, coverage, 256, (uint8_t)over, (uint8_t)opacity);
				for (int i = 0; i < 256; i++)
					assert_int_equal(
						under[i], expected(base, over, i, opacity));
				assert_int_equal(under[256], base);
			}
}

static void chroma_is_the_mean_of_its_pixels(void **state)
{
	(void)state;
	for (int count = 0; count < N; count += 1 + count / 7)
		for (int shift = 0; shift < 3; shift++) {
			uint16_t sum[N];
			uint8_t under[N + 1];
			memset(under, GUARD, sizeof(under));
			for (int i = 0; i < count; i++) {
				sum[i] = (uint16_t)(i * 37 % ((255 << shift) + 1));
				under[i] = (uint8_t)(i * 3);
			}
			blend_chroma(under, sum, count, shift, 77, 200);
			for (int i = 0; i < count; i++)
				assert_int_equal(under[i],
					expected((uint8_t)(i * 3), 77, sum[i] >> shift, 200));
			assert_int_equal(under[count], GUARD);
		}
}

static void pairs_and_values_are_added(void **state)
{
	(void)state;
	for (int count = 0; count < N; count += 1 + count / 7) {
		uint8_t coverage[2 * N + 1];
		uint16_t sum[N + 1];
		for (int i = 0; i < 2 * N + 1; i++)
			coverage[i] = (uint8_t)(i * 11);
		for (int i = 0; i < N + 1; i++)
			sum[i] = (uint16_t)(i % 511);
		blend_add_pairs(sum, coverage, count);
		for (int i = 0; i < N + 1; i++)
			assert_int_equal(sum[i],
				i % 511 + (i < count ? coverage[2 * i] + coverage[2 * i + 1] : 0));
		blend_add(coverage, count, 64);
		for (int i = 0; i < N; i++) {
			int before = (uint8_t)(i * 11), after = before + (i < count ? 64 : 0);
			assert_int_equal(coverage[i], after > 255 ? 255 : after);
		}
	}
}

TEST_MAIN(cmocka_unit_test(luma_is_rounded_exactly),
	cmocka_unit_test(chroma_is_the_mean_of_its_pixels),
	cmocka_unit_test(pairs_and_values_are_added))
