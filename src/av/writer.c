#include "av/writer.h"

#include "av/libav.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/opt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IO_BUFFER_BYTES 65536

static const struct codec_kind {
	const char *name;
	enum AVCodecID id;
	bool pairs; /* codes whole 4:2:0 pairs only */
	bool crf; /* has x264's constant quality */
	int ticks_max; /* most time base ticks per second */
} codec_kinds[] = {
	{"h264", AV_CODEC_ID_H264, true, true, 1000000},
	{"hevc", AV_CODEC_ID_HEVC, true, true, 1000000},
	{"mpeg4", AV_CODEC_ID_MPEG4, false, false, 60000},
	{"mjpeg", AV_CODEC_ID_MJPEG, false, false, 1000000},
};

static const struct container_kind {
	const char *suffix, *muxer;
	bool movflags;
	bool constant_rate;
	int ticks_max;
} container_kinds[] = {
	{".mp4", "mp4", true, false, 1000000},
	{".mov", "mov", true, false, 1000000},
	{".mkv", "matroska", false, false, 1000},
	{".avi", "avi", false, true, 0},
};

struct av_writer {
	char path[512];
	struct av_writer_params params;
	const struct codec_kind *codec_kind;
	const struct container_kind *container;
	const AVCodec *encoder;
	int width_px, height_px;
	int fd;
	AVIOContext *io;
	AVFormatContext *format;
	AVCodecContext *codec;
	AVStream *stream;
	AVPacket *packet;
	AVFrame *av;
	struct libav_note note;
	bool begun;
	struct media first, last;
	int64_t last_pts;
	int64_t good_end_bytes; /* the file is valid up to here */
	int io_error; /* negative errno of the first write that failed */
	int failed; /* negative errno: nothing more is tried */
};

#if LIBAVFORMAT_VERSION_MAJOR >= 61
typedef const uint8_t io_bytes;
#else
typedef uint8_t io_bytes;
#endif

static int io_write(void *opaque, io_bytes *bytes, int count)
{
	struct av_writer *w = opaque;
	int left = count;
	while (left > 0) {
		ssize_t n = write(w->fd, bytes, (size_t)left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (!w->io_error)
				w->io_error = -errno;
			return AVERROR(errno);
		}
		bytes += n;
		left -= (int)n;
	}
	return count;
}

static int64_t io_seek(void *opaque, int64_t offset, int whence)
{
	struct av_writer *w = opaque;
	struct stat st;
	if (whence == AVSEEK_SIZE)
		return fstat(w->fd, &st) == 0 ? st.st_size : AVERROR(errno);
	off_t to = lseek(w->fd, offset, whence);
	return to < 0 ? AVERROR(errno) : to;
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);
	return n > m && strcasecmp(text + n - m, suffix) == 0;
}

static int choose_kinds(struct av_writer *w, struct err *err)
{
	const char *codec = w->params.codec ? w->params.codec : "h264";
	for (size_t i = 0; i < sizeof(codec_kinds) / sizeof(codec_kinds[0]); i++)
		if (strcmp(codec, codec_kinds[i].name) == 0)
			w->codec_kind = &codec_kinds[i];
	for (size_t i = 0; i < sizeof(container_kinds) / sizeof(container_kinds[0]); i++)
		if (ends_with(w->path, container_kinds[i].suffix))
			w->container = &container_kinds[i];
	if (!w->codec_kind)
		return err_set(err, -EINVAL,
			"%s: codec '%s' is not one of h264, hevc, mpeg4, mjpeg", w->path, codec);
	if (!w->container)
		return err_set(
			err, -EINVAL, "%s: the name must end in .mp4, .mov, .mkv or .avi", w->path);
	w->encoder = avcodec_find_encoder(w->codec_kind->id);
	if (!w->encoder)
		return err_set(err, -ENOTSUP,
			"%s: this libav cannot encode %s; choose another codec", w->path, codec);
	return 0;
}

static int check_params(const struct av_writer *w, struct err *err)
{
	const struct av_writer_params *p = &w->params;
	if (w->width_px < 2 || w->height_px < 2 || w->width_px > FRAME_SIDE_MAX_PX ||
		w->height_px > FRAME_SIDE_MAX_PX)
		return err_set(err, -EINVAL,
			"%s: a video of %dx%d pixels cannot be written (2 to %d a side)", w->path,
			w->width_px, w->height_px, FRAME_SIDE_MAX_PX);
	if (p->crf < 0 || p->crf > 51 || p->b_frames < 0 || p->b_frames > 4 || p->gop_frames < 0 ||
		p->bitrate_bps < 0 || p->thread_count < 0 || !(p->fps >= 0 && p->fps <= 1000))
		return err_set(err, -EINVAL, "%s: encoder parameters out of range", w->path);
	return 0;
}

static int open_file(struct av_writer *w, struct err *err)
{
	w->fd = open(w->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (w->fd < 0)
		return err_set(err, -errno, "%s: cannot be written: %s", w->path, strerror(errno));
	uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
	if (!buffer)
		return -ENOMEM;
	w->io = avio_alloc_context(buffer, IO_BUFFER_BYTES, 1, w, NULL, io_write, io_seek);
	if (!w->io) {
		av_free(buffer);
		return -ENOMEM;
	}
	if (lseek(w->fd, 0, SEEK_CUR) < 0)
		w->io->seekable = 0;
	int r = avformat_alloc_output_context2(&w->format, NULL, w->container->muxer, w->path);
	if (r < 0)
		return err_set(err, libav_errno(r), "%s: this libav cannot write %s", w->path,
			w->container->muxer);
	w->format->pb = w->io;
	/* Every packet reaches the file at once, or its loss is noticed at once. */
	w->format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT | AVFMT_FLAG_FLUSH_PACKETS;
	w->packet = av_packet_alloc();
	w->av = av_frame_alloc();
	return w->packet && w->av ? 0 : -ENOMEM;
}

int av_writer_open(const char *path, int width_px, int height_px,
	const struct av_writer_params *params, struct err *err, struct av_writer **ret_writer)
{
	libav_init();
	struct av_writer *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->fd = -1;
	w->width_px = width_px;
	w->height_px = height_px;
	w->params = *params;
	int r = -ENAMETOOLONG;
	if (snprintf(w->path, sizeof(w->path), "%s", path) >= (int)sizeof(w->path)) {
		err_set(err, r, "%s: path is too long", w->path);
		goto fail;
	}
	r = check_params(w, err);
	if (r == 0)
		r = choose_kinds(w, err);
	if (r == 0)
		r = open_file(w, err);
	if (r < 0)
		goto fail;
	*ret_writer = w;
	return 0;
fail:
	if (r == -ENOMEM)
		err_set(err, r, "%s: out of memory", w->path);
	av_writer_close(&w, NULL);
	return r;
}

static double nominal_fps(const struct av_writer *w)
{
	return w->params.fps > 0 ? w->params.fps : 25;
}

static AVRational time_base(const struct av_writer *w)
{
	AVRational fps = av_d2q(nominal_fps(w), 60000);
	int ticks = w->container->ticks_max;
	if (w->container->constant_rate)
		return av_inv_q(fps);
	return (AVRational){1, ticks < w->codec_kind->ticks_max ? ticks : w->codec_kind->ticks_max};
}

static void set_quality(struct av_writer *w, AVDictionary **options)
{
	AVCodecContext *codec = w->codec;
	int crf = w->params.crf ? w->params.crf : 23;
	if (w->params.bitrate_bps) {
		codec->bit_rate = w->params.bitrate_bps;
	} else if (w->codec_kind->crf) {
		av_dict_set_int(options, "crf", crf, 0);
	} else {
		/* Quantiser 1 to 31; 5 looks about like x264's 23. */
		codec->flags |= AV_CODEC_FLAG_QSCALE;
		codec->global_quality = FF_QP2LAMBDA * (crf < 10 ? 2 : (crf + 2) / 5);
	}
	if (w->codec_kind->crf)
		av_dict_set(options, "preset", w->params.preset ? w->params.preset : "veryfast", 0);
	/* x265 has a thread pool and a log of its own. */
	if (w->codec_kind->id == AV_CODEC_ID_HEVC)
		av_dict_set(options, "x265-params", "log-level=none:pools=1:frame-threads=1", 0);
}

static int open_encoder(struct av_writer *w, const struct frame *frame, struct err *err)
{
	AVDictionary *options = NULL;
	AVCodecContext *codec = w->codec = avcodec_alloc_context3(w->encoder);
	if (!codec)
		return -ENOMEM;
	codec->width = w->codec_kind->pairs ? w->width_px & ~1 : w->width_px;
	codec->height = w->codec_kind->pairs ? w->height_px & ~1 : w->height_px;
	codec->pix_fmt = AV_PIX_FMT_YUV420P;
	codec->color_range = frame->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
	bool bt709 = frame->matrix == COLOR_MATRIX_BT709;
	codec->colorspace = bt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
	codec->color_primaries = bt709 ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
	codec->color_trc = bt709 ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
	codec->time_base = time_base(w);
	codec->framerate = av_d2q(nominal_fps(w), 60000);
	codec->gop_size = w->params.gop_frames ? w->params.gop_frames : 50;
	codec->max_b_frames = w->codec_kind->crf ? w->params.b_frames : 0;
	codec->thread_count = w->params.thread_count ? w->params.thread_count : 1;
	codec->flags |= AV_CODEC_FLAG_BITEXACT;
	/* Motion JPEG in limited range is not in its standard, and everybody reads it. */
	codec->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
	if (w->format->oformat->flags & AVFMT_GLOBALHEADER)
		codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	set_quality(w, &options);
	int r = avcodec_open2(codec, w->encoder, &options);
	av_dict_free(&options);
	if (r < 0)
		return err_set(err, libav_errno(r), "%s: the %s encoder cannot start: %s", w->path,
			w->encoder->name, libav_reason(r, &w->note));
	return 0;
}

static void write_creation_time(struct av_writer *w)
{
	char text[WALL_TEXT_SIZE];
	if (w->params.created.us == 0)
		return;
	wall_format(w->params.created, text, sizeof(text));
	av_dict_set(&w->format->metadata, "creation_time", text, 0);
}

static int write_header(struct av_writer *w, struct err *err)
{
	AVDictionary *options = NULL;
	w->stream = avformat_new_stream(w->format, NULL);
	if (!w->stream)
		return -ENOMEM;
	int r = avcodec_parameters_from_context(w->stream->codecpar, w->codec);
	w->stream->time_base = w->codec->time_base;
	w->stream->avg_frame_rate = w->codec->framerate;
	write_creation_time(w);
	if (w->container->movflags && w->params.fragmented)
		av_dict_set(&options, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0);
	if (r >= 0)
		r = avformat_write_header(w->format, &options);
	av_dict_free(&options);
	if (r >= 0) {
		avio_flush(w->io);
		r = w->io_error ? AVERROR(-w->io_error) : 0;
	}
	if (r < 0)
		return err_set(err, libav_errno(r), "%s: cannot be written: %s", w->path,
			w->io_error ? strerror(-w->io_error) : libav_reason(r, &w->note));
	w->good_end_bytes = avio_tell(w->io);
	return 0;
}

static int begin(struct av_writer *w, const struct frame *frame, struct err *err)
{
	int r = open_encoder(w, frame, err);
	if (r == 0)
		r = write_header(w, err);
	if (r < 0)
		return r;
	w->begun = true;
	w->first = frame->media;
	w->last_pts = INT64_MIN;
	return 0;
}

static int write_packet(struct av_writer *w, struct err *err)
{
	AVPacket *packet = w->packet;
	if (packet->duration <= 0)
		packet->duration =
			av_rescale_q(1, av_inv_q(w->codec->framerate), w->codec->time_base);
	av_packet_rescale_ts(packet, w->codec->time_base, w->stream->time_base);
	packet->stream_index = w->stream->index;
	int r = av_write_frame(w->format, packet);
	av_packet_unref(packet);
	if (r >= 0 && w->io_error)
		r = AVERROR(-w->io_error);
	if (r < 0)
		return err_set(err, w->io_error ? w->io_error : libav_errno(r),
			"%s: cannot be written beyond %.2f s: %s", w->path,
			media_diff_s(w->last, w->first),
			w->io_error ? strerror(-w->io_error) : libav_reason(r, &w->note));
	w->good_end_bytes = avio_tell(w->io);
	return 0;
}

/* Gives the encoder a frame, or the end (NULL), and the file what comes out. */
static int encode(struct av_writer *w, const AVFrame *av, struct err *err)
{
	int r = avcodec_send_frame(w->codec, av);
	if (r < 0)
		return err_set(err, libav_errno(r), "%s: encoding failed: %s", w->path,
			libav_reason(r, &w->note));
	while ((r = avcodec_receive_packet(w->codec, w->packet)) == 0) {
		r = write_packet(w, err);
		if (r < 0)
			return r;
	}
	if (r != AVERROR(EAGAIN) && r != AVERROR_EOF)
		return err_set(err, libav_errno(r), "%s: encoding failed: %s", w->path,
			libav_reason(r, &w->note));
	return 0;
}

static void release_frame(void *opaque, uint8_t *data)
{
	struct frame *frame = opaque;
	(void)data;
	frame_unref(&frame);
}

/* The encoder's view of our frame: a reference, no copy. */
static int wrap(struct av_writer *w, const struct frame *frame)
{
	AVFrame *av = w->av;
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
	av->format = w->codec->pix_fmt;
	av->width = w->codec->width;
	av->height = w->codec->height;
	av->color_range = w->codec->color_range;
	av->colorspace = w->codec->colorspace;
	av->quality = w->codec->global_quality;
	int64_t pts = av_rescale_q(
		frame->media.us - w->first.us, (AVRational){1, 1000000}, w->codec->time_base);
	/* Two frames in one tick of a coarse container: the second goes into the next. */
	w->last_pts = av->pts = pts > w->last_pts ? pts : w->last_pts + 1;
	return 0;
}

static int check_frame(const struct av_writer *w, const struct frame *frame, struct err *err)
{
	if (frame->width_px != w->width_px || frame->height_px != w->height_px)
		return err_set(err, -EINVAL, "%s: a frame of %dx%d does not fit a video of %dx%d",
			w->path, frame->width_px, frame->height_px, w->width_px, w->height_px);
	if (w->begun && frame->media.us <= w->last.us)
		return err_set(err, -EINVAL, "%s: a frame at %.6f s after one at %.6f s", w->path,
			media_seconds(frame->media), media_seconds(w->last));
	return 0;
}

static int write_frame(struct av_writer *w, const struct frame *frame, struct err *err)
{
	int r = w->begun ? 0 : begin(w, frame, err);
	if (r == 0)
		r = wrap(w, frame);
	if (r < 0)
		return r;
	w->last = frame->media;
	r = encode(w, w->av, err);
	av_frame_unref(w->av);
	return r;
}

static int said_before(const struct av_writer *w, struct err *err)
{
	return err_set(
		err, w->failed, "%s: writing failed before: %s", w->path, strerror(-w->failed));
}

int av_writer_write(struct av_writer *writer, const struct frame *frame, struct err *err)
{
	struct av_writer *w = writer;
	if (w->failed)
		return said_before(w, err);
	int r = check_frame(w, frame, err);
	if (r < 0)
		return r;
	libav_listen(&w->note);
	r = write_frame(w, frame, err);
	libav_listen(NULL);
	if (r == -ENOMEM)
		err_set(err, r, "%s: out of memory", w->path);
	w->failed = r;
	return r;
}

static int finish_file(struct av_writer *w, struct err *err)
{
	int r = encode(w, NULL, err);
	if (r < 0)
		return r;
	r = av_write_trailer(w->format);
	avio_flush(w->io);
	if (r >= 0 && !w->io_error && fsync(w->fd) < 0 && errno != EINVAL)
		w->io_error = -errno;
	if (r < 0 || w->io_error)
		return err_set(err, w->io_error ? w->io_error : libav_errno(r),
			"%s: cannot be written to its end: %s", w->path,
			w->io_error ? strerror(-w->io_error) : libav_reason(r, &w->note));
	w->good_end_bytes = avio_tell(w->io);
	return 0;
}

/* Cuts off what was written in part. */
static void close_file(struct av_writer *w)
{
	struct stat st;
	if (w->fd < 0)
		return;
	bool regular = fstat(w->fd, &st) == 0 && S_ISREG(st.st_mode);
	if (!w->begun && regular)
		unlink(w->path);
	else if (w->failed && regular && ftruncate(w->fd, w->good_end_bytes) < 0 && !w->io_error)
		w->io_error = -errno;
	if (close(w->fd) < 0 && !w->failed)
		w->failed = -errno;
}

int av_writer_close(struct av_writer **writer, struct err *err)
{
	struct av_writer *w = *writer;
	*writer = NULL;
	if (!w)
		return 0;
	if (w->failed)
		said_before(w, err);
	libav_listen(&w->note);
	if (w->begun && !w->failed)
		w->failed = finish_file(w, err);
	libav_listen(NULL);
	int before = w->failed;
	/* What libav still holds must not reach the file behind its valid end. */
	avcodec_free_context(&w->codec);
	close_file(w);
	int r = w->failed;
	if (r < 0 && !before)
		err_set(err, r, "%s: cannot be closed: %s", w->path, strerror(-r));
	avformat_free_context(w->format);
	if (w->io)
		av_freep(&w->io->buffer);
	avio_context_free(&w->io);
	av_frame_free(&w->av);
	av_packet_free(&w->packet);
	free(w);
	return r;
}
