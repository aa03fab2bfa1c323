#include "base/histogram.h"
#include "base/random.h"
#include "test.h"

#include <math.h>

#define COUNT 20000

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void quantiles_are_right_to_a_sixteenth(void **state)
{
	(void)state;
	static struct histogram h;
	static int64_t values[COUNT];
	struct random random = {3};
	for (int i = 0; i < COUNT; i++) {
		values[i] = (int64_t)exp(random_range(&random, 0, 20));
		histogram_add(&h, values[i]);
	}
	qsort(values, COUNT, sizeof(values[0]), by_value);
	const double ratios[] = {0, 0.001, 0.25, 0.5, 0.95, 0.99, 0.999, 1};
	for (int i = 0; i < 8; i++) {
		int rank = (int)ceil(ratios[i] * COUNT);
		double exact = (double)values[rank > 0 ? rank - 1 : 0];
		double said = histogram_quantile_us(&h, ratios[i]);
		assert_true(said >= exact && said <= exact * (1 + 1.0 / 16) + 1);
	}
	assert_int_equal(h.count, COUNT);
	assert_true(histogram_quantile_us(&h, 1) == (double)values[COUNT - 1]);
}

static void the_ends_are_inside(void **state)
{
	(void)state;
	static struct histogram h, other;
	assert_true(histogram_quantile_us(&h, 0.5) == 0);
	histogram_add(&h, -5);
	assert_true(histogram_quantile_us(&h, 1) == 0);
	histogram_add(&other, INT64_MAX);
	histogram_merge(&h, &other);
	assert_int_equal(h.count, 2);
	assert_true(histogram_quantile_us(&h, 1) == 3600e6);
}

static void a_part_can_be_taken_out(void **state)
{
	(void)state;
	static struct histogram h, earlier;
	for (int i = 0; i < 10; i++)
		histogram_add(&h, 100000);
	earlier = h;
	for (int i = 0; i < 4; i++)
		histogram_add(&h, 8);
	histogram_since(&h, &earlier);
	assert_int_equal(h.count, 4);
	assert_int_equal(h.sum_us, 32);
	assert_true(histogram_quantile_us(&h, 1) == 8);
}

TEST_MAIN(cmocka_unit_test(quantiles_are_right_to_a_sixteenth),
	cmocka_unit_test(the_ends_are_inside), cmocka_unit_test(a_part_can_be_taken_out))
