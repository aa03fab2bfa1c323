/*
 * Whatever pixels a decoder gives, as 8-bit 4:2:0 in three planes. The only door to libswscale.
 *
 * YUV keeps its matrix and range; RGB becomes full-range BT.601. Same bytes on every machine
 * (bit-exact kernels).
 *
 * Threads: one converter, one thread. Memory: kept from frame to frame while the format stays.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"

#include <libavutil/frame.h>

struct convert;

int convert_create(struct convert **ret_convert);
void convert_destroy(struct convert **convert);

/* True where the picture already is what struct frame wants. */
bool convert_not_needed(const AVFrame *picture);
/* What the numbers of `picture` mean once they are in a frame. */
void convert_meaning(const AVFrame *picture, enum color_matrix *ret_matrix, bool *ret_full_range);
/* Fills the pixels of `frame`, scaling where its size differs. */
int convert_picture(
	struct convert *convert, const AVFrame *picture, struct frame *frame, struct err *err);
