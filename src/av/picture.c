#include "av/picture.h"

#include "av/libav.h"
#include "av/pixels.h"

#include <errno.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

/* What decoders may read and write behind a plane. */
#define PLANE_SLACK_BYTES 128

struct picture {
	struct frame frame;
	struct picture_pool *pool;
	struct picture *next; /* in the free list */
	AVFrame *av; /* what a wrapped frame references */
	struct pixels_block *block; /* what an allocated frame uses */
};

struct picture_pool {
	/* Apart, because they differ in size where a picture is scaled or turned. */
	struct pixels *decoded, *made;
	pthread_mutex_t lock;
	/* Below: under lock. */
	struct picture *free_list;
	int out_count;
	bool destroyed;
};

static void picture_destroy(struct picture *p)
{
	av_frame_free(&p->av);
	free(p);
}

static void pool_free(struct picture_pool *pool)
{
	while (pool->free_list) {
		struct picture *p = pool->free_list;
		pool->free_list = p->next;
		picture_destroy(p);
	}
	pixels_destroy(&pool->decoded);
	pixels_destroy(&pool->made);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

int picture_pool_create(struct picture_pool **ret_pool)
{
	struct picture_pool *pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pthread_mutex_init(&pool->lock, NULL);
	int r = pixels_create(&pool->decoded);
	if (r == 0)
		r = pixels_create(&pool->made);
	if (r < 0) {
		pool_free(pool);
		return r;
	}
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
	pixels_put(&p->block);
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
	p->block = pixels_get(pool->made, bytes);
	if (!p->block) {
		frame_unref(&f);
		return -ENOMEM;
	}
	f->width_px = width_px;
	f->height_px = height_px;
	f->plane[0] = p->block->bytes;
	f->plane[1] = p->block->bytes + luma;
	f->plane[2] = p->block->bytes + luma + chroma;
	f->stride_bytes[0] = (int)stride[0];
	f->stride_bytes[1] = f->stride_bytes[2] = (int)stride[1];
	*ret_frame = f;
	return 0;
}

/* As wide as the decoder's vectors need, by doubling the alignment of the width as libav does. */
static int align_lines(
	AVCodecContext *codec, const AVFrame *av, int linesize[4], ptrdiff_t *stride, int *height)
{
	int align[AV_NUM_DATA_POINTERS] = {0}, width = av->width, unaligned, r;
	*height = av->height;
	avcodec_align_dimensions2(codec, &width, height, align);
	do {
		r = av_image_fill_linesizes(linesize, av->format, width);
		if (r < 0)
			return r;
		width += width & ~(width - 1);
		unaligned = 0;
		for (int i = 0; i < 4; i++)
			unaligned |= align[i] ? linesize[i] % align[i] : 0;
	} while (unaligned);
	for (int i = 0; i < 4; i++)
		stride[i] = linesize[i];
	return 0;
}

static void release_block(void *opaque, uint8_t *bytes)
{
	struct pixels_block *block = opaque;
	(void)bytes;
	pixels_put(&block);
}

/* AVCodecContext.get_buffer2, from whichever of the decoder's threads begins a picture. */
static int give_buffer(AVCodecContext *codec, AVFrame *av, int flags)
{
	const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(av->format);
	const unsigned special =
		AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM;
	int linesize[4], height;
	ptrdiff_t stride[4];
	size_t size[4], total = 0;
	if (!format || format->flags & special || !(codec->codec->capabilities & AV_CODEC_CAP_DR1))
		return avcodec_default_get_buffer2(codec, av, flags);
	int r = align_lines(codec, av, linesize, stride, &height);
	if (r >= 0)
		r = av_image_fill_plane_sizes(size, av->format, height, stride);
	if (r < 0)
		return r;
	for (int i = 0; i < 4; i++)
		total += size[i] ? align64(size[i] + PLANE_SLACK_BYTES) : 0;
	struct pixels_block *block = pixels_get(codec->opaque, total);
	if (block)
		av->buf[0] = av_buffer_create(block->bytes, total, release_block, block, 0);
	if (!av->buf[0]) {
		pixels_put(&block);
		return AVERROR(ENOMEM);
	}
	uint8_t *at = block->bytes;
	for (int i = 0; i < 4 && size[i]; i++) {
		av->data[i] = at;
		av->linesize[i] = linesize[i];
		at += align64(size[i] + PLANE_SLACK_BYTES);
	}
	av->extended_data = av->data;
	return 0;
}

void picture_pool_serve(struct picture_pool *pool, AVCodecContext *codec)
{
	codec->opaque = pool->decoded;
	codec->get_buffer2 = give_buffer;
	libav_allow_parallel_buffers(codec);
}
