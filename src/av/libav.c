#include "av/libav.h"

#include "base/log.h"
#include "base/mask.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Per thread, because libav's log has no other way to say whose call it speaks of. */
static _Thread_local struct libav_note *listening;

static AVClassCategory category(const AVClass *class, void *object)
{
	return class->get_category ? class->get_category(object) : class->category;
}

static void note_complaint(void *object, int level, const char *line)
{
	int missed;
	if (!listening)
		return;
	const char *rtp = strstr(line, "RTP: missed ");
	if (rtp && sscanf(rtp, "RTP: missed %d packets", &missed) == 1 && missed > 0)
		listening->missed_count += missed;
	if (level > AV_LOG_ERROR)
		return;
	const AVClass *class = object ? *(const AVClass **)object : NULL;
	if (class && category(class, object) == AV_CLASS_CATEGORY_DECODER)
		listening->decoder_count++;
	if (!listening->text[0])
		snprintf(listening->text, sizeof(listening->text), "%s", line);
}

static void log_line(void *object, int level, const char *fmt, va_list args)
{
	if (level > AV_LOG_INFO)
		return;
	char line[512];
	int prefix = 0;
	if (av_log_format_line2(object, level, fmt, args, line, sizeof(line), &prefix) < 0)
		return;
	size_t length = strcspn(line, "\r\n");
	line[length] = '\0';
	if (length == 0)
		return;
	mask_secrets(line, line, sizeof(line));
	log_debug("libav: %s", line);
	note_complaint(object, level, line);
}

static void install(void)
{
	av_log_set_callback(log_line);
}

void libav_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, install);
}

void libav_listen(struct libav_note *note)
{
	listening = note;
}

int libav_errno(int error)
{
	switch (error) {
	case AVERROR_INVALIDDATA:
	case AVERROR_STREAM_NOT_FOUND:
	case AVERROR_DEMUXER_NOT_FOUND:
		return -EINVAL;
	case AVERROR_EOF:
		return -ENODATA;
	case AVERROR_DECODER_NOT_FOUND:
	case AVERROR_ENCODER_NOT_FOUND:
	case AVERROR_MUXER_NOT_FOUND:
	case AVERROR_PATCHWELCOME:
		return -ENOTSUP;
	case AVERROR_PROTOCOL_NOT_FOUND:
		return -EPROTONOSUPPORT;
	case AVERROR_EXIT:
		return -ECANCELED;
	case AVERROR_HTTP_UNAUTHORIZED:
	case AVERROR_HTTP_FORBIDDEN:
		return -EACCES;
	case AVERROR_HTTP_NOT_FOUND:
		return -ENOENT;
	case AVERROR_HTTP_BAD_REQUEST:
	case AVERROR_HTTP_OTHER_4XX:
	case AVERROR_HTTP_SERVER_ERROR:
		return -EPROTO;
	default:
		/* Its own errors are tags of four letters, far outside errno. */
		return error < 0 && error > -4096 ? error : -EIO;
	}
}

const char *libav_reason(int error, const struct libav_note *note)
{
	if (note && note->text[0]) {
		/* "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55...] moov atom not found": the address is noise.
		 */
		const char *end = note->text[0] == '[' ? strstr(note->text, "] ") : NULL;
		return end ? end + 2 : note->text;
	}
	return strerror(-libav_errno(error));
}

const int32_t *libav_display_matrix(const AVStream *stream)
{
#if LIBAVFORMAT_VERSION_MAJOR >= 61
	const AVPacketSideData *data = av_packet_side_data_get(stream->codecpar->coded_side_data,
		stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
	return data && data->size >= 9 * sizeof(int32_t) ? (const int32_t *)data->data : NULL;
#else
	size_t size;
	const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
	return data && size >= 9 * sizeof(int32_t) ? (const int32_t *)(const void *)data : NULL;
#endif
}

int libav_set_display_matrix(AVStream *stream, const int32_t matrix[9])
{
	const size_t size = 9 * sizeof(int32_t);
#if LIBAVFORMAT_VERSION_MAJOR >= 61
	AVPacketSideData *data = av_packet_side_data_new(&stream->codecpar->coded_side_data,
		&stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX, size, 0);
	uint8_t *bytes = data ? data->data : NULL;
#else
	uint8_t *bytes = av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, size);
#endif
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, matrix, size);
	return 0;
}

int64_t libav_frame_duration(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_MAJOR >= 58
	return frame->duration > 0 ? frame->duration : 0;
#else
	return frame->pkt_duration > 0 ? frame->pkt_duration : 0;
#endif
}

int libav_frame_is_key(const AVFrame *frame)
{
#if LIBAVUTIL_VERSION_MAJOR >= 59
	return (frame->flags & AV_FRAME_FLAG_KEY) != 0;
#else
	return frame->key_frame;
#endif
}

void libav_allow_parallel_buffers(AVCodecContext *codec)
{
	/* Later versions take it for granted. */
#if LIBAVCODEC_VERSION_MAJOR < 60
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	codec->thread_safe_callbacks = 1;
#pragma GCC diagnostic pop
#else
	(void)codec;
#endif
}
