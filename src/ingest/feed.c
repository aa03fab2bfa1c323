#include "ingest/feed.h"

#include "base/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct feed {
	struct source *source; /* the reading thread's, but for interrupt and info */
	struct queue *queue;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock;
	/* Below: under lock. */
	struct source_stats stats;
	int end; /* what the last read returned */
	struct err end_err;
};

static void publish(struct feed *f, int end, const struct err *err)
{
	pthread_mutex_lock(&f->lock);
	f->stats = source_stats(f->source);
	f->end = end;
	if (end < 0)
		f->end_err = *err;
	pthread_mutex_unlock(&f->lock);
}

static void *read_ahead(void *opaque)
{
	struct feed *f = opaque;
	struct frame *frame;
	struct err err = {0};
	int r;
	while ((r = source_read(f->source, &err, &frame)) == FLOW_MORE) {
		publish(f, r, NULL);
		if (queue_send(f->queue, frame) < 0) {
			frame_unref(&frame);
			break;
		}
	}
	publish(f, r, &err);
	queue_close(f->queue);
	return NULL;
}

int feed_start(const struct source_params *params, int ahead_count, struct err *err,
	struct feed **ret_feed)
{
	struct feed *f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(err, -ENOMEM, "out of memory");
	pthread_mutex_init(&f->lock, NULL);
	int r = source_open(params, err, &f->source);
	if (r < 0)
		goto fail;
	r = queue_create(ahead_count, &f->queue);
	if (r < 0) {
		err_set(err, r, "a queue of %d frames cannot be made", ahead_count);
		goto fail;
	}
	r = -pthread_create(&f->thread, NULL, read_ahead, f);
	if (r < 0) {
		err_set(err, r, "no thread could be started for reading");
		goto fail;
	}
	f->started = true;
	*ret_feed = f;
	return 0;
fail:
	feed_stop(&f);
	return r;
}

void feed_stop(struct feed **feed)
{
	struct feed *f = *feed;
	*feed = NULL;
	if (!f)
		return;
	if (f->started) {
		queue_close(f->queue);
		source_interrupt(f->source);
		pthread_join(f->thread, NULL);
		void *frame;
		while (queue_try_recv(f->queue, &frame) == 0)
			frame_unref(&(struct frame *){frame});
	}
	queue_destroy(&f->queue);
	source_close(&f->source);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

int feed_next(struct feed *feed, struct err *err, struct frame **ret_frame)
{
	void *frame;
	if (queue_recv(feed->queue, &frame) == 0) {
		*ret_frame = frame;
		return FLOW_MORE;
	}
	pthread_mutex_lock(&feed->lock);
	int end = feed->end;
	if (end < 0 && err)
		*err = feed->end_err;
	pthread_mutex_unlock(&feed->lock);
	return end < 0 ? end : FLOW_END;
}

const struct source_info *feed_info(const struct feed *feed)
{
	return source_info(feed->source);
}

struct source_stats feed_stats(struct feed *feed)
{
	pthread_mutex_lock(&feed->lock);
	struct source_stats stats = feed->stats;
	pthread_mutex_unlock(&feed->lock);
	return stats;
}
