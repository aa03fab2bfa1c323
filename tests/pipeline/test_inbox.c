#include "base/frame.h"
#include "pipeline/inbox.h"
#include "test.h"

#include <pthread.h>

#define FRAMES 2000

static struct frame_pool *pool;
static struct detections found;

static int make_pool(void **state)
{
	(void)state;
	return frame_pool_create(16, 16, 32, &pool);
}

static int free_pool(void **state)
{
	(void)state;
	frame_pool_destroy(&pool);
	return 0;
}

static struct frame *frame_of(int64_t sequence, unsigned flags)
{
	struct frame *frame = frame_pool_get(pool);
	assert_non_null(frame);
	frame->sequence = sequence;
	frame->flags = flags;
	return frame;
}

static void put(struct inbox *inbox, int64_t sequence, unsigned flags)
{
	struct frame *frame = frame_of(sequence, flags);
	inbox_put(inbox, frame);
	frame_unref(&frame);
}

static int64_t take(struct inbox *inbox, enum pipeline_look *ret_look)
{
	struct frame *frame;
	if (!inbox_take(inbox, &frame, ret_look, &found))
		return -1;
	int64_t sequence = frame->sequence;
	frame_unref(&frame);
	return sequence;
}

static struct inbox *make(int capacity)
{
	struct inbox *inbox = NULL;
	assert_int_equal(inbox_create(capacity, &inbox), 0);
	return inbox;
}

static void frames_come_in_order_with_their_looks(void **state)
{
	(void)state;
	struct inbox *inbox = make(8);
	enum pipeline_look look;
	struct detections seen = {.count = 1};
	for (int i = 0; i < 3; i++)
		put(inbox, i, 0);
	seen.items[0].confidence_ratio = 0.5f;
	inbox_settle(inbox, 2, PIPELINE_STILL, NULL);
	inbox_settle(inbox, 1, PIPELINE_LOOKED, &seen);
	inbox_settle(inbox, 0, PIPELINE_NOT_LOOKED, NULL);
	inbox_settle(inbox, 77, PIPELINE_LOOKED, &seen); /* nobody's */
	assert_int_equal(take(inbox, &look), 0);
	assert_int_equal(look, PIPELINE_NOT_LOOKED);
	assert_int_equal(take(inbox, &look), 1);
	assert_int_equal(look, PIPELINE_LOOKED);
	assert_true(found.count == 1 && found.items[0].confidence_ratio == 0.5f);
	assert_int_equal(take(inbox, &look), 2);
	assert_int_equal(look, PIPELINE_STILL);
	inbox_close(inbox);
	assert_int_equal(take(inbox, &look), -1);
	inbox_destroy(&inbox);
}

static void the_oldest_goes_but_none_that_marks_a_gap(void **state)
{
	(void)state;
	struct inbox *inbox = make(3);
	enum pipeline_look look;
	put(inbox, 0, FRAME_GAP);
	inbox_settle(inbox, 0, PIPELINE_NOT_LOOKED, NULL);
	for (int i = 1; i < 6; i++) {
		put(inbox, i, 0);
		inbox_settle(inbox, i, PIPELINE_NOT_LOOKED, NULL);
	}
	struct inbox_stats stats = inbox_stats(inbox);
	assert_int_equal(stats.put_count, 6);
	assert_int_equal(stats.dropped_count, 3);
	assert_int_equal(stats.waiting_count, 3);
	assert_int_equal(take(inbox, &look), 0);
	assert_int_equal(take(inbox, &look), 4);
	assert_int_equal(take(inbox, &look), 5);
	for (int i = 6; i < 10; i++)
		put(inbox, i, FRAME_GAP);
	inbox_settle(inbox, 7, PIPELINE_NOT_LOOKED, NULL);
	assert_int_equal(take(inbox, &look), 7);
	inbox_destroy(&inbox); /* with two inside */
}

static void a_frame_with_a_look_stays(void **state)
{
	(void)state;
	struct inbox *inbox = make(3);
	enum pipeline_look look;
	struct detections seen = {.count = 0};
	put(inbox, 0, 0); /* somebody is looking at it */
	put(inbox, 1, 0);
	put(inbox, 2, 0);
	inbox_settle(inbox, 1, PIPELINE_NOT_LOOKED, NULL);
	inbox_settle(inbox, 2, PIPELINE_LOOKED, &seen);
	put(inbox, 3, 0);
	inbox_settle(inbox, 3, PIPELINE_STILL, NULL);
	put(inbox, 4, 0);
	inbox_settle(inbox, 0, PIPELINE_LOOKED, &seen);
	inbox_settle(inbox, 4, PIPELINE_NOT_LOOKED, NULL);
	assert_int_equal(take(inbox, &look), 0);
	assert_int_equal(take(inbox, &look), 2);
	assert_int_equal(take(inbox, &look), 4);
	inbox_destroy(&inbox);
}

struct flow_test {
	struct inbox *inbox;
	int64_t taken_count;
	bool in_order;
};

static void *take_all(void *opaque)
{
	struct flow_test *t = opaque;
	int64_t before = -1, sequence;
	enum pipeline_look look;
	t->in_order = true;
	while ((sequence = take(t->inbox, &look)) >= 0) {
		t->in_order &= sequence > before;
		before = sequence;
		t->taken_count++;
	}
	return NULL;
}

static void every_frame_is_taken_or_counted(void **state)
{
	(void)state;
	struct flow_test t = {.inbox = make(4)};
	struct detections seen = {.count = 0};
	pthread_t taker;
	pthread_create(&taker, NULL, take_all, &t);
	for (int i = 0; i < FRAMES; i++) {
		put(t.inbox, i, 0);
		/* Some are settled late, when they may have gone. */
		if (i % 3 != 2)
			inbox_settle(t.inbox, i, PIPELINE_NOT_LOOKED, NULL);
		if (i % 7 == 6)
			for (int k = i - 6; k <= i; k++)
				inbox_settle(t.inbox, k, PIPELINE_LOOKED, &seen);
	}
	for (int i = FRAMES - 7; i < FRAMES; i++)
		inbox_settle(t.inbox, i, PIPELINE_LOOKED, &seen);
	inbox_close(t.inbox);
	pthread_join(taker, NULL);
	struct inbox_stats stats = inbox_stats(t.inbox);
	assert_true(t.in_order && t.taken_count > 0);
	assert_int_equal(stats.taken_count, t.taken_count);
	assert_int_equal(stats.put_count, FRAMES);
	assert_int_equal(stats.taken_count + stats.dropped_count, FRAMES);
	inbox_destroy(&t.inbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_in_order_with_their_looks),
		cmocka_unit_test(the_oldest_goes_but_none_that_marks_a_gap),
		cmocka_unit_test(a_frame_with_a_look_stays),
		cmocka_unit_test(every_frame_is_taken_or_counted),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_pool, free_pool);
}
