/*
 * Frames for the reader: structs that are used again and again, over the decoder's own buffers
 * where its pixels are as we want them, else with pixels of their own.
 *
 * Memory: the pixels of the frames that are out, and of a few more (pixels.h): what a burst needed
 * goes with it. The pool may be destroyed while frames are out: its memory goes with the last of
 * them.
 * Threads: frames may be released from any thread; the rest belongs to the reader's.
 */
#pragma once

#include "base/frame.h"

#include <libavcodec/avcodec.h>

struct picture_pool;

int picture_pool_create(struct picture_pool **ret_pool);
void picture_pool_destroy(struct picture_pool **pool);
/*
 * A frame over `av`'s buffers (8-bit 4:2:0 in three planes). Takes av's references on success.
 * Size and planes are set, all else is zero.
 */
int picture_wrap(struct picture_pool *pool, AVFrame *av, struct frame **ret_frame);
/* A frame with pixels of its own, undefined, for the caller to fill. */
int picture_alloc(struct picture_pool *pool, int width_px, int height_px, struct frame **ret_frame);
/* A decoder that is not open yet takes the pixels of its pictures from the pool from now on. */
void picture_pool_serve(struct picture_pool *pool, AVCodecContext *codec);
