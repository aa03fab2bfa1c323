#include "av/reader.h"

#include "av/codec_watch.h"
#include "av/decoder.h"
#include "av/libav.h"
#include "av/timeline.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct av_reader {
	char name[256];
	struct cancel cancel;
	struct av_demux *demux;
	struct av_decoder *decoder;
	struct timeline timeline;
	struct frame *first; /* decoded by open, not read yet */
	bool no_more_packets;
	struct av_reader_info info;
	struct av_reader_stats stats;

	struct packet_ring *ring; /* NULL: packets are not kept, and what follows is unused */
	struct codec_watch *watch;
	bool pending; /* the demuxer's packet is not in the ring yet */
	int64_t zero_us; /* timestamp of the first key frame; TIMELINE_NONE: none yet */
	int64_t last_dts_us; /* of the last packet, from the file's beginning */
	int64_t ring_start_us;
	bool ring_gap; /* the next packet in the ring continues nothing */
};

/* As the timeline will place its picture; before the first picture, from the first key frame on. */
static struct media packet_media(const struct av_reader *reader, int64_t timestamp_us)
{
	const struct timeline *t = &reader->timeline;
	int64_t zero_us = t->anchored ? -t->offset_us : reader->zero_us, media_us;
	if (timestamp_us == TIMELINE_NONE || zero_us == TIMELINE_NONE ||
		__builtin_sub_overflow(timestamp_us, zero_us, &media_us))
		media_us = t->last_us + t->step_us;
	return (struct media){media_us};
}

static void place_packet(
	struct av_reader *reader, const struct packet_view *view, struct packet *packet)
{
	int64_t pts_us = view->pts_us != TIMELINE_NONE ? view->pts_us : view->dts_us;
	if (reader->zero_us == TIMELINE_NONE && view->key)
		reader->zero_us = view->unseen ? 0 : pts_us;
	packet->pts = packet_media(reader, pts_us);
	packet->dts = packet_media(reader, view->dts_us);
	if (packet->dts.us <= reader->last_dts_us)
		packet->dts.us = reader->last_dts_us + 1;
	reader->last_dts_us = packet->dts.us;
	packet->pts.us += reader->ring_start_us;
	packet->dts.us += reader->ring_start_us;
	packet->gap = reader->ring_gap;
	reader->ring_gap = false;
	packet->arrival = mono_now();
}

/* The packet that was decoded last goes into the ring; its picture's size is known by now. */
static int keep_packet(struct av_reader *reader)
{
	if (!reader->pending)
		return 0;
	reader->pending = false;
	const struct AVPacket *av = av_demux_packet(reader->demux);
	struct av_decoder_stats decoder = av_decoder_stats(reader->decoder);
	struct packet_view view = packet_view(av);
	struct packet_codec *codec;
	struct packet *packet;
	int r = codec_watch_packet(
		reader->watch, av, decoder.coded_width_px, decoder.coded_height_px, &codec);
	if (r == 0)
		r = packet_create(av, codec, &packet);
	if (r < 0)
		return r;
	place_packet(reader, &view, packet);
	return packet_ring_push(reader->ring, &packet);
}

/* Gives the decoder one more packet, or the end. */
static int feed_decoder(struct av_reader *reader)
{
	if (cancel_is_set(&reader->cancel))
		return -ECANCELED;
	int r = keep_packet(reader);
	if (r < 0)
		return r;
	r = av_demux_read(reader->demux, NULL);
	reader->pending = reader->ring && r == FLOW_MORE;
	if (r == -ECANCELED)
		return r;
	/* A disk that cannot be read on: what came before it is still given. */
	reader->no_more_packets = r != FLOW_MORE;
	if (av_demux_take_damage(reader->demux))
		av_decoder_note_damage(reader->decoder);
	return av_decoder_send(
		reader->decoder, reader->no_more_packets ? NULL : av_demux_packet(reader->demux));
}

/* The next picture, placed. enum flow or a negative errno. */
static int next_frame(struct av_reader *reader, struct err *err, struct frame **ret_frame,
	struct av_decoder_time *ret_time)
{
	int r;
	while ((r = av_decoder_receive(reader->decoder, err, ret_frame, ret_time)) == -EAGAIN) {
		r = feed_decoder(reader);
		if (r < 0)
			return r;
	}
	if (r < 0)
		err_prefix(err, r, "%s", reader->name);
	return r;
}

static void place(struct av_reader *reader, const struct av_decoder_time *time, struct frame *frame)
{
	unsigned flags = frame->flags;
	frame->media =
		timeline_place(&reader->timeline, time->timestamp_us, time->duration_us, &flags);
	frame->arrival = mono_now();
	frame->sequence = reader->stats.frame_count++;
	frame->flags = flags;
}

/* A recording cut out of a longer one begins between key frames; those frames cannot be decoded. */
static double lost_start_s(const struct av_reader *reader, const struct av_decoder_time *first)
{
	const AVStream *stream = av_demux_stream(reader->demux);
	int64_t lost;
	double fps = reader->info.declared_fps;
	if (first->timestamp_us == TIMELINE_NONE || stream->start_time == AV_NOPTS_VALUE)
		return 0;
	int64_t start_us = av_rescale_q(stream->start_time, stream->time_base, AV_TIME_BASE_Q);
	if (__builtin_sub_overflow(first->timestamp_us, start_us, &lost) || lost <= 0)
		return 0;
	double s = (double)lost * 1e-6;
	return s * fps > first->late_count + 0.5 ? s - first->late_count / fps : 0;
}

static void describe(struct av_reader *reader, const struct av_decoder_time *first)
{
	struct av_reader_info *info = &reader->info;
	const struct av_demux_info *file = av_demux_info(reader->demux);
	const struct av_decoder_info *picture = av_decoder_info(reader->decoder);
	memcpy(info->container, file->container, sizeof(info->container));
	memcpy(info->codec, file->codec, sizeof(info->codec));
	memcpy(info->pixel_format, picture->pixel_format, sizeof(info->pixel_format));
	info->width_px = picture->width_px;
	info->height_px = picture->height_px;
	info->rotation_deg = picture->rotation_deg;
	info->mirrored = picture->mirrored;
	info->pixel_aspect = picture->pixel_aspect;
	info->declared_fps = file->declared_fps;
	info->nominal_time = file->nominal_time;
	info->declared_frame_count = file->declared_frame_count;
	info->created = file->created;
	info->duration_s = file->duration_s;
	info->lost_start_s = lost_start_s(reader, first);
}

static int no_picture(const struct av_reader *reader, struct err *err)
{
	const char *said = av_decoder_complaint(reader->decoder);
	if (!said[0])
		said = av_demux_complaint(reader->demux);
	struct libav_note complaint = {0};
	snprintf(complaint.text, sizeof(complaint.text), "%s", said);
	return err_set(err, -ENODATA, "%s: has no video frame that can be decoded (%s, %s)",
		reader->name, av_demux_info(reader->demux)->codec,
		said[0] ? libav_reason(-EINVAL, &complaint)
			: av_demux_info(reader->demux)->container);
}

static int open_all(struct av_reader *reader, const char *url,
	const struct av_reader_params *params, struct err *err)
{
	const struct av_demux_params demux_params = {
		.format = params->format,
		.cancel = &reader->cancel,
	};
	struct av_decoder_time time;
	int r = av_demux_open(url, &demux_params, err, &reader->demux);
	if (r < 0)
		return r;
	r = av_decoder_create(reader->demux, params->thread_count, err, &reader->decoder);
	if (r < 0)
		return err_prefix(err, r, "%s", reader->name);
	if (reader->ring && codec_watch_create(reader->demux, &reader->watch) < 0)
		return -ENOMEM;
	r = next_frame(reader, err, &reader->first, &time);
	if (r == FLOW_END)
		return no_picture(reader, err);
	if (r < 0)
		return r;
	describe(reader, &time);
	double fps = reader->info.declared_fps;
	timeline_init(&reader->timeline, fps > 0 ? (int64_t)(1e6 / fps + 0.5) : 0);
	place(reader, &time, reader->first);
	return 0;
}

int av_reader_open(const char *url, const struct av_reader_params *params, struct err *err,
	struct av_reader **ret_reader)
{
	struct av_reader *reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	snprintf(reader->name, sizeof(reader->name), "%s", url);
	cancel_init(&reader->cancel);
	reader->ring = params->ring ? packet_ring_ref(params->ring) : NULL;
	reader->ring_start_us = params->ring_start.us;
	reader->ring_gap = params->ring_start.us != 0;
	reader->zero_us = TIMELINE_NONE;
	reader->last_dts_us = TIMELINE_NONE;
	int r = open_all(reader, url, params, err);
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
	packet_ring_unref(&r->ring);
	codec_watch_destroy(&r->watch);
	av_decoder_destroy(&r->decoder);
	av_demux_close(&r->demux);
	cancel_finish(&r->cancel);
	free(r);
}

static int end_of_file(struct av_reader *reader, struct err *err)
{
	double seen_s = reader->info.lost_start_s +
			(double)(reader->timeline.last_us + reader->timeline.step_us) * 1e-6;
	double missing_s = reader->info.duration_s - seen_s;
	int read_error = av_demux_read_error(reader->demux);
	reader->stats.ended_early = read_error != 0 || !reader->no_more_packets ||
				    missing_s > fmax(1, 0.02 * reader->info.duration_s);
	/* Nonsense in the file is an end; a device that fails is not. */
	if (read_error < 0 && read_error != -EINVAL)
		return err_set(err, read_error, "%s: cannot be read beyond %.3f s: %s",
			reader->name, seen_s, strerror(-read_error));
	return FLOW_END;
}

int av_reader_read(struct av_reader *reader, struct err *err, struct frame **ret_frame)
{
	struct av_decoder_time time;
	if (reader->first) {
		*ret_frame = reader->first;
		reader->first = NULL;
		return FLOW_MORE;
	}
	int r = next_frame(reader, err, ret_frame, &time);
	if (r == FLOW_MORE)
		place(reader, &time, *ret_frame);
	else if (r == FLOW_END)
		r = end_of_file(reader, err);
	else if (r == -ECANCELED)
		err_set(err, r, "%s: reading was cancelled", reader->name);
	return r;
}

const struct av_reader_info *av_reader_info(const struct av_reader *reader)
{
	return &reader->info;
}

struct av_reader_stats av_reader_stats(const struct av_reader *reader)
{
	struct av_reader_stats stats = reader->stats;
	struct av_decoder_stats decoder = av_decoder_stats(reader->decoder);
	stats.packet_count = av_demux_stats(reader->demux).packet_count;
	stats.corrupt_count = decoder.corrupt_count;
	stats.skipped_packet_count = decoder.refused_count;
	stats.rescaled_count = decoder.rescaled_count;
	stats.untimed_count = reader->timeline.untimed_count;
	stats.backward_count = reader->timeline.backward_count;
	stats.jump_count = reader->timeline.jump_count;
	return stats;
}

void av_reader_interrupt(struct av_reader *reader)
{
	cancel_set(&reader->cancel);
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
