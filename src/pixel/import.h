/*
 * Pixel buffers of other layouts into 4:2:0 planes: what a program that uses the library hands in.
 *
 * RGB is taken as full range sRGB-like R'G'B' and becomes BT.601 limited range (Y 16 to 235), in
 * fixed point with 16 bits, exact to one step; chroma is the mean of each block of 2 x 2 pixels
 * (of what there is of it where sizes are odd). NV12 is only taken apart.
 *
 * Sizes in pixels, 1 to FRAME_SIDE_MAX_PX; strides in bytes, at least a row. `plane` and
 * `stride_bytes` are the three output planes, chroma of half size rounded up.
 *
 * Threads: none of their own. Memory: none.
 */
#pragma once

#include <stdint.h>

void import_bgr24(const uint8_t *bgr, int bgr_stride, int width_px, int height_px,
	uint8_t *const plane[3], const int stride_bytes[3]);
void import_rgb24(const uint8_t *rgb, int rgb_stride, int width_px, int height_px,
	uint8_t *const plane[3], const int stride_bytes[3]);
void import_nv12(const uint8_t *y, int y_stride, const uint8_t *uv, int uv_stride, int width_px,
	int height_px, uint8_t *const plane[3], const int stride_bytes[3]);
