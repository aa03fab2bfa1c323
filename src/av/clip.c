#include "av/clip.h"

#include "av/libav.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The last packet of a stream that does not say how long its pictures are. */
#define LAST_DURATION_US 40000
/* Just above one unit of the file, 1/90000 s. */
#define DTS_STEP_US 12

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/*
 * Decoding times from what is certain, the presentation times: sorted, they are decoding times of
 * a stream without reordering; one with it needs its pictures earlier, by the same for all.
 */
static int decoding_times(const struct packet_list *list, int64_t **ret_dts)
{
	int64_t *dts = malloc((size_t)list->count * sizeof(*dts));
	int64_t late_us = 0;
	if (!dts)
		return -ENOMEM;
	for (int i = 0; i < list->count; i++)
		dts[i] = list->items[i]->pts.us;
	qsort(dts, (size_t)list->count, sizeof(*dts), by_time);
	for (int i = 0; i < list->count; i++) {
		if (i > 0 && dts[i] <= dts[i - 1])
			dts[i] = dts[i - 1] + DTS_STEP_US;
		if (dts[i] - list->items[i]->pts.us > late_us)
			late_us = dts[i] - list->items[i]->pts.us;
	}
	for (int i = 0; i < list->count; i++)
		dts[i] -= late_us;
	*ret_dts = dts;
	return 0;
}

static int write_packet(AVFormatContext *format, const struct packet *packet, int64_t dts_us,
	int64_t next_us, int64_t zero_us, AVPacket *av)
{
	AVStream *stream = format->streams[0];
	if (av_packet_ref(av, packet->av) < 0)
		return AVERROR(ENOMEM);
	av->stream_index = 0;
	av->pos = -1;
	av->dts = dts_us - zero_us;
	av->pts = packet->pts.us - zero_us;
	av->duration = next_us > dts_us ? next_us - dts_us : LAST_DURATION_US;
	av_packet_rescale_ts(av, AV_TIME_BASE_Q, stream->time_base);
	int r = av_write_frame(format, av);
	av_packet_unref(av);
	return r;
}

static int write_packets(
	AVFormatContext *format, const struct packet_list *list, const int64_t *dts)
{
	AVPacket *av = av_packet_alloc();
	int r = av ? 0 : AVERROR(ENOMEM);
	for (int i = 0; i < list->count && r >= 0; i++) {
		int64_t next_us = i + 1 < list->count ? dts[i + 1] : dts[i];
		r = write_packet(format, list->items[i], dts[i], next_us, dts[0], av);
	}
	av_packet_free(&av);
	return r;
}

static int add_stream(AVFormatContext *format, const struct packet_codec *codec)
{
	AVStream *stream = avformat_new_stream(format, NULL);
	if (!stream || avcodec_parameters_copy(stream->codecpar, codec->parameters) < 0)
		return AVERROR(ENOMEM);
	if (codec->has_matrix && libav_set_display_matrix(stream, codec->matrix) < 0)
		return AVERROR(ENOMEM);
	/* The muxer's own tag; the source's belongs to its container. */
	stream->codecpar->codec_tag = 0;
	stream->time_base = (AVRational){1, 90000};
	return 0;
}

static int write_file(const char *path, const struct packet_list *list, const int64_t *dts)
{
	AVFormatContext *format = NULL;
	AVDictionary *options = NULL;
	int r = avformat_alloc_output_context2(&format, NULL, "mp4", path);
	if (r >= 0)
		r = add_stream(format, list->items[0]->codec);
	if (r >= 0)
		r = avio_open(&format->pb, path, AVIO_FLAG_WRITE);
	av_dict_set(&options, "movflags", "faststart", 0);
	if (r >= 0)
		r = avformat_write_header(format, &options);
	if (r >= 0) {
		r = write_packets(format, list, dts);
		int end = av_write_trailer(format);
		r = r < 0 ? r : end;
	}
	av_dict_free(&options);
	if (format && format->pb) {
		int closed = avio_closep(&format->pb);
		r = r < 0 ? r : closed;
	}
	avformat_free_context(format);
	return r < 0 ? r : 0;
}

int clip_write(const char *path, const struct packet_list *list, struct err *err)
{
	char part[4096];
	int64_t *dts = NULL;
	struct libav_note note = {0};
	if (list->count == 0)
		return err_set(err, -EINVAL, "%s: a clip of nothing", path);
	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		return err_set(err, -ENAMETOOLONG, "%s: path is too long", path);
	if (decoding_times(list, &dts) < 0)
		return err_set(err, -ENOMEM, "%s: out of memory", path);
	libav_init();
	libav_listen(&note);
	int r = write_file(part, list, dts);
	libav_listen(NULL);
	free(dts);
	if (r == 0 && rename(part, path) < 0)
		r = AVERROR(errno);
	if (r == 0)
		return 0;
	unlink(part);
	return err_set(err, libav_errno(r), "%s: the clip cannot be written: %s", path,
		libav_reason(r, &note));
}
