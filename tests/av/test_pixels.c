#include "av/pixels.h"
#include "test.h"

enum { MANY = 12, SIZE = 4096 * 3 };

static void use_at_once(struct pixels *pixels, int count)
{
	struct pixels_block *blocks[MANY];
	for (int i = 0; i < count; i++) {
		blocks[i] = pixels_get(pixels, SIZE);
		assert_non_null(blocks[i]);
		memset(blocks[i]->bytes, i, SIZE);
	}
	assert_int_equal(pixels_stats(pixels).out_count, count);
	for (int i = 0; i < count; i++)
		assert_int_equal(blocks[i]->bytes[SIZE - 1], i);
	for (int i = 0; i < count; i++)
		pixels_put(&blocks[i]);
	assert_int_equal(pixels_stats(pixels).out_count, 0);
}

static void what_a_burst_needed_goes_after_it(void **state)
{
	(void)state;
	struct pixels *pixels;
	assert_int_equal(pixels_create(&pixels), 0);
	use_at_once(pixels, MANY);
	assert_int_equal(pixels_stats(pixels).kept_count, MANY);
	for (int i = 0; i < 2 * PIXELS_WINDOW; i++)
		use_at_once(pixels, 1);
	/* One is in use, the others are ready. */
	assert_int_equal(pixels_stats(pixels).kept_count, 1 + PIXELS_KEPT);
	pixels_destroy(&pixels);
}

/* Now and then is not never. */
static void what_is_needed_again_stays(void **state)
{
	(void)state;
	struct pixels *pixels;
	assert_int_equal(pixels_create(&pixels), 0);
	for (int i = 0; i < 4 * PIXELS_WINDOW; i++)
		use_at_once(pixels, i % (PIXELS_WINDOW / 4) == 0 ? MANY : 1);
	assert_int_equal(pixels_stats(pixels).kept_count, MANY);
	pixels_destroy(&pixels);
}

static void one_that_is_put_back_is_given_again(void **state)
{
	(void)state;
	struct pixels *pixels;
	assert_int_equal(pixels_create(&pixels), 0);
	struct pixels_block *block = pixels_get(pixels, SIZE);
	const uint8_t *bytes = block->bytes;
	pixels_put(&block);
	assert_null(block);
	block = pixels_get(pixels, SIZE);
	assert_ptr_equal(block->bytes, bytes);
	pixels_put(&block);
	pixels_destroy(&pixels);
}

static void another_size_replaces_what_is_kept(void **state)
{
	(void)state;
	struct pixels *pixels;
	assert_int_equal(pixels_create(&pixels), 0);
	struct pixels_block *small = pixels_get(pixels, SIZE), *large;
	pixels_put(&small);
	large = pixels_get(pixels, 2 * SIZE);
	assert_int_equal(large->size_bytes, 2 * SIZE);
	assert_int_equal(pixels_stats(pixels).kept_count, 0);
	large->bytes[2 * SIZE - 1] = 1;
	/* The pool goes first. */
	pixels_destroy(&pixels);
	pixels_put(&large);
}

static void what_is_too_large_is_refused(void **state)
{
	(void)state;
	struct pixels *pixels;
	assert_int_equal(pixels_create(&pixels), 0);
	assert_null(pixels_get(pixels, SIZE_MAX / 2));
	assert_int_equal(pixels_stats(pixels).out_count, 0);
	pixels_destroy(&pixels);
}

TEST_MAIN(cmocka_unit_test(what_a_burst_needed_goes_after_it),
	cmocka_unit_test(what_is_needed_again_stays),
	cmocka_unit_test(one_that_is_put_back_is_given_again),
	cmocka_unit_test(another_size_replaces_what_is_kept),
	cmocka_unit_test(what_is_too_large_is_refused))
