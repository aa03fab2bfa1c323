/*
 * One picture with its times: what every stage from ingest on looks at.
 *
 * Pixels are always 8-bit YUV 4:2:0 in three planes (luma full size, chroma half size rounded up);
 * whatever else a source delivers is converted at the door. `matrix` and `full_range` say what the
 * numbers mean.
 *
 * Memory: reference counted. Whoever makes a frame holds the first reference; frame_ref() adds
 * one, frame_unref() drops one and NULLs the pointer, and the last one out calls the maker's
 * `release`, which returns pixels and struct to where they came from (a pool, a decoder). Pixels
 * are read-only as soon as a frame has been handed on.
 * Threads: ref and unref from any thread; the fields do not change after hand-over.
 * Time: `media` is for measuring, `wall` for people, `arrival` for latency.
 */
#pragma once

#include "base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum color_matrix {
	COLOR_MATRIX_BT601,
	COLOR_MATRIX_BT709,
};

enum frame_flags {
	FRAME_GAP = 1 << 0, /* media time between the frame before and this one was not seen */
	FRAME_CORRUPT = 1 << 1, /* the decoder concealed damage in it or in what it builds on */
	FRAME_RESCALED =
		1 << 2, /* the stream changed its size; scaled to that of the first frame */
};

struct frame {
	int width_px, height_px; /* 1 to FRAME_SIDE_MAX_PX; odd sizes are allowed */
	const uint8_t *plane[3]; /* Y, U, V */
	int stride_bytes[3];
	enum color_matrix matrix;
	bool full_range; /* luma 0..255 instead of 16..235 */

	struct media media;
	struct wall wall;
	struct mono arrival;
	int64_t sequence; /* 0, 1, 2 in the order delivered: a name, never a time */
	unsigned flags; /* enum frame_flags */

	/* For the maker of the frame only. */
	_Atomic int refs;
	void (*release)(struct frame *frame);
	void *owner;
};

#define FRAME_SIDE_MAX_PX 16384

static inline int frame_chroma_width_px(const struct frame *f)
{
	return (f->width_px + 1) / 2;
}
static inline int frame_chroma_height_px(const struct frame *f)
{
	return (f->height_px + 1) / 2;
}

struct frame *frame_ref(struct frame *frame);
void frame_unref(struct frame **frame);

/*
 * A fixed number of frames of one size, allocated once. frame_pool_get() hands out a writable one
 * or NULL where all are in use (never allocates). The pool may be destroyed while frames are still
 * out: its memory goes with the last of them.
 */
struct frame_pool;

/* 0, -EINVAL for a size out of range, or -ENOMEM. `count` 1 to 1024. */
int frame_pool_create(int width_px, int height_px, int count, struct frame_pool **ret_pool);
void frame_pool_destroy(struct frame_pool **pool);
struct frame *frame_pool_get(struct frame_pool *pool);

/* The planes of a frame that the caller has just made and not handed on yet. */
static inline uint8_t *frame_writable(struct frame *f, int plane)
{
	return (uint8_t *)(uintptr_t)f->plane[plane];
}
