#include "test.h"

#include "base/random.h"
#include "detect/candidates.h"

#define MAX 400

static struct candidate items[MAX];
static struct candidates list;

static void empty(void)
{
	list = (struct candidates){.items = items, .capacity = MAX};
}

static void add(float x, float y, float side, float score, int class_id)
{
	candidates_add(
		&list, (struct candidate){{x, y, x + side, y + side}, score, class_id, list.count});
}

static void test_add_refuses_nonsense(void **state)
{
	(void)state;
	empty();
	candidates_add(&list, (struct candidate){{0, 0, NAN, 1}, 0.5f, 0, 0});
	candidates_add(&list, (struct candidate){{0, 0, INFINITY, 1}, 0.5f, 0, 0});
	candidates_add(&list, (struct candidate){{1, 0, 1, 1}, 0.5f, 0, 0});
	candidates_add(&list, (struct candidate){{0, 2, 1, 1}, 0.5f, 0, 0});
	candidates_add(&list, (struct candidate){{0, 0, 1, 1}, NAN, 0, 0});
	assert_int_equal(list.count, 0);
	candidates_add(&list, (struct candidate){{0, 0, 1, 1}, 3, 0, 0});
	assert_int_equal(list.count, 1);
	assert_true(items[0].score_ratio == 1);
	list.capacity = 1;
	add(0, 0, 1, 0.9f, 0);
	assert_int_equal(list.count, 1);
}

/* Few different scores, so that ties are the rule. */
static void test_sort_is_total(void **state)
{
	(void)state;
	for (uint64_t round = 0; round < 50; round++) {
		struct random r = random_at(5, round, 0, 0);
		empty();
		int count = random_index(&r, MAX);
		for (int i = 0; i < count; i++)
			add(0, 0, 1, (float)random_index(&r, 5) / 5, i);
		candidates_sort(&list);
		assert_int_equal(list.count, count);
		for (int i = 1; i < count; i++) {
			assert_true(items[i - 1].score_ratio >= items[i].score_ratio);
			if (items[i - 1].score_ratio == items[i].score_ratio)
				assert_true(items[i - 1].order < items[i].order);
		}
	}
}

static void test_suppress_by_class(void **state)
{
	(void)state;
	empty();
	add(0, 0, 10, 0.8f, 1);
	add(1, 0, 10, 0.9f, 1); /* stronger than the first, and over it */
	add(1, 0, 10, 0.7f, 2); /* another class */
	add(50, 50, 10, 0.6f, 1); /* elsewhere */
	candidates_sort(&list);
	candidates_suppress(&list, 0.5f, NULL);
	assert_int_equal(list.count, 3);
	assert_true(items[0].score_ratio == 0.9f && items[1].score_ratio == 0.7f &&
		    items[2].score_ratio == 0.6f);
}

static void test_suppress_by_group(void **state)
{
	(void)state;
	static const int groups[] = {0, 7, 7};
	empty();
	add(0, 0, 10, 0.9f, 1);
	add(0, 0, 10, 0.8f, 2);
	add(0, 0, 10, 0.7f, 0);
	candidates_suppress(&list, 0.5f, groups);
	assert_int_equal(list.count, 2);
	assert_int_equal(items[1].class_id, 0);
}

/* IoU of two boxes of side 10 shifted by 5 is 1/3. */
static void test_suppress_threshold(void **state)
{
	(void)state;
	for (int above = 0; above < 2; above++) {
		empty();
		add(0, 0, 10, 0.9f, 0);
		add(5, 0, 10, 0.8f, 0);
		candidates_suppress(&list, above ? 0.34f : 0.33f, NULL);
		assert_int_equal(list.count, above ? 2 : 1);
	}
}

TEST_MAIN(cmocka_unit_test(test_add_refuses_nonsense), cmocka_unit_test(test_sort_is_total),
	cmocka_unit_test(test_suppress_by_class), cmocka_unit_test(test_suppress_by_group),
	cmocka_unit_test(test_suppress_threshold))
