#include "av/convert.h"

#include <errno.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdlib.h>

/* Everything a scaler is made for: another of these, another scaler. */
struct key {
	int width_px, height_px;
	enum AVPixelFormat format;
	enum AVColorSpace matrix;
	bool full_range;
	int to_width_px, to_height_px;
};

struct convert {
	struct SwsContext *scaler;
	struct key key;
};

int convert_create(struct convert **ret_convert)
{
	struct convert *convert = calloc(1, sizeof(*convert));
	if (!convert)
		return -ENOMEM;
	*ret_convert = convert;
	return 0;
}

void convert_destroy(struct convert **convert)
{
	if (*convert)
		sws_freeContext((*convert)->scaler);
	free(*convert);
	*convert = NULL;
}

/* The "J" formats are the ordinary ones in full range. */
static enum AVPixelFormat plain_format(enum AVPixelFormat format)
{
	switch (format) {
	case AV_PIX_FMT_YUVJ420P:
		return AV_PIX_FMT_YUV420P;
	case AV_PIX_FMT_YUVJ422P:
		return AV_PIX_FMT_YUV422P;
	case AV_PIX_FMT_YUVJ444P:
		return AV_PIX_FMT_YUV444P;
	case AV_PIX_FMT_YUVJ440P:
		return AV_PIX_FMT_YUV440P;
	case AV_PIX_FMT_YUVJ411P:
		return AV_PIX_FMT_YUV411P;
	default:
		return format;
	}
}

static bool is_yuv(enum AVPixelFormat format)
{
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
	return d && !(d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) &&
	       d->nb_components >= 3;
}

bool convert_not_needed(const AVFrame *picture)
{
	return plain_format(picture->format) == AV_PIX_FMT_YUV420P && picture->linesize[0] > 0 &&
	       picture->linesize[1] > 0 && picture->linesize[2] > 0;
}

/* Where the stream is silent: what its size makes likely, as players guess. */
static enum AVColorSpace matrix_of(const AVFrame *picture)
{
	if (picture->colorspace == AVCOL_SPC_UNSPECIFIED || picture->colorspace == AVCOL_SPC_RGB)
		return picture->width >= 1280 || picture->height > 576 ? AVCOL_SPC_BT709
								       : AVCOL_SPC_SMPTE170M;
	return picture->colorspace;
}

static bool is_full_range(const AVFrame *picture)
{
	return picture->color_range == AVCOL_RANGE_JPEG ||
	       plain_format(picture->format) != picture->format;
}

void convert_meaning(const AVFrame *picture, enum color_matrix *ret_matrix, bool *ret_full_range)
{
	if (!is_yuv(picture->format)) {
		*ret_matrix = COLOR_MATRIX_BT601;
		*ret_full_range = true;
		return;
	}
	enum AVColorSpace matrix = matrix_of(picture);
	bool sd = matrix == AVCOL_SPC_SMPTE170M || matrix == AVCOL_SPC_BT470BG ||
		  matrix == AVCOL_SPC_FCC;
	*ret_matrix = sd ? COLOR_MATRIX_BT601 : COLOR_MATRIX_BT709;
	*ret_full_range = is_full_range(picture);
}

static bool same_key(const struct key *a, const struct key *b)
{
	return a->width_px == b->width_px && a->height_px == b->height_px &&
	       a->format == b->format && a->matrix == b->matrix && a->full_range == b->full_range &&
	       a->to_width_px == b->to_width_px && a->to_height_px == b->to_height_px;
}

static int make_scaler(
	struct convert *convert, const struct key *key, const struct frame *to, struct err *err)
{
	sws_freeContext(convert->scaler);
	convert->key = (struct key){0};
	convert->scaler = sws_getContext(key->width_px, key->height_px, key->format,
		key->to_width_px, key->to_height_px, AV_PIX_FMT_YUV420P,
		SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT, NULL, NULL, NULL);
	if (!convert->scaler)
		return err_set(err, -ENOTSUP, "pixel format %s cannot be converted",
			av_get_pix_fmt_name(key->format));
	const int *from_matrix = sws_getCoefficients((int)key->matrix);
	const int *to_matrix = sws_getCoefficients(
		to->matrix == COLOR_MATRIX_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
	sws_setColorspaceDetails(convert->scaler, from_matrix, key->full_range, to_matrix,
		to->full_range, 0, 1 << 16, 1 << 16);
	convert->key = *key;
	return 0;
}

int convert_picture(
	struct convert *convert, const AVFrame *picture, struct frame *frame, struct err *err)
{
	convert_meaning(picture, &frame->matrix, &frame->full_range);
	struct key key = {
		.width_px = picture->width,
		.height_px = picture->height,
		.format = plain_format(picture->format),
		.matrix = matrix_of(picture),
		.full_range = is_yuv(picture->format) ? frame->full_range : true,
		.to_width_px = frame->width_px,
		.to_height_px = frame->height_px,
	};
	if (!convert->scaler || !same_key(&key, &convert->key)) {
		int r = make_scaler(convert, &key, frame, err);
		if (r < 0)
			return r;
	}
	uint8_t *planes[] = {
		frame_writable(frame, 0), frame_writable(frame, 1), frame_writable(frame, 2)};
	int rows = sws_scale(convert->scaler, (const uint8_t *const *)picture->data,
		picture->linesize, 0, picture->height, planes, frame->stride_bytes);
	if (rows != frame->height_px)
		return err_set(err, -EIO, "a picture in pixel format %s could not be converted",
			av_get_pix_fmt_name(key.format));
	return 0;
}
