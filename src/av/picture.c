#include "av/picture.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

struct picture {
	struct frame frame;
	struct picture_pool *pool;
	struct picture *next; /* in the free list */
	AVFrame *av; /* what a wrapped frame references */
	uint8_t *pixels; /* what an allocated frame uses; kept */
	size_t pixels_bytes;
};

struct picture_pool {
	pthread_mutex_t lock;
	/* Below: under lock. */
	struct picture *free_list;
	int out_count;
	bool destroyed;
};

static void picture_destroy(struct picture *p)
{
	av_frame_free(&p->av);
	free(p->pixels);
	free(p);
}

static void pool_free(struct picture_pool *pool)
{
	while (pool->free_list) {
		struct picture *p = pool->free_list;
		pool->free_list = p->next;
		picture_destroy(p);
	}
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

int picture_pool_create(struct picture_pool **ret_pool)
{
	struct picture_pool *pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pthread_mutex_init(&pool->lock, NULL);
	*ret_pool = pool;
	return 0;
}

void picture_pool_destroy(struct picture_pool **pool)
{
	struct picture_pool *p = *pool;
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

static void picture_release(struct frame *frame)
{
	struct picture *p = frame->owner;
	struct picture_pool *pool = p->pool;
	av_frame_unref(p->av);
	pthread_mutex_lock(&pool->lock);
	p->next = pool->free_list;
	pool->free_list = p;
	pool->out_count--;
	bool last = pool->destroyed && pool->out_count == 0;
	pthread_mutex_unlock(&pool->lock);
	if (last)
		pool_free(pool);
}

static struct picture *picture_create(struct picture_pool *pool)
{
	struct picture *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->pool = pool;
	p->frame.owner = p;
	p->frame.release = picture_release;
	p->av = av_frame_alloc();
	if (p->av)
		return p;
	picture_destroy(p);
	return NULL;
}

static struct picture *picture_get(struct picture_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	struct picture *p = pool->free_list;
	if (p)
		pool->free_list = p->next;
	pool->out_count++;
	pthread_mutex_unlock(&pool->lock);
	if (!p)
		p = picture_create(pool);
	if (!p) {
		pthread_mutex_lock(&pool->lock);
		pool->out_count--;
		pthread_mutex_unlock(&pool->lock);
		return NULL;
	}
	struct frame *f = &p->frame;
	f->matrix = COLOR_MATRIX_BT601;
	f->full_range = false;
	f->media = (struct media){0};
	f->wall = (struct wall){0};
	f->arrival = (struct mono){0};
	f->sequence = 0;
	f->flags = 0;
	atomic_store_explicit(&f->refs, 1, memory_order_relaxed);
	return p;
}

int picture_wrap(struct picture_pool *pool, AVFrame *av, struct frame **ret_frame)
{
	struct picture *p = picture_get(pool);
	if (!p)
		return -ENOMEM;
	av_frame_move_ref(p->av, av);
	p->frame.width_px = p->av->width;
	p->frame.height_px = p->av->height;
	for (int i = 0; i < 3; i++) {
		p->frame.plane[i] = p->av->data[i];
		p->frame.stride_bytes[i] = p->av->linesize[i];
	}
	*ret_frame = &p->frame;
	return 0;
}

static size_t align64(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

int picture_alloc(struct picture_pool *pool, int width_px, int height_px, struct frame **ret_frame)
{
	size_t stride[2] = {align64((size_t)width_px), align64((size_t)(width_px + 1) / 2)};
	size_t luma = stride[0] * (size_t)height_px;
	size_t chroma = stride[1] * ((size_t)(height_px + 1) / 2);
	/* 64 more: converters write whole vectors. */
	size_t bytes = align64(luma + 2 * chroma) + 64;
	struct picture *p = picture_get(pool);
	if (!p)
		return -ENOMEM;
	struct frame *f = &p->frame;
	if (p->pixels_bytes < bytes) {
		free(p->pixels);
		p->pixels = aligned_alloc(64, bytes);
		p->pixels_bytes = p->pixels ? bytes : 0;
	}
	if (!p->pixels) {
		frame_unref(&f);
		return -ENOMEM;
	}
	f->width_px = width_px;
	f->height_px = height_px;
	f->plane[0] = p->pixels;
	f->plane[1] = p->pixels + luma;
	f->plane[2] = p->pixels + luma + chroma;
	f->stride_bytes[0] = (int)stride[0];
	f->stride_bytes[1] = f->stride_bytes[2] = (int)stride[1];
	*ret_frame = f;
	return 0;
}
