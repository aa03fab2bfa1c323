#include "base/random.h"

#include "test.h"

#include <math.h>

static void the_same_name_gives_the_same_numbers(void **state)
{
	(void)state;
	struct random a = random_at(1, 2, 3, 4), b = random_at(1, 2, 3, 4);
	for (int i = 0; i < 10; i++)
		assert_true(random_u64(&a) == random_u64(&b));
}

static void another_name_gives_other_numbers(void **state)
{
	(void)state;
	struct random first = random_at(1, 2, 3, 4);
	struct random others[] = {random_at(2, 2, 3, 4), random_at(1, 3, 3, 4),
		random_at(1, 2, 4, 4), random_at(1, 2, 3, 5), random_at(1, 3, 2, 4)};
	uint64_t number = random_u64(&first);
	for (int i = 0; i < 5; i++)
		assert_true(random_u64(&others[i]) != number);
}

/* One draw from each of many names: what a detector does with (frame, object). */
static void neighbouring_names_are_independent_and_normal(void **state)
{
	(void)state;
	double sum = 0, square = 0, cube = 0, lag = 0, last = 0;
	int beyond = 0, n = 0;
	for (uint64_t frame = 0; frame < 400; frame++)
		for (uint64_t object = 0; object < 250; object++, n++) {
			struct random r = random_at(42, frame, object, 0);
			double x = random_normal(&r);
			sum += x, square += x * x, cube += x * x * x, lag += x * last;
			beyond += fabs(x) > 1.959964;
			last = x;
		}
	/* Five standard errors of each statistic at n = 100 000. */
	assert_true(fabs(sum / n) < 5 * 0.00316);
	assert_true(fabs(square / n - 1) < 5 * 0.00447);
	assert_true(fabs(cube / n) < 5 * 0.0122);
	assert_true(fabs(lag / n) < 5 * 0.00316);
	assert_true(fabs((double)beyond / n - 0.05) < 5 * 0.00069);
}

static void poisson_has_its_mean_and_variance(void **state)
{
	(void)state;
	double sum = 0, square = 0;
	const int n = 50000;
	for (int i = 0; i < n; i++) {
		struct random r = random_at(7, (uint64_t)i, 0, 0);
		int k = random_poisson(&r, 2.5);
		sum += k, square += (double)k * k;
	}
	double mean = sum / n;
	assert_true(fabs(mean - 2.5) < 5 * 0.0071);
	assert_true(fabs(square / n - mean * mean - 2.5) < 0.1);
	struct random r = random_at(7, 0, 0, 0);
	assert_int_equal(random_poisson(&r, 0), 0);
}

TEST_MAIN(cmocka_unit_test(the_same_name_gives_the_same_numbers),
	cmocka_unit_test(another_name_gives_other_numbers),
	cmocka_unit_test(neighbouring_names_are_independent_and_normal),
	cmocka_unit_test(poisson_has_its_mean_and_variance))
