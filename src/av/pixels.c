#include "av/pixels.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

struct pixels {
	pthread_mutex_t lock;
	/* Below: under lock. */
	struct pixels_block *kept; /* the last one put back first: it may still be cached */
	int kept_count, out_count;
	int put_count, idle_count; /* in this window: put back, and the least that was kept */
	bool destroyed;
};

int pixels_create(struct pixels **ret_pixels)
{
	struct pixels *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	*ret_pixels = p;
	return 0;
}

static void block_free(struct pixels_block *block)
{
	munmap(block->bytes, block->size_bytes);
	free(block);
}

static struct pixels_block *block_create(struct pixels *pixels, size_t size_bytes)
{
	struct pixels_block *block = calloc(1, sizeof(*block));
	if (!block)
		return NULL;
	void *bytes =
		mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED) {
		free(block);
		return NULL;
	}
	block->bytes = bytes;
	block->size_bytes = size_bytes;
	block->pool = pixels;
	return block;
}

static void blocks_free(struct pixels_block *list)
{
	while (list) {
		struct pixels_block *block = list;
		list = block->next;
		block_free(block);
	}
}

static void pool_free(struct pixels *p)
{
	blocks_free(p->kept);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

void pixels_destroy(struct pixels **pixels)
{
	struct pixels *p = *pixels;
	*pixels = NULL;
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->destroyed = true;
	bool last = p->out_count == 0;
	pthread_mutex_unlock(&p->lock);
	if (last)
		pool_free(p);
}

struct pixels_block *pixels_get(struct pixels *pixels, size_t size_bytes)
{
	struct pixels *p = pixels;
	struct pixels_block *stale = NULL;
	pthread_mutex_lock(&p->lock);
	if (p->kept && p->kept->size_bytes != size_bytes) {
		stale = p->kept;
		p->kept = NULL;
		p->kept_count = p->idle_count = 0;
	}
	struct pixels_block *block = p->kept;
	if (block) {
		p->kept = block->next;
		p->kept_count--;
	}
	if (p->kept_count < p->idle_count)
		p->idle_count = p->kept_count;
	p->out_count++;
	pthread_mutex_unlock(&p->lock);
	blocks_free(stale);
	if (!block)
		block = block_create(p, size_bytes);
	if (!block) {
		pthread_mutex_lock(&p->lock);
		p->out_count--;
		pthread_mutex_unlock(&p->lock);
	}
	return block;
}

/* At the end of a window: what was kept and not needed, the longest idle. */
static struct pixels_block *take_idle(struct pixels *p)
{
	int surplus = p->idle_count - PIXELS_KEPT;
	struct pixels_block **at = &p->kept;
	p->put_count = 0;
	if (surplus > 0) {
		for (int i = surplus; i < p->kept_count; i++)
			at = &(*at)->next;
		p->kept_count -= surplus;
	}
	p->idle_count = p->kept_count;
	if (surplus <= 0)
		return NULL;
	struct pixels_block *idle = *at;
	*at = NULL;
	return idle;
}

void pixels_put(struct pixels_block **block)
{
	struct pixels_block *b = *block, *idle = NULL;
	*block = NULL;
	if (!b)
		return;
	struct pixels *p = b->pool;
	pthread_mutex_lock(&p->lock);
	p->out_count--;
	bool keep = !p->destroyed && (!p->kept || p->kept->size_bytes == b->size_bytes);
	if (keep) {
		b->next = p->kept;
		p->kept = b;
		p->kept_count++;
	}
	if (++p->put_count >= PIXELS_WINDOW)
		idle = take_idle(p);
	bool last = p->destroyed && p->out_count == 0;
	pthread_mutex_unlock(&p->lock);
	blocks_free(idle);
	if (!keep)
		block_free(b);
	if (last)
		pool_free(p);
}

struct pixels_stats pixels_stats(struct pixels *pixels)
{
	pthread_mutex_lock(&pixels->lock);
	struct pixels_stats stats = {pixels->out_count, pixels->kept_count};
	pthread_mutex_unlock(&pixels->lock);
	return stats;
}
