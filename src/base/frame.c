#include "base/frame.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct frame *frame_ref(struct frame *frame)
{
	/* Relaxed: the caller already holds a reference, so nothing has to be made visible. */
	atomic_fetch_add_explicit(&frame->refs, 1, memory_order_relaxed);
	return frame;
}

void frame_unref(struct frame **frame)
{
	struct frame *f = *frame;
	*frame = NULL;
	/* Acquire-release: every reader's last look happens before the maker reuses the pixels. */
	if (f && atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1)
		f->release(f);
}

struct frame_pool {
	pthread_mutex_t lock;
	/* Below: under lock. */
	int free_count;
	int out_count;
	bool destroyed;

	int count;
	int width_px, height_px;
	uint8_t *pixels;
	struct frame *frames;
	struct frame **free_list;
};

static void pool_free(struct frame_pool *pool)
{
	pthread_mutex_destroy(&pool->lock);
	free(pool->pixels);
	free(pool->frames);
	free(pool->free_list);
	free(pool);
}

static void pool_release(struct frame *frame)
{
	struct frame_pool *pool = frame->owner;
	pthread_mutex_lock(&pool->lock);
	pool->free_list[pool->free_count++] = frame;
	pool->out_count--;
	bool last = pool->destroyed && pool->out_count == 0;
	pthread_mutex_unlock(&pool->lock);
	if (last)
		pool_free(pool);
}

static size_t align64(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

int frame_pool_create(int width_px, int height_px, int count, struct frame_pool **ret_pool)
{
	if (width_px < 1 || height_px < 1 || width_px > FRAME_SIDE_MAX_PX ||
		height_px > FRAME_SIDE_MAX_PX || count < 1 || count > 1024)
		return -EINVAL;
	size_t stride[2] = {align64((size_t)width_px), align64((size_t)(width_px + 1) / 2)};
	size_t luma = stride[0] * (size_t)height_px;
	size_t chroma = stride[1] * ((size_t)(height_px + 1) / 2);
	size_t one = align64(luma + 2 * chroma);

	struct frame_pool *pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pthread_mutex_init(&pool->lock, NULL);
	pool->pixels = aligned_alloc(64, one * (size_t)count);
	pool->frames = calloc((size_t)count, sizeof(*pool->frames));
	pool->free_list = calloc((size_t)count, sizeof(struct frame *));
	if (!pool->pixels || !pool->frames || !pool->free_list) {
		pool_free(pool);
		return -ENOMEM;
	}
	pool->width_px = width_px;
	pool->height_px = height_px;
	pool->count = pool->free_count = count;
	for (int i = 0; i < count; i++) {
		struct frame *f = &pool->frames[i];
		uint8_t *base = pool->pixels + one * (size_t)i;
		f->plane[0] = base;
		f->plane[1] = base + luma;
		f->plane[2] = base + luma + chroma;
		f->stride_bytes[0] = (int)stride[0];
		f->stride_bytes[1] = f->stride_bytes[2] = (int)stride[1];
		f->release = pool_release;
		f->owner = pool;
		pool->free_list[i] = f;
	}
	*ret_pool = pool;
	return 0;
}

void frame_pool_destroy(struct frame_pool **pool)
{
	struct frame_pool *p = *pool;
	*pool = NULL;
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->destroyed = true;
	bool last = p->out_count == 0;
	pthread_mutex_unlock(&p->lock);
	if (last)
		pool_free(p);
}

struct frame *frame_pool_get(struct frame_pool *pool)
{
	struct frame *f = NULL;
	pthread_mutex_lock(&pool->lock);
	if (pool->free_count > 0) {
		f = pool->free_list[--pool->free_count];
		pool->out_count++;
	}
	pthread_mutex_unlock(&pool->lock);
	if (!f)
		return NULL;
	assert(atomic_load(&f->refs) == 0);
	f->width_px = pool->width_px;
	f->height_px = pool->height_px;
	f->matrix = COLOR_MATRIX_BT601;
	f->full_range = false;
	f->media = (struct media){0};
	f->wall = (struct wall){0};
	f->arrival = (struct mono){0};
	f->sequence = 0;
	f->flags = 0;
	atomic_store_explicit(&f->refs, 1, memory_order_relaxed);
	return f;
}
