#include "api/frame.h"

#include "av/reader.h"
#include "pixel/import.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The importer keeps one frame in flight; a second lets a detector hold on to the last. */
#define POOL_COUNT 2

void api_error(struct gantry_error *error, const struct err *err)
{
	if (error)
		snprintf(error->text, sizeof(error->text), "%s", err->text);
}

static int plane_count(enum gantry_pixel_format format)
{
	switch (format) {
	case GANTRY_PIXEL_BGR24:
	case GANTRY_PIXEL_RGB24:
		return 1;
	case GANTRY_PIXEL_NV12:
		return 2;
	case GANTRY_PIXEL_YUV420P:
		return 3;
	}
	return 0;
}

static int row_bytes(const struct gantry_frame *f, int plane)
{
	int chroma = (f->width_px + 1) / 2;
	if (f->format == GANTRY_PIXEL_BGR24 || f->format == GANTRY_PIXEL_RGB24)
		return 3 * f->width_px;
	if (plane == 0)
		return f->width_px;
	return f->format == GANTRY_PIXEL_NV12 ? 2 * chroma : chroma;
}

static int check(const struct importer *importer, const struct gantry_frame *f, struct err *err)
{
	int planes = plane_count(f->format);
	if (planes == 0)
		return err_set(err, -EINVAL, "frame: pixel format %d is not known", (int)f->format);
	if (f->width_px < 1 || f->height_px < 1 || f->width_px > FRAME_SIDE_MAX_PX ||
		f->height_px > FRAME_SIDE_MAX_PX)
		return err_set(err, -EINVAL, "frame: %dx%d px is outside 1 to %d", f->width_px,
			f->height_px, FRAME_SIDE_MAX_PX);
	for (int i = 0; i < planes; i++) {
		if (!f->data[i])
			return err_set(err, -EINVAL, "frame: data[%d] is NULL", i);
		if (f->stride_bytes[i] < row_bytes(f, i))
			return err_set(err, -EINVAL,
				"frame: stride_bytes[%d] is %d, a row needs %d", i,
				f->stride_bytes[i], row_bytes(f, i));
	}
	if (importer->pool &&
		(f->width_px != importer->width_px || f->height_px != importer->height_px))
		return err_set(err, -EINVAL,
			"frame: %dx%d px, the ones before had %dx%d: make a new pipeline for "
			"another size",
			f->width_px, f->height_px, importer->width_px, importer->height_px);
	return 0;
}

static void copy_plane(const struct gantry_frame *in, struct frame *out, int plane)
{
	int rows = plane ? frame_chroma_height_px(out) : out->height_px;
	uint8_t *to = frame_writable(out, plane);
	for (int y = 0; y < rows; y++)
		memcpy(to + (ptrdiff_t)y * out->stride_bytes[plane],
			in->data[plane] + (ptrdiff_t)y * in->stride_bytes[plane],
			(size_t)row_bytes(in, plane));
}

static void convert(const struct gantry_frame *in, struct frame *out)
{
	uint8_t *planes[3] = {
		frame_writable(out, 0), frame_writable(out, 1), frame_writable(out, 2)};
	switch (in->format) {
	case GANTRY_PIXEL_BGR24:
		import_bgr24(in->data[0], in->stride_bytes[0], out->width_px, out->height_px,
			planes, out->stride_bytes);
		break;
	case GANTRY_PIXEL_RGB24:
		import_rgb24(in->data[0], in->stride_bytes[0], out->width_px, out->height_px,
			planes, out->stride_bytes);
		break;
	case GANTRY_PIXEL_NV12:
		import_nv12(in->data[0], in->stride_bytes[0], in->data[1], in->stride_bytes[1],
			out->width_px, out->height_px, planes, out->stride_bytes);
		break;
	case GANTRY_PIXEL_YUV420P:
		for (int i = 0; i < 3; i++)
			copy_plane(in, out, i);
		break;
	}
}

int importer_import(struct importer *importer, const struct gantry_frame *frame, int64_t sequence,
	struct err *err, struct frame **ret_frame)
{
	int r = check(importer, frame, err);
	if (r < 0)
		return r;
	if (!importer->pool) {
		r = frame_pool_create(
			frame->width_px, frame->height_px, POOL_COUNT, &importer->pool);
		if (r < 0)
			return err_set(err, r, "no memory for frames of %dx%d px", frame->width_px,
				frame->height_px);
		importer->width_px = frame->width_px;
		importer->height_px = frame->height_px;
	}
	struct frame *out = frame_pool_get(importer->pool);
	if (!out)
		return err_set(err, -ENOBUFS, "frame: the ones before are still in use");
	bool yuv = frame->format == GANTRY_PIXEL_NV12 || frame->format == GANTRY_PIXEL_YUV420P;
	out->full_range = yuv && frame->full_range;
	out->matrix = yuv && frame->bt709 ? COLOR_MATRIX_BT709 : COLOR_MATRIX_BT601;
	out->media.us = frame->media_time_us;
	out->wall.us = frame->wall_time_us;
	out->arrival = mono_now();
	out->sequence = sequence;
	out->flags = frame->gap ? FRAME_GAP : 0;
	convert(frame, out);
	*ret_frame = out;
	return 0;
}

void importer_finish(struct importer *importer)
{
	frame_pool_destroy(&importer->pool);
}

void api_frame_borrow(const struct frame *frame, struct gantry_frame *ret_frame)
{
	*ret_frame = (struct gantry_frame){
		.format = GANTRY_PIXEL_YUV420P,
		.width_px = frame->width_px,
		.height_px = frame->height_px,
		.full_range = frame->full_range,
		.bt709 = frame->matrix == COLOR_MATRIX_BT709,
		.media_time_us = frame->media.us,
		.wall_time_us = frame->wall.us,
		.gap = (frame->flags & FRAME_GAP) != 0,
	};
	for (int i = 0; i < 3; i++) {
		ret_frame->data[i] = frame->plane[i];
		ret_frame->stride_bytes[i] = frame->stride_bytes[i];
	}
}

/* A loaded picture: the public frame first, so that a pointer to it finds the rest. */
struct loaded {
	struct gantry_frame frame;
	struct frame *pixels;
};

int api_frame_give(struct frame **frame, struct gantry_frame **ret_frame, struct err *err)
{
	struct loaded *loaded = calloc(1, sizeof(*loaded));
	if (!loaded) {
		frame_unref(frame);
		return err_set(err, -ENOMEM, "out of memory");
	}
	loaded->pixels = *frame;
	*frame = NULL;
	api_frame_borrow(loaded->pixels, &loaded->frame);
	*ret_frame = &loaded->frame;
	return 0;
}

int gantry_frame_load(const char *path, struct gantry_frame **ret_frame, struct gantry_error *error)
{
	struct err err = {0};
	struct frame *pixels = NULL;
	int r = av_reader_read_picture(path, &err, &pixels);
	if (r == 0)
		r = api_frame_give(&pixels, ret_frame, &err);
	if (r < 0)
		api_error(error, &err);
	return r;
}

void gantry_frame_free(struct gantry_frame **frame)
{
	struct loaded *loaded = (struct loaded *)*frame;
	*frame = NULL;
	if (!loaded)
		return;
	frame_unref(&loaded->pixels);
	free(loaded);
}
