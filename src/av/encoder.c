#include "av/encoder.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static const struct encoder_kind kinds[] = {
	{"h264", AV_CODEC_ID_H264, true, true, 1000000},
	{"hevc", AV_CODEC_ID_HEVC, true, true, 1000000},
	{"mpeg4", AV_CODEC_ID_MPEG4, false, false, 60000},
	{"mjpeg", AV_CODEC_ID_MJPEG, false, false, 1000000},
};

static int check_params(const struct encoder *e, struct err *err)
{
	const struct av_writer_params *p = &e->params;
	if (e->width_px < 2 || e->height_px < 2 || e->width_px > FRAME_SIDE_MAX_PX ||
		e->height_px > FRAME_SIDE_MAX_PX)
		return err_set(err, -EINVAL,
			"%s: a video of %dx%d pixels cannot be written (2 to %d a side)", e->name,
			e->width_px, e->height_px, FRAME_SIDE_MAX_PX);
	if (p->crf < 0 || p->crf > 51 || p->b_frames < 0 || p->b_frames > 4 || p->gop_frames < 0 ||
		p->bitrate_bps < 0 || p->thread_count < 0 || !(p->fps >= 0 && p->fps <= 1000))
		return err_set(err, -EINVAL, "%s: encoder parameters out of range", e->name);
	return 0;
}

int encoder_init(struct encoder *encoder, const char *name, int width_px, int height_px,
	const struct av_writer_params *params, struct libav_note *note, struct err *err)
{
	const char *codec = params->codec ? params->codec : "h264";
	struct encoder *e = encoder;
	*e = (struct encoder){.name = name,
		.params = *params,
		.width_px = width_px,
		.height_px = height_px,
		.note = note};
	int r = check_params(e, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(codec, kinds[i].name) == 0)
			e->kind = &kinds[i];
	if (!e->kind)
		return err_set(err, -EINVAL,
			"%s: codec '%s' is not one of h264, hevc, mpeg4, mjpeg", name, codec);
	e->codec = avcodec_find_encoder(e->kind->id);
	if (!e->codec)
		return err_set(err, -ENOTSUP,
			"%s: this libav cannot encode %s; choose another codec", name, codec);
	e->av = av_frame_alloc();
	return e->av ? 0 : -ENOMEM;
}

void encoder_finish(struct encoder *e)
{
	avcodec_free_context(&e->context);
	av_frame_free(&e->av);
}

double encoder_fps(const struct encoder *e)
{
	return e->params.fps > 0 ? e->params.fps : 25;
}

static void set_quality(struct encoder *e, bool no_delay, AVDictionary **options)
{
	AVCodecContext *codec = e->context;
	int crf = e->params.crf ? e->params.crf : 23;
	if (e->params.bitrate_bps) {
		codec->bit_rate = e->params.bitrate_bps;
	} else if (e->kind->crf) {
		av_dict_set_int(options, "crf", crf, 0);
	} else {
		/* Quantiser 1 to 31; 5 looks about like x264's 23. */
		codec->flags |= AV_CODEC_FLAG_QSCALE;
		codec->global_quality = FF_QP2LAMBDA * (crf < 10 ? 2 : (crf + 2) / 5);
	}
	if (e->kind->crf)
		av_dict_set(options, "preset", e->params.preset ? e->params.preset : "veryfast", 0);
	if (no_delay && e->kind->crf)
		av_dict_set(options, "tune", "zerolatency", 0);
	/* x265 has a thread pool and a log of its own. */
	if (e->kind->id == AV_CODEC_ID_HEVC)
		av_dict_set(options, "x265-params", "log-level=none:pools=1:frame-threads=1", 0);
}

int encoder_start(struct encoder *e, const struct encoder_start *start, struct err *err)
{
	AVDictionary *options = NULL;
	AVCodecContext *codec = e->context = avcodec_alloc_context3(e->codec);
	if (!codec)
		return -ENOMEM;
	codec->width = e->kind->pairs ? e->width_px & ~1 : e->width_px;
	codec->height = e->kind->pairs ? e->height_px & ~1 : e->height_px;
	codec->pix_fmt = AV_PIX_FMT_YUV420P;
	codec->color_range = start->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
	bool bt709 = start->matrix == COLOR_MATRIX_BT709;
	codec->colorspace = bt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
	codec->color_primaries = bt709 ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
	codec->color_trc = bt709 ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
	codec->time_base = start->time_base;
	if (e->params.pixel_aspect > 0)
		codec->sample_aspect_ratio = av_d2q(e->params.pixel_aspect, UINT8_MAX);
	codec->framerate = av_d2q(encoder_fps(e), 60000);
	codec->gop_size = e->params.gop_frames ? e->params.gop_frames : 50;
	codec->max_b_frames = e->kind->crf && !start->no_delay ? e->params.b_frames : 0;
	codec->thread_count = e->params.thread_count ? e->params.thread_count : 1;
	codec->flags |= AV_CODEC_FLAG_BITEXACT;
	/* Motion JPEG in limited range is not in its standard, and everybody reads it. */
	codec->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
	if (start->global_header)
		codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	set_quality(e, start->no_delay, &options);
	int r = avcodec_open2(codec, e->codec, &options);
	av_dict_free(&options);
	if (r < 0)
		return err_set(err, libav_errno(r), "%s: the %s encoder cannot start: %s", e->name,
			e->codec->name, libav_reason(r, e->note));
	return 0;
}

static void release_frame(void *opaque, uint8_t *data)
{
	struct frame *frame = opaque;
	(void)data;
	frame_unref(&frame);
}

/* The encoder's view of our frame: a reference, no copy. */
static int wrap(struct encoder *e, const struct frame *frame, int64_t pts)
{
	AVFrame *av = e->av;
	/* Counting references does not change what the frame is. */
	struct frame *held = (struct frame *)(uintptr_t)frame;
	size_t luma_bytes = (size_t)frame->stride_bytes[0] * (size_t)frame->height_px;
	av->buf[0] = av_buffer_create(
		frame_writable(held, 0), luma_bytes, release_frame, held, AV_BUFFER_FLAG_READONLY);
	if (!av->buf[0])
		return -ENOMEM;
	frame_ref(held);
	for (int i = 0; i < 3; i++) {
		av->data[i] = frame_writable(held, i);
		av->linesize[i] = frame->stride_bytes[i];
	}
	av->format = e->context->pix_fmt;
	av->width = e->context->width;
	av->height = e->context->height;
	av->color_range = e->context->color_range;
	av->colorspace = e->context->colorspace;
	av->quality = e->context->global_quality;
	av->pts = pts;
	return 0;
}

static int failed(const struct encoder *e, int r, struct err *err)
{
	return err_set(
		err, libav_errno(r), "%s: encoding failed: %s", e->name, libav_reason(r, e->note));
}

int encoder_fits(const struct encoder *e, const struct frame *frame, struct err *err)
{
	if (frame->width_px == e->width_px && frame->height_px == e->height_px)
		return 0;
	return err_set(err, -EINVAL, "%s: a frame of %dx%d does not fit a video of %dx%d", e->name,
		frame->width_px, frame->height_px, e->width_px, e->height_px);
}

int encoder_send(struct encoder *e, const struct frame *frame, int64_t pts, struct err *err)
{
	int r = wrap(e, frame, pts);
	if (r < 0)
		return r;
	r = avcodec_send_frame(e->context, e->av);
	av_frame_unref(e->av);
	return r < 0 ? failed(e, r, err) : 0;
}

int encoder_drain(struct encoder *e, struct err *err)
{
	int r = avcodec_send_frame(e->context, NULL);
	return r < 0 ? failed(e, r, err) : 0;
}

int encoder_receive(struct encoder *e, AVPacket *packet, struct err *err)
{
	int r = avcodec_receive_packet(e->context, packet);
	if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
		return FLOW_END;
	if (r < 0)
		return failed(e, r, err);
	if (packet->duration <= 0)
		packet->duration =
			av_rescale_q(1, av_inv_q(e->context->framerate), e->context->time_base);
	return FLOW_MORE;
}
