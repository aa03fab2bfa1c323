#include "serve/workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define THREADS_MAX 16

struct list {
	struct exchange *first, **end;
	int count;
};

struct workers {
	void (*run)(void *opaque, struct exchange *exchange);
	void (*wake)(void *opaque);
	void *opaque;
	pthread_t threads[THREADS_MAX];
	int thread_count;
	pthread_mutex_t lock;
	pthread_cond_t more;
	/* Below: under lock. */
	struct list waiting, done;
	bool closing;
};

static void append(struct list *list, struct exchange *exchange)
{
	exchange->next = NULL;
	*list->end = exchange;
	list->end = &exchange->next;
	list->count++;
}

static struct exchange *take(struct list *list)
{
	struct exchange *exchange = list->first;
	if (!exchange)
		return NULL;
	list->first = exchange->next;
	if (!list->first)
		list->end = &list->first;
	list->count--;
	return exchange;
}

static void *work(void *opaque)
{
	struct workers *workers = opaque;
	pthread_mutex_lock(&workers->lock);
	for (;;) {
		while (!workers->waiting.first && !workers->closing)
			pthread_cond_wait(&workers->more, &workers->lock);
		struct exchange *exchange = take(&workers->waiting);
		if (!exchange)
			break;
		pthread_mutex_unlock(&workers->lock);
		workers->run(workers->opaque, exchange);
		pthread_mutex_lock(&workers->lock);
		/* Where others are there already, whoever takes them has been woken. */
		bool first = !workers->done.first;
		append(&workers->done, exchange);
		if (!first)
			continue;
		pthread_mutex_unlock(&workers->lock);
		workers->wake(workers->opaque);
		pthread_mutex_lock(&workers->lock);
	}
	pthread_mutex_unlock(&workers->lock);
	return NULL;
}

int workers_create(int count, void (*run)(void *opaque, struct exchange *exchange),
	void (*wake)(void *opaque), void *opaque, struct workers **ret_workers)
{
	struct workers *workers = calloc(1, sizeof(*workers));
	if (!workers)
		return -ENOMEM;
	workers->run = run;
	workers->wake = wake;
	workers->opaque = opaque;
	workers->waiting.end = &workers->waiting.first;
	workers->done.end = &workers->done.first;
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->more, NULL);
	for (; workers->thread_count < count && workers->thread_count < THREADS_MAX;
		workers->thread_count++)
		if (pthread_create(&workers->threads[workers->thread_count], NULL, work, workers) !=
			0) {
			workers_destroy(&workers);
			return -EAGAIN;
		}
	*ret_workers = workers;
	return 0;
}

void workers_stop(struct workers *workers)
{
	if (!workers)
		return;
	pthread_mutex_lock(&workers->lock);
	workers->closing = true;
	pthread_cond_broadcast(&workers->more);
	pthread_mutex_unlock(&workers->lock);
	for (int i = 0; i < workers->thread_count; i++)
		pthread_join(workers->threads[i], NULL);
	workers->thread_count = 0;
}

void workers_destroy(struct workers **workers)
{
	struct workers *w = *workers;
	struct exchange *exchange;
	*workers = NULL;
	if (!w)
		return;
	workers_stop(w);
	while ((exchange = take(&w->done)))
		exchange_destroy(&exchange);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

bool workers_post(struct workers *workers, struct exchange *exchange)
{
	pthread_mutex_lock(&workers->lock);
	bool room = workers->waiting.count < WORKERS_QUEUE_MAX;
	if (room) {
		append(&workers->waiting, exchange);
		pthread_cond_signal(&workers->more);
	}
	pthread_mutex_unlock(&workers->lock);
	return room;
}

struct exchange *workers_take(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	struct exchange *exchange = take(&workers->done);
	pthread_mutex_unlock(&workers->lock);
	return exchange;
}
