#include "base/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t not_full, not_empty;
	/* Below: under lock. */
	bool closed;
	int head, count;
	int capacity;
	void **items;
};

int queue_create(int capacity_count, struct queue **ret_queue)
{
	if (capacity_count < 1 || capacity_count > 65536)
		return -EINVAL;
	struct queue *q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	q->items = calloc((size_t)capacity_count, sizeof(void *));
	if (!q->items) {
		free(q);
		return -ENOMEM;
	}
	q->capacity = capacity_count;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->not_full, NULL);
	pthread_cond_init(&q->not_empty, NULL);
	*ret_queue = q;
	return 0;
}

void queue_destroy(struct queue **queue)
{
	struct queue *q = *queue;
	*queue = NULL;
	if (!q)
		return;
	pthread_cond_destroy(&q->not_empty);
	pthread_cond_destroy(&q->not_full);
	pthread_mutex_destroy(&q->lock);
	free(q->items);
	free(q);
}

int queue_send(struct queue *queue, void *item)
{
	pthread_mutex_lock(&queue->lock);
	while (queue->count == queue->capacity && !queue->closed)
		pthread_cond_wait(&queue->not_full, &queue->lock);
	int r = queue->closed ? -EPIPE : 0;
	if (r == 0) {
		queue->items[(queue->head + queue->count++) % queue->capacity] = item;
		pthread_cond_signal(&queue->not_empty);
	}
	pthread_mutex_unlock(&queue->lock);
	return r;
}

static int recv_locked(struct queue *queue, void **ret_item)
{
	if (queue->count == 0)
		return queue->closed ? -EPIPE : -EAGAIN;
	*ret_item = queue->items[queue->head];
	queue->head = (queue->head + 1) % queue->capacity;
	queue->count--;
	pthread_cond_signal(&queue->not_full);
	return 0;
}

int queue_recv(struct queue *queue, void **ret_item)
{
	pthread_mutex_lock(&queue->lock);
	while (queue->count == 0 && !queue->closed)
		pthread_cond_wait(&queue->not_empty, &queue->lock);
	int r = recv_locked(queue, ret_item);
	pthread_mutex_unlock(&queue->lock);
	return r;
}

int queue_try_recv(struct queue *queue, void **ret_item)
{
	pthread_mutex_lock(&queue->lock);
	int r = recv_locked(queue, ret_item);
	pthread_mutex_unlock(&queue->lock);
	return r;
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	pthread_cond_broadcast(&queue->not_full);
	pthread_cond_broadcast(&queue->not_empty);
	pthread_mutex_unlock(&queue->lock);
}
