#include "av/reader.h"

#include "av/convert.h"
#include "av/libav.h"
#include "av/picture.h"
#include "av/timeline.h"
#include "pixel/rotate.h"

#include <errno.h>
#include <libavutil/avstring.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Containers that hold video or one picture. Left out on purpose: playlists (they open whatever
 * file or address they name), text that libav would draw as a picture, and numbered file lists.
 */
static const char containers[] =
	"mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,vvc,mjpeg,"
	"mpjpeg,ivf,obu,av1,flv,asf,ogg,nut,yuv4mpegpipe,dv,mxf,gif,apng,dhav,h261,h263,vc1,rm,wtv,"
	"image2pipe,jpeg_pipe,png_pipe,bmp_pipe,webp_pipe,tiff_pipe,ppm_pipe,pgm_pipe,pbm_pipe,"
	"pam_pipe,image2,j2k_pipe,jpegxl_pipe,qoi_pipe,sgi_pipe";

/* A codec's bare stream: libav makes up times at a nominal rate. */
static const char bare_streams[] =
	"h264,hevc,vvc,m4v,mpegvideo,mjpeg,mpjpeg,h261,h263,vc1,obu,av1,dirac,cavsvideo";

/* That many unreadable packets in a row, with nothing decoded: the rest is not a video. */
#define BAD_IN_A_ROW_MAX 256

struct av_reader {
	char name[256];
	AVFormatContext *format;
	AVCodecContext *codec;
	AVPacket *packet;
	AVFrame *av;
	AVStream *stream;
	struct picture_pool *pictures;
	struct convert *convert;
	struct timeline timeline;
	struct libav_note note;
	unsigned orientation;
	int coded_width_px, coded_height_px; /* of the first frame, before it was turned */
	struct frame *first; /* decoded by open, not read yet */
	bool draining;
	bool log_tells_damage; /* the decoder says so in its log only */
	bool damaged; /* since the last clean key frame */
	int bad_in_a_row;
	int read_error; /* negative errno with which the file ended */
	/* Relaxed: set once; seen a moment later is soon enough. */
	_Atomic bool interrupted;
	struct av_reader_info info;
	struct av_reader_stats stats;
};

static int interrupted(void *opaque)
{
	struct av_reader *reader = opaque;
	return atomic_load_explicit(&reader->interrupted, memory_order_relaxed);
}

static int check_file(const char *path, struct err *err)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return err_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, "%s: is a directory; give a video file", path);
	if (S_ISREG(st.st_mode) && st.st_size == 0)
		return err_set(err, -ENODATA, "%s: is empty (0 bytes)", path);
	return 0;
}

static int open_container(
	struct av_reader *reader, const char *url, const char *format_name, struct err *err)
{
	char file_url[4096];
	AVDictionary *options = NULL;
	const AVInputFormat *format = NULL;
	if (!strstr(url, "://")) {
		int r = check_file(url, err);
		if (r < 0)
			return r;
		/* Without the prefix a path such as "cam:1.mp4" would name a protocol. */
		if (snprintf(file_url, sizeof(file_url), "file:%s", url) >= (int)sizeof(file_url))
			return err_set(err, -ENAMETOOLONG, "%s: path is too long", reader->name);
		url = file_url;
	}
	if (format_name && !(format = av_find_input_format(format_name)))
		return err_set(err, -EINVAL, "%s: libav has no container format '%s'", reader->name,
			format_name);
	reader->format = avformat_alloc_context();
	if (!reader->format)
		return -ENOMEM;
	reader->format->interrupt_callback = (AVIOInterruptCB){interrupted, reader};
	if (!format)
		av_dict_set(&options, "format_whitelist", containers, 0);
	/* One image is one file: a '%' or '*' in its name is no pattern. */
	av_dict_set(&options, "pattern_type", "none", 0);
	int r = avformat_open_input(&reader->format, url, format, &options);
	av_dict_free(&options);
	if (r == AVERROR(EINVAL) && strstr(reader->note.text, "whitelist"))
		return err_set(err, -EINVAL, "%s: is not a video", reader->name);
	if (r < 0)
		return err_set(err, libav_errno(r), "%s: is not a video that can be read: %s",
			reader->name, libav_reason(r, &reader->note));
	return 0;
}

static AVStream *first_video(AVFormatContext *format)
{
	AVStream *video = NULL;
	for (unsigned i = 0; i < format->nb_streams; i++) {
		AVStream *s = format->streams[i];
		bool usable = s->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
			      !(s->disposition & AV_DISPOSITION_ATTACHED_PIC);
		if (usable && !video)
			video = s;
		else
			s->discard = AVDISCARD_ALL;
	}
	return video;
}

static int find_stream(struct av_reader *reader, struct err *err)
{
	AVFormatContext *format = reader->format;
	int r = avformat_find_stream_info(format, NULL);
	if (r == AVERROR_EXIT)
		return -ECANCELED;
	reader->stream = first_video(format);
	if (reader->stream)
		return 0;
	return err_set(err, -EINVAL, "%s: has no video stream (%u other, %s)", reader->name,
		format->nb_streams, format->iformat->name);
}

static int open_decoder(struct av_reader *reader, int thread_count, struct err *err)
{
	const AVCodecParameters *par = reader->stream->codecpar;
	const AVCodec *decoder = avcodec_find_decoder(par->codec_id);
	if (!decoder)
		return err_set(err, -ENOTSUP, "%s: this libav has no decoder for %s", reader->name,
			avcodec_get_name(par->codec_id));
	reader->codec = avcodec_alloc_context3(decoder);
	reader->packet = av_packet_alloc();
	reader->av = av_frame_alloc();
	if (!reader->codec || !reader->packet || !reader->av)
		return -ENOMEM;
	AVCodecContext *codec = reader->codec;
	int r = avcodec_parameters_to_context(codec, par);
	codec->pkt_timebase = reader->stream->time_base;
	codec->thread_count = thread_count > 0 ? thread_count : 1;
	codec->max_pixels = (int64_t)FRAME_SIDE_MAX_PX * FRAME_SIDE_MAX_PX;
	if (r >= 0)
		r = avcodec_open2(codec, decoder, NULL);
	if (r < 0)
		return err_set(err, libav_errno(r), "%s: the %s decoder cannot start: %s",
			reader->name, decoder->name, libav_reason(r, &reader->note));
	/* These set decode_error_flags; of the others only the log tells. */
	reader->log_tells_damage = par->codec_id != AV_CODEC_ID_H264 &&
				   par->codec_id != AV_CODEC_ID_MPEG4 &&
				   par->codec_id != AV_CODEC_ID_MPEG2VIDEO;
	return 0;
}

/* True where a packet of our stream is there; else the end or `read_error` was noted. */
static bool read_packet(struct av_reader *reader)
{
	for (;;) {
		av_packet_unref(reader->packet);
		int r = av_read_frame(reader->format, reader->packet);
		if (r >= 0 && reader->packet->stream_index == reader->stream->index)
			return true;
		if (r >= 0 || r == AVERROR(EAGAIN))
			continue;
		if (r == AVERROR_INVALIDDATA && ++reader->bad_in_a_row < BAD_IN_A_ROW_MAX) {
			reader->damaged = true;
			continue;
		}
		const AVIOContext *io = reader->format->pb;
		if (r == AVERROR_EOF && io && io->error < 0 && io->error != AVERROR_EOF)
			r = io->error;
		reader->read_error = r == AVERROR_EOF ? 0 : libav_errno(r);
		return false;
	}
}

/* Gives the decoder one more packet, or the end. */
static int feed_decoder(struct av_reader *reader)
{
	if (interrupted(reader))
		return -ECANCELED;
	bool more = read_packet(reader);
	if (interrupted(reader))
		return -ECANCELED;
	reader->draining = !more;
	reader->stats.packet_count += more;
	int r = avcodec_send_packet(reader->codec, more ? reader->packet : NULL);
	if (r == AVERROR(ENOMEM))
		return -ENOMEM;
	if (r < 0 && r != AVERROR_EOF) {
		reader->stats.skipped_packet_count++;
		reader->damaged = true;
		reader->bad_in_a_row++;
	}
	return 0;
}

/* The next picture into reader->av. enum flow or a negative errno. */
static int decode(struct av_reader *reader)
{
	for (;;) {
		int r = avcodec_receive_frame(reader->codec, reader->av);
		if (r == 0) {
			reader->bad_in_a_row = 0;
			return FLOW_MORE;
		}
		if (r == AVERROR_EOF || reader->bad_in_a_row >= BAD_IN_A_ROW_MAX)
			return FLOW_END;
		if (r == AVERROR(ENOMEM))
			return -ENOMEM;
		if (r != AVERROR(EAGAIN)) {
			reader->damaged = true;
			reader->bad_in_a_row++;
			continue;
		}
		r = feed_decoder(reader);
		if (r < 0)
			return r;
	}
}

static unsigned damage_flags(struct av_reader *reader)
{
	const AVFrame *av = reader->av;
	bool hurt = av->decode_error_flags || (av->flags & AV_FRAME_FLAG_CORRUPT) ||
		    (reader->log_tells_damage && reader->note.decoder_count > 0);
	reader->note = (struct libav_note){0};
	if (hurt)
		reader->damaged = true;
	else if (libav_frame_is_key(av))
		reader->damaged = false;
	return reader->damaged ? FRAME_CORRUPT : 0;
}

static struct media place(struct av_reader *reader, unsigned *flags)
{
	const AVRational us = {1, 1000000};
	AVRational base = reader->stream->time_base;
	int64_t pts = reader->av->best_effort_timestamp;
	int64_t timestamp_us = pts == AV_NOPTS_VALUE ? TIMELINE_NONE : av_rescale_q(pts, base, us);
	int64_t duration_us = av_rescale_q(libav_frame_duration(reader->av), base, us);
	return timeline_place(&reader->timeline, timestamp_us, duration_us, flags);
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

/* reader->av as a frame of the first one's size, not turned yet. Leaves reader->av empty. */
static int upright_frame(
	struct av_reader *reader, unsigned *flags, struct err *err, struct frame **ret_frame)
{
	AVFrame *av = reader->av;
	struct frame *frame = NULL;
	bool rescale = av->width != reader->coded_width_px || av->height != reader->coded_height_px;
	int r;
	if (!rescale && convert_not_needed(av)) {
		enum color_matrix matrix;
		bool full_range;
		convert_meaning(av, &matrix, &full_range);
		r = picture_wrap(reader->pictures, av, &frame);
		if (r < 0)
			return r;
		frame->matrix = matrix;
		frame->full_range = full_range;
		*ret_frame = frame;
		return 0;
	}
	r = picture_alloc(
		reader->pictures, reader->coded_width_px, reader->coded_height_px, &frame);
	if (r == 0)
		r = convert_picture(reader->convert, av, frame, err);
	av_frame_unref(av);
	if (r < 0) {
		frame_unref(&frame);
		return r;
	}
	if (rescale) {
		reader->stats.rescaled_count++;
		*flags |= FRAME_RESCALED;
	}
	*ret_frame = frame;
	return 0;
}

static int oriented_frame(
	struct av_reader *reader, unsigned *flags, struct err *err, struct frame **ret_frame)
{
	struct frame *upright = NULL;
	int r = upright_frame(reader, flags, err, &upright);
	if (r < 0 || reader->orientation == ORIENTATION_UPRIGHT) {
		if (r == 0)
			*ret_frame = upright;
		return r;
	}
	struct frame *turned = NULL;
	r = picture_alloc(reader->pictures, reader->info.width_px, reader->info.height_px, &turned);
	if (r == 0) {
		turn(upright, reader->orientation, turned);
		*ret_frame = turned;
	}
	frame_unref(&upright);
	return r;
}

static int make_frame(struct av_reader *reader, struct err *err, struct frame **ret_frame)
{
	unsigned flags = damage_flags(reader);
	struct media media = place(reader, &flags);
	struct frame *frame = NULL;
	int r = oriented_frame(reader, &flags, err, &frame);
	if (r < 0)
		return r;
	frame->media = media;
	frame->arrival = mono_now();
	frame->sequence = reader->stats.frame_count++;
	frame->flags = flags;
	reader->stats.corrupt_count += (flags & FRAME_CORRUPT) != 0;
	*ret_frame = frame;
	return 0;
}

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

static void describe_orientation(unsigned o, struct av_reader_info *info)
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

static struct wall creation_time(const struct av_reader *reader)
{
	struct wall created = {0};
	const AVDictionaryEntry *e =
		av_dict_get(reader->stream->metadata, "creation_time", NULL, 0);
	if (!e)
		e = av_dict_get(reader->format->metadata, "creation_time", NULL, 0);
	/* Recorders without a clock write the beginning of an epoch. */
	if (!e || wall_parse(e->value, &created) < 0 || created.us <= 0)
		return (struct wall){0};
	return created;
}

static void describe(struct av_reader *reader)
{
	struct av_reader_info *info = &reader->info;
	const AVStream *stream = reader->stream;
	const AVRational *fps =
		stream->avg_frame_rate.num > 0 ? &stream->avg_frame_rate : &stream->r_frame_rate;
	const char *pixels = av_get_pix_fmt_name(reader->av->format);
	snprintf(info->container, sizeof(info->container), "%s", reader->format->iformat->name);
	snprintf(info->codec, sizeof(info->codec), "%s",
		avcodec_get_name(stream->codecpar->codec_id));
	snprintf(info->pixel_format, sizeof(info->pixel_format), "%s", pixels ? pixels : "unknown");
	info->declared_fps = fps->num > 0 && fps->den > 0 ? av_q2d(*fps) : 0;
	info->nominal_time = av_match_name(reader->format->iformat->name, bare_streams) != 0;
	info->declared_frame_count = stream->nb_frames;
	info->created = creation_time(reader);
	if (stream->duration > 0)
		info->duration_s = (double)stream->duration * av_q2d(stream->time_base);
	else if (reader->format->duration > 0)
		info->duration_s = (double)reader->format->duration / AV_TIME_BASE;
}

/* A recording cut out of a longer one begins between key frames; those frames cannot be decoded. */
static double lost_start_s(const struct av_reader *reader)
{
	const AVStream *stream = reader->stream;
	int64_t pts = reader->av->pts, lost;
	if (pts == AV_NOPTS_VALUE || stream->start_time == AV_NOPTS_VALUE ||
		__builtin_sub_overflow(pts, stream->start_time, &lost) || lost <= 0)
		return 0;
	double s = (double)lost * av_q2d(stream->time_base);
	return s * reader->info.declared_fps > 0.5 ? s : 0;
}

/* Everything that is known only once a picture is there. */
static int begin(struct av_reader *reader, struct err *err)
{
	AVFrame *av = reader->av;
	if (av->width > FRAME_SIDE_MAX_PX || av->height > FRAME_SIDE_MAX_PX)
		return err_set(err, -EINVAL, "%s: %dx%d pixels; at most %d a side can be analysed",
			reader->name, av->width, av->height, FRAME_SIDE_MAX_PX);
	const AVFrameSideData *data = av_frame_get_side_data(av, AV_FRAME_DATA_DISPLAYMATRIX);
	const int32_t *matrix = libav_display_matrix(reader->stream);
	if (!matrix && data && data->size >= 9 * sizeof(int32_t))
		matrix = (const int32_t *)(const void *)data->data;
	reader->orientation = orientation_of(matrix);
	describe_orientation(reader->orientation, &reader->info);
	describe(reader);
	reader->info.lost_start_s = lost_start_s(reader);
	reader->coded_width_px = av->width;
	reader->coded_height_px = av->height;
	bool transposed = reader->orientation & ORIENTATION_TRANSPOSE;
	reader->info.width_px = transposed ? av->height : av->width;
	reader->info.height_px = transposed ? av->width : av->height;
	double fps = reader->info.declared_fps;
	timeline_init(&reader->timeline, fps > 0 ? (int64_t)(1e6 / fps + 0.5) : 0);
	return make_frame(reader, err, &reader->first);
}

static int open_all(struct av_reader *reader, const char *url,
	const struct av_reader_params *params, struct err *err)
{
	int r = picture_pool_create(&reader->pictures);
	if (r == 0)
		r = convert_create(&reader->convert);
	if (r == 0)
		r = open_container(reader, url, params->format, err);
	if (r == 0)
		r = find_stream(reader, err);
	if (r == 0)
		r = open_decoder(reader, params->thread_count, err);
	if (r < 0)
		return r;
	r = decode(reader);
	if (r == FLOW_END)
		return err_set(err, -ENODATA, "%s: has no video frame that can be decoded (%s, %s)",
			reader->name, avcodec_get_name(reader->stream->codecpar->codec_id),
			reader->note.text[0] ? libav_reason(-EINVAL, &reader->note)
					     : reader->format->iformat->name);
	return r < 0 ? r : begin(reader, err);
}

int av_reader_open(const char *url, const struct av_reader_params *params, struct err *err,
	struct av_reader **ret_reader)
{
	libav_init();
	struct av_reader *reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	snprintf(reader->name, sizeof(reader->name), "%s", url);
	libav_listen(&reader->note);
	int r = open_all(reader, url, params, err);
	libav_listen(NULL);
	if (r < 0)
		goto fail;
	*ret_reader = reader;
	return 0;
fail:
	if (r == -ENOMEM)
		err_set(err, r, "%s: out of memory", reader->name);
	av_reader_close(&reader);
	return r;
}

void av_reader_close(struct av_reader **reader)
{
	struct av_reader *r = *reader;
	*reader = NULL;
	if (!r)
		return;
	frame_unref(&r->first);
	av_frame_free(&r->av);
	av_packet_free(&r->packet);
	avcodec_free_context(&r->codec);
	avformat_close_input(&r->format);
	convert_destroy(&r->convert);
	picture_pool_destroy(&r->pictures);
	free(r);
}

static int end_of_file(struct av_reader *reader, struct err *err)
{
	double seen_s = reader->info.lost_start_s +
			(double)(reader->timeline.last_us + reader->timeline.step_us) * 1e-6;
	double missing_s = reader->info.duration_s - seen_s;
	reader->stats.ended_early = reader->read_error != 0 ||
				    reader->bad_in_a_row >= BAD_IN_A_ROW_MAX ||
				    missing_s > fmax(1, 0.02 * reader->info.duration_s);
	/* Nonsense in the file is an end; a device that fails is not. */
	if (reader->read_error < 0 && reader->read_error != -EINVAL)
		return err_set(err, reader->read_error, "%s: cannot be read beyond %.3f s: %s",
			reader->name, seen_s, strerror(-reader->read_error));
	return FLOW_END;
}

int av_reader_read(struct av_reader *reader, struct err *err, struct frame **ret_frame)
{
	if (reader->first) {
		*ret_frame = reader->first;
		reader->first = NULL;
		return FLOW_MORE;
	}
	libav_listen(&reader->note);
	int r = decode(reader);
	bool made = r == FLOW_MORE;
	if (made)
		r = make_frame(reader, err, ret_frame);
	libav_listen(NULL);
	if (made && r == 0)
		return FLOW_MORE;
	if (r == FLOW_END)
		return end_of_file(reader, err);
	if (r == -ECANCELED)
		err_set(err, r, "%s: reading was cancelled", reader->name);
	else if (r == -ENOMEM)
		err_set(err, r, "%s: out of memory", reader->name);
	return r;
}

const struct av_reader_info *av_reader_info(const struct av_reader *reader)
{
	return &reader->info;
}

struct av_reader_stats av_reader_stats(const struct av_reader *reader)
{
	struct av_reader_stats stats = reader->stats;
	stats.untimed_count = reader->timeline.untimed_count;
	stats.backward_count = reader->timeline.backward_count;
	stats.jump_count = reader->timeline.jump_count;
	return stats;
}

void av_reader_interrupt(struct av_reader *reader)
{
	atomic_store_explicit(&reader->interrupted, true, memory_order_relaxed);
}

int av_reader_read_picture(const char *path, struct err *err, struct frame **ret_frame)
{
	struct av_reader *reader;
	int r = av_reader_open(path, &(struct av_reader_params){.thread_count = 1}, err, &reader);
	if (r < 0)
		return r;
	r = av_reader_read(reader, err, ret_frame);
	av_reader_close(&reader);
	if (r == FLOW_END)
		return err_set(err, -ENODATA, "%s: holds no picture", path);
	return r < 0 ? r : 0;
}
