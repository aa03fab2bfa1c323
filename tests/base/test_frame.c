#include "base/frame.h"
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

static void planes_have_room_and_do_not_overlap(void **state)
{
	(void)state;
	struct frame_pool *pool;
	struct frame *f[2];
	assert_int_equal(frame_pool_create(33, 17, 2, &pool), 0); /* odd on purpose */
	for (int i = 0; i < 2; i++) {
		f[i] = frame_pool_get(pool);
		assert_int_equal(frame_chroma_width_px(f[i]), 17);
		assert_int_equal(frame_chroma_height_px(f[i]), 9);
		for (int p = 0; p < 3; p++)
			memset(frame_writable(f[i], p), 10 * i + p + 1,
				(size_t)f[i]->stride_bytes[p] *
					(size_t)(p ? frame_chroma_height_px(f[i]) : 17));
	}
	for (int i = 0; i < 2; i++) {
		for (int p = 0; p < 3; p++) {
			int last = (p ? 9 : 17) * f[i]->stride_bytes[p] - 1;
			assert_int_equal((uintptr_t)f[i]->plane[p] % 64, 0);
			assert_int_equal(f[i]->plane[p][0], 10 * i + p + 1);
			assert_int_equal(f[i]->plane[p][last], 10 * i + p + 1);
		}
		frame_unref(&f[i]);
		assert_null(f[i]);
	}
	frame_pool_destroy(&pool);
}

static void a_pool_gives_what_it_has_and_takes_it_back(void **state)
{
	(void)state;
	struct frame_pool *pool;
	assert_int_equal(frame_pool_create(16, 16, 2, &pool), 0);
	struct frame *a = frame_pool_get(pool), *b = frame_pool_get(pool);
	assert_true(a && b && a != b);
	assert_null(frame_pool_get(pool));
	struct frame *second = frame_ref(a);
	frame_unref(&a);
	assert_null(frame_pool_get(pool)); /* still referenced */
	frame_unref(&second);
	a = frame_pool_get(pool);
	assert_non_null(a);
	/* The pool goes first; its memory goes with the last frame (under a sanitizer: no leak). */
	frame_pool_destroy(&pool);
	assert_null(pool);
	memset(frame_writable(b, 0), 1, 16);
	frame_unref(&a);
	frame_unref(&b);
	frame_unref(&b);
}

static void sizes_out_of_range_are_refused(void **state)
{
	(void)state;
	struct frame_pool *pool = NULL;
	assert_int_equal(frame_pool_create(0, 16, 1, &pool), -EINVAL);
	assert_int_equal(frame_pool_create(16, FRAME_SIDE_MAX_PX + 1, 1, &pool), -EINVAL);
	assert_int_equal(frame_pool_create(16, 16, 0, &pool), -EINVAL);
	assert_int_equal(frame_pool_create(16, 16, 1025, &pool), -EINVAL);
	assert_null(pool);
	frame_pool_destroy(&pool);
}

#define READERS 4
#define ROUNDS 200

struct reader {
	struct frame *frame;
	int sum;
};

static void *read_and_drop(void *opaque)
{
	struct reader *r = opaque;
	r->sum = r->frame->plane[0][0] + r->frame->plane[2][7];
	frame_unref(&r->frame);
	return NULL;
}

/* The last reader of each round gives the pixels back, and the next round writes them. */
static void references_cross_threads(void **state)
{
	(void)state;
	struct frame_pool *pool;
	assert_int_equal(frame_pool_create(16, 16, 1, &pool), 0);
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t threads[READERS];
		struct reader readers[READERS];
		struct frame *frame = frame_pool_get(pool);
		assert_non_null(frame);
		frame_writable(frame, 0)[0] = frame_writable(frame, 2)[7] = (uint8_t)round;
		for (int i = 0; i < READERS; i++) {
			readers[i] = (struct reader){.frame = frame_ref(frame)};
			pthread_create(&threads[i], NULL, read_and_drop, &readers[i]);
		}
		frame_unref(&frame);
		for (int i = 0; i < READERS; i++) {
			pthread_join(threads[i], NULL);
			assert_int_equal(readers[i].sum, 2 * (uint8_t)round);
		}
	}
	frame_pool_destroy(&pool);
}

TEST_MAIN(cmocka_unit_test(planes_have_room_and_do_not_overlap),
	cmocka_unit_test(a_pool_gives_what_it_has_and_takes_it_back),
	cmocka_unit_test(sizes_out_of_range_are_refused),
	cmocka_unit_test(references_cross_threads))
