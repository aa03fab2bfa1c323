#include "base/queue.h"
#include "test.h"

#include <errno.h>
#include <pthread.h>

#define SENDERS 3
#define RECEIVERS 2
#define ITEMS 20000

struct job {
	struct queue *queue;
	int first;
	int64_t sum, count;
};

static void *send_all(void *opaque)
{
	struct job *job = opaque;
	for (int i = 0; i < ITEMS; i++)
		if (queue_send(job->queue, (void *)(intptr_t)(job->first + i)) < 0)
			break;
	return NULL;
}

static void *recv_all(void *opaque)
{
	struct job *job = opaque;
	void *item;
	while (queue_recv(job->queue, &item) == 0) {
		job->sum += (intptr_t)item;
		job->count++;
	}
	return NULL;
}

static void nothing_is_lost_between_many_threads(void **state)
{
	(void)state;
	struct queue *queue;
	assert_int_equal(queue_create(7, &queue), 0);
	pthread_t senders[SENDERS], receivers[RECEIVERS];
	struct job out[SENDERS], in[RECEIVERS] = {0};
	for (int i = 0; i < RECEIVERS; i++) {
		in[i].queue = queue;
		pthread_create(&receivers[i], NULL, recv_all, &in[i]);
	}
	for (int i = 0; i < SENDERS; i++) {
		out[i] = (struct job){.queue = queue, .first = 1 + i * ITEMS};
		pthread_create(&senders[i], NULL, send_all, &out[i]);
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	queue_close(queue);
	int64_t sum = 0, count = 0, n = SENDERS * ITEMS;
	for (int i = 0; i < RECEIVERS; i++) {
		pthread_join(receivers[i], NULL);
		sum += in[i].sum;
		count += in[i].count;
	}
	assert_int_equal(count, n);
	assert_int_equal(sum, n * (n + 1) / 2);
	queue_destroy(&queue);
	assert_null(queue);
}

static void the_order_is_kept(void **state)
{
	(void)state;
	struct queue *queue;
	void *item;
	assert_int_equal(queue_create(3, &queue), 0);
	assert_int_equal(queue_try_recv(queue, &item), -EAGAIN);
	/* Round and round the ring. */
	for (intptr_t i = 1; i < 20; i += 2) {
		assert_int_equal(queue_send(queue, (void *)i), 0);
		assert_int_equal(queue_send(queue, (void *)(i + 1)), 0);
		assert_int_equal(queue_recv(queue, &item), 0);
		assert_int_equal((intptr_t)item, i);
		assert_int_equal(queue_try_recv(queue, &item), 0);
		assert_int_equal((intptr_t)item, i + 1);
	}
	queue_destroy(&queue);
}

static void closing_lets_out_what_is_inside_and_nothing_in(void **state)
{
	(void)state;
	struct queue *queue;
	void *item;
	assert_int_equal(queue_create(2, &queue), 0);
	assert_int_equal(queue_send(queue, (void *)(intptr_t)5), 0);
	queue_close(queue);
	assert_int_equal(queue_send(queue, (void *)(intptr_t)6), -EPIPE);
	assert_int_equal(queue_recv(queue, &item), 0);
	assert_int_equal((intptr_t)item, 5);
	assert_int_equal(queue_recv(queue, &item), -EPIPE);
	assert_int_equal(queue_try_recv(queue, &item), -EPIPE);
	queue_destroy(&queue);
}

static void closing_wakes_a_sender_that_waits(void **state)
{
	(void)state;
	struct queue *queue;
	pthread_t sender;
	assert_int_equal(queue_create(1, &queue), 0);
	struct job job = {.queue = queue, .first = 1};
	pthread_create(&sender, NULL, send_all, &job);
	void *item;
	assert_int_equal(queue_recv(queue, &item), 0); /* it runs, and will fill the queue */
	queue_close(queue);
	pthread_join(sender, NULL);
	queue_destroy(&queue);
}

static void sizes_out_of_range_are_refused(void **state)
{
	(void)state;
	struct queue *queue = NULL;
	assert_int_equal(queue_create(0, &queue), -EINVAL);
	assert_int_equal(queue_create(65537, &queue), -EINVAL);
	assert_null(queue);
	queue_destroy(&queue);
}

TEST_MAIN(cmocka_unit_test(nothing_is_lost_between_many_threads),
	cmocka_unit_test(the_order_is_kept),
	cmocka_unit_test(closing_lets_out_what_is_inside_and_nothing_in),
	cmocka_unit_test(closing_wakes_a_sender_that_waits),
	cmocka_unit_test(sizes_out_of_range_are_refused))
