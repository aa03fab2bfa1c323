#include "av/decoder.h"

#include "av/convert.h"
#include "av/libav.h"
#include "av/picture.h"
#include "pixel/rotate.h"

#include <errno.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct av_decoder {
	char name[32]; /* the codec's */
	AVCodecContext *codec;
	AVFrame *av;
	struct picture_pool *pictures;
	struct convert *convert;
	struct libav_note note;
	bool has_matrix; /* of the container; else the first picture's counts */
	AVRational pixel_aspect; /* of the container; 0/1: what the pictures say */
	bool begun;
	unsigned orientation;
	int coded_width_px, coded_height_px; /* of the first frame, before it was turned */
	bool log_tells_damage; /* the decoder says so in its log only */
	bool damaged; /* since the last clean key frame */
	int bad_in_a_row;
	int64_t inside_count; /* sent since the last flush, without those that came out */
	struct av_decoder_info info;
	struct av_decoder_stats stats;
};

/*
 * x' = a x + c y, y' = b x + d y, with a, b, c, d at 0, 1, 3, 4 of the matrix; angles between the
 * quarter turns go to the nearest.
 */
static unsigned orientation_of(const int32_t *m)
{
	unsigned o = 0;
	if (!m)
		return ORIENTATION_UPRIGHT;
	if (llabs(m[1]) + llabs(m[3]) > llabs(m[0]) + llabs(m[4])) {
		o |= ORIENTATION_TRANSPOSE;
		o |= m[3] < 0 ? ORIENTATION_FLIP_X : 0;
		o |= m[1] < 0 ? ORIENTATION_FLIP_Y : 0;
		return o;
	}
	o |= m[0] < 0 ? ORIENTATION_FLIP_X : 0;
	o |= m[4] < 0 ? ORIENTATION_FLIP_Y : 0;
	return o;
}

static void describe_orientation(unsigned o, struct av_decoder_info *info)
{
	/* Each of the three exchanges left and right; two of them make a turn. */
	info->mirrored = __builtin_popcount(o) & 1;
	if (info->mirrored)
		o ^= o & ORIENTATION_TRANSPOSE ? ORIENTATION_FLIP_Y : ORIENTATION_FLIP_X;
	info->rotation_deg = o == ORIENTATION_TURN_90    ? 90
			     : o == ORIENTATION_TURN_180 ? 180
			     : o == ORIENTATION_TURN_270 ? 270
							 : 0;
}

static int open_codec(
	struct av_decoder *d, const AVStream *stream, int thread_count, struct err *err)
{
	const AVCodecParameters *par = stream->codecpar;
	const AVCodec *decoder = avcodec_find_decoder(par->codec_id);
	if (!decoder)
		return err_set(err, -ENOTSUP, "this libav has no decoder for %s", d->name);
	d->codec = avcodec_alloc_context3(decoder);
	d->av = av_frame_alloc();
	if (!d->codec || !d->av)
		return -ENOMEM;
	AVCodecContext *codec = d->codec;
	int r = avcodec_parameters_to_context(codec, par);
	codec->pkt_timebase = AV_TIME_BASE_Q;
	codec->thread_count = thread_count > 0 ? thread_count : 1;
	codec->max_pixels = (int64_t)FRAME_SIDE_MAX_PX * FRAME_SIDE_MAX_PX;
	picture_pool_serve(d->pictures, codec);
	if (r >= 0)
		r = avcodec_open2(codec, decoder, NULL);
	if (r < 0)
		return err_set(err, libav_errno(r), "the %s decoder cannot start: %s",
			decoder->name, libav_reason(r, &d->note));
	/* These set decode_error_flags; of the others only the log tells. */
	d->log_tells_damage = par->codec_id != AV_CODEC_ID_H264 &&
			      par->codec_id != AV_CODEC_ID_MPEG4 &&
			      par->codec_id != AV_CODEC_ID_MPEG2VIDEO;
	return 0;
}

int av_decoder_create(const struct av_demux *demux, int thread_count, struct err *err,
	struct av_decoder **ret_decoder)
{
	const AVStream *stream = av_demux_stream(demux);
	struct av_decoder *d = calloc(1, sizeof(*d));
	int r = -ENOMEM;
	if (!d)
		goto fail;
	snprintf(d->name, sizeof(d->name), "%s", avcodec_get_name(stream->codecpar->codec_id));
	r = picture_pool_create(&d->pictures);
	if (r == 0)
		r = convert_create(&d->convert);
	libav_listen(&d->note);
	if (r == 0)
		r = open_codec(d, stream, thread_count, err);
	libav_listen(NULL);
	if (r < 0)
		goto fail;
	const int32_t *matrix = libav_display_matrix(stream);
	d->has_matrix = matrix != NULL;
	d->orientation = orientation_of(matrix);
	d->pixel_aspect = stream->sample_aspect_ratio;
	*ret_decoder = d;
	return 0;
fail:
	if (r == -ENOMEM)
		err_set(err, r, "out of memory");
	av_decoder_destroy(&d);
	return r;
}

void av_decoder_destroy(struct av_decoder **decoder)
{
	struct av_decoder *d = *decoder;
	*decoder = NULL;
	if (!d)
		return;
	av_frame_free(&d->av);
	avcodec_free_context(&d->codec);
	convert_destroy(&d->convert);
	picture_pool_destroy(&d->pictures);
	free(d);
}

int av_decoder_send(struct av_decoder *decoder, const struct AVPacket *packet)
{
	libav_listen(&decoder->note);
	int r = avcodec_send_packet(decoder->codec, packet);
	libav_listen(NULL);
	if (r == AVERROR(ENOMEM))
		return -ENOMEM;
	decoder->inside_count += r == 0 && packet;
	if (r < 0 && r != AVERROR_EOF) {
		decoder->stats.refused_count++;
		decoder->damaged = true;
		decoder->bad_in_a_row++;
	}
	return 0;
}

/* The next picture into decoder->av. enum flow or a negative errno. */
static int decode(struct av_decoder *d)
{
	for (;;) {
		int r = avcodec_receive_frame(d->codec, d->av);
		if (r == 0) {
			d->bad_in_a_row = 0;
			return FLOW_MORE;
		}
		if (r == AVERROR_EOF || d->bad_in_a_row >= AV_DECODER_BAD_MAX)
			return FLOW_END;
		if (r == AVERROR(ENOMEM))
			return -ENOMEM;
		if (r == AVERROR(EAGAIN))
			return -EAGAIN;
		d->damaged = true;
		d->bad_in_a_row++;
	}
}

static unsigned damage_flags(struct av_decoder *d)
{
	const AVFrame *av = d->av;
	bool hurt = av->decode_error_flags || (av->flags & AV_FRAME_FLAG_CORRUPT) ||
		    (d->log_tells_damage && d->note.decoder_count > 0);
	d->note = (struct libav_note){0};
	if (hurt)
		d->damaged = true;
	else if (libav_frame_is_key(av))
		d->damaged = false;
	return d->damaged ? FRAME_CORRUPT : 0;
}

static void turn(const struct frame *from, unsigned orientation, struct frame *to)
{
	for (int i = 0; i < 3; i++)
		rotate_plane(from->plane[i], from->stride_bytes[i],
			i ? frame_chroma_width_px(from) : from->width_px,
			i ? frame_chroma_height_px(from) : from->height_px, orientation,
			frame_writable(to, i), to->stride_bytes[i]);
	to->matrix = from->matrix;
	to->full_range = from->full_range;
}

/* d->av as a frame of the first one's size, not turned yet. Leaves d->av empty. */
static int upright_frame(
	struct av_decoder *d, unsigned *flags, struct err *err, struct frame **ret_frame)
{
	AVFrame *av = d->av;
	struct frame *frame = NULL;
	bool rescale = av->width != d->coded_width_px || av->height != d->coded_height_px;
	int r;
	if (!rescale && convert_not_needed(av)) {
		enum color_matrix matrix;
		bool full_range;
		convert_meaning(av, &matrix, &full_range);
		r = picture_wrap(d->pictures, av, &frame);
		if (r < 0)
			return r;
		frame->matrix = matrix;
		frame->full_range = full_range;
		*ret_frame = frame;
		return 0;
	}
	r = picture_alloc(d->pictures, d->coded_width_px, d->coded_height_px, &frame);
	if (r == 0)
		r = convert_picture(d->convert, av, frame, err);
	av_frame_unref(av);
	if (r < 0) {
		frame_unref(&frame);
		return r;
	}
	if (rescale) {
		d->stats.rescaled_count++;
		*flags |= FRAME_RESCALED;
	}
	*ret_frame = frame;
	return 0;
}

static int oriented_frame(
	struct av_decoder *d, unsigned *flags, struct err *err, struct frame **ret_frame)
{
	struct frame *upright = NULL;
	int r = upright_frame(d, flags, err, &upright);
	if (r < 0 || d->orientation == ORIENTATION_UPRIGHT) {
		if (r == 0)
			*ret_frame = upright;
		return r;
	}
	struct frame *turned = NULL;
	r = picture_alloc(d->pictures, d->info.width_px, d->info.height_px, &turned);
	if (r == 0) {
		turn(upright, d->orientation, turned);
		*ret_frame = turned;
	}
	frame_unref(&upright);
	return r;
}

static double pixel_aspect_of(const struct av_decoder *d)
{
	AVRational a = d->pixel_aspect.num > 0 ? d->pixel_aspect : d->av->sample_aspect_ratio;
	if (a.num <= 0 || a.den <= 0)
		return 1;
	return d->orientation & ORIENTATION_TRANSPOSE ? (double)a.den / a.num
						      : (double)a.num / a.den;
}

/* Everything that is known only once a picture is there. */
static int begin(struct av_decoder *d, struct err *err)
{
	const AVFrame *av = d->av;
	if (av->width > FRAME_SIDE_MAX_PX || av->height > FRAME_SIDE_MAX_PX)
		return err_set(err, -EINVAL, "%dx%d pixels; at most %d a side can be analysed",
			av->width, av->height, FRAME_SIDE_MAX_PX);
	const AVFrameSideData *data = av_frame_get_side_data(av, AV_FRAME_DATA_DISPLAYMATRIX);
	if (!d->has_matrix && data && data->size >= 9 * sizeof(int32_t))
		d->orientation = orientation_of((const int32_t *)(const void *)data->data);
	const char *pixels = av_get_pix_fmt_name(av->format);
	snprintf(d->info.pixel_format, sizeof(d->info.pixel_format), "%s",
		pixels ? pixels : "unknown");
	describe_orientation(d->orientation, &d->info);
	d->coded_width_px = av->width;
	d->coded_height_px = av->height;
	bool transposed = d->orientation & ORIENTATION_TRANSPOSE;
	d->info.pixel_aspect = pixel_aspect_of(d);
	d->info.width_px = transposed ? av->height : av->width;
	d->info.height_px = transposed ? av->width : av->height;
	d->begun = true;
	return 0;
}

static struct av_decoder_time time_of(const struct av_decoder *d)
{
	const AVFrame *av = d->av;
	return (struct av_decoder_time){
		.timestamp_us = av->best_effort_timestamp, /* AV_NOPTS_VALUE is INT64_MIN */
		.duration_us = libav_frame_duration(av),
		.late_count = av->pts == AV_NOPTS_VALUE ? d->codec->has_b_frames : 0,
		.key = libav_frame_is_key(av),
	};
}

static int make_frame(struct av_decoder *d, struct err *err, struct frame **ret_frame)
{
	int r = d->begun ? 0 : begin(d, err);
	if (r < 0)
		return r;
	unsigned flags = damage_flags(d);
	d->stats.coded_width_px = d->av->width;
	d->stats.coded_height_px = d->av->height;
	r = oriented_frame(d, &flags, err, ret_frame);
	if (r < 0)
		return r;
	(*ret_frame)->flags = flags;
	d->stats.decoded_count++;
	d->inside_count--;
	d->stats.corrupt_count += (flags & FRAME_CORRUPT) != 0;
	return FLOW_MORE;
}

int av_decoder_receive(struct av_decoder *decoder, struct err *err, struct frame **ret_frame,
	struct av_decoder_time *ret_time)
{
	libav_listen(&decoder->note);
	int r = decode(decoder);
	if (r == FLOW_MORE) {
		*ret_time = time_of(decoder);
		r = make_frame(decoder, err, ret_frame);
	}
	libav_listen(NULL);
	if (r == -ENOMEM)
		err_set(err, r, "out of memory");
	return r;
}

void av_decoder_note_damage(struct av_decoder *decoder)
{
	decoder->damaged = true;
}

void av_decoder_flush(struct av_decoder *decoder)
{
	avcodec_flush_buffers(decoder->codec);
	decoder->inside_count = 0;
	decoder->bad_in_a_row = 0;
}

struct av_decoder_stats av_decoder_stats(const struct av_decoder *decoder)
{
	struct av_decoder_stats stats = decoder->stats;
	int64_t delay = decoder->codec->has_b_frames;
	stats.held_count = decoder->inside_count < delay ? decoder->inside_count : delay;
	if (stats.held_count < 0)
		stats.held_count = 0;
	return stats;
}

const struct av_decoder_info *av_decoder_info(const struct av_decoder *decoder)
{
	return &decoder->info;
}

const char *av_decoder_complaint(const struct av_decoder *decoder)
{
	return decoder->note.text;
}
