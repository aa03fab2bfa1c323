#include "av/writer.h"

#include "av/encoder.h"
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
	const struct container_kind *container;
	struct encoder encoder;
	int fd;
	AVIOContext *io;
	AVFormatContext *format;
	AVStream *stream;
	AVPacket *packet;
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

static int choose_container(struct av_writer *w, struct err *err)
{
	for (size_t i = 0; i < sizeof(container_kinds) / sizeof(container_kinds[0]); i++)
		if (ends_with(w->path, container_kinds[i].suffix))
			w->container = &container_kinds[i];
	if (!w->container)
		return err_set(
			err, -EINVAL, "%s: the name must end in .mp4, .mov, .mkv or .avi", w->path);
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
	return w->packet ? 0 : -ENOMEM;
}

int av_writer_open(const char *path, int width_px, int height_px,
	const struct av_writer_params *params, struct err *err, struct av_writer **ret_writer)
{
	libav_init();
	struct av_writer *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->fd = -1;
	w->params = *params;
	int r = -ENAMETOOLONG;
	if (snprintf(w->path, sizeof(w->path), "%s", path) >= (int)sizeof(w->path)) {
		err_set(err, r, "%s: path is too long", w->path);
		goto fail;
	}
	r = encoder_init(&w->encoder, w->path, width_px, height_px, params, &w->note, err);
	if (r == 0)
		r = choose_container(w, err);
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

static AVRational time_base(const struct av_writer *w)
{
	AVRational fps = av_d2q(encoder_fps(&w->encoder), 60000);
	int ticks = w->container->ticks_max;
	if (w->container->constant_rate)
		return av_inv_q(fps);
	return (AVRational){
		1, ticks < w->encoder.kind->ticks_max ? ticks : w->encoder.kind->ticks_max};
}

static int start_encoder(struct av_writer *w, const struct frame *frame, struct err *err)
{
	const struct encoder_start start = {
		.time_base = time_base(w),
		.matrix = frame->matrix,
		.full_range = frame->full_range,
		.global_header = (w->format->oformat->flags & AVFMT_GLOBALHEADER) != 0,
	};
	return encoder_start(&w->encoder, &start, err);
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
	int r = avcodec_parameters_from_context(w->stream->codecpar, w->encoder.context);
	w->stream->time_base = w->encoder.context->time_base;
	w->stream->avg_frame_rate = w->encoder.context->framerate;
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
	int r = start_encoder(w, frame, err);
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
	av_packet_rescale_ts(packet, w->encoder.context->time_base, w->stream->time_base);
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

/* The file gets what the encoder has ready. */
static int write_packets(struct av_writer *w, struct err *err)
{
	int r;
	while ((r = encoder_receive(&w->encoder, w->packet, err)) == FLOW_MORE) {
		r = write_packet(w, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int check_frame(const struct av_writer *w, const struct frame *frame, struct err *err)
{
	int r = encoder_fits(&w->encoder, frame, err);
	if (r < 0)
		return r;
	if (w->begun && frame->media.us <= w->last.us)
		return err_set(err, -EINVAL, "%s: a frame at %.6f s after one at %.6f s", w->path,
			media_seconds(frame->media), media_seconds(w->last));
	return 0;
}

static int write_frame(struct av_writer *w, const struct frame *frame, struct err *err)
{
	int r = w->begun ? 0 : begin(w, frame, err);
	if (r < 0)
		return r;
	w->last = frame->media;
	int64_t pts = av_rescale_q(frame->media.us - w->first.us, (AVRational){1, 1000000},
		w->encoder.context->time_base);
	/* Two frames in one tick of a coarse container: the second goes into the next. */
	w->last_pts = pts > w->last_pts ? pts : w->last_pts + 1;
	r = encoder_send(&w->encoder, frame, w->last_pts, err);
	return r < 0 ? r : write_packets(w, err);
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
	int r = encoder_drain(&w->encoder, err);
	if (r == 0)
		r = write_packets(w, err);
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
	encoder_finish(&w->encoder);
	close_file(w);
	int r = w->failed;
	if (r < 0 && !before)
		err_set(err, r, "%s: cannot be closed: %s", w->path, strerror(-r));
	avformat_free_context(w->format);
	if (w->io)
		av_freep(&w->io->buffer);
	avio_context_free(&w->io);
	av_packet_free(&w->packet);
	free(w);
	return r;
}
