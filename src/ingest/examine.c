#include "ingest/examine.h"

#include "av/decoder.h"
#include "av/packet.h"
#include "av/timeline.h"
#include "ingest/live_clock.h"
#include "ingest/meter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Shown that much before one that came earlier: still the order of B frames, not another clock. */
#define REORDER_MAX_US 500000
/* A longer way between two timestamps is no interval between pictures. */
#define INTERVAL_MAX_US 5000000

#define INTERVALS_KEPT 512
/* So much more than the median, and a picture is missing. */
#define LONG_INTERVAL_RATIO 1.6
/* libav gives the ticks of the clock where it knows no rate. */
#define DECLARED_FPS_MAX 1000

struct examiner {
	struct examination *result;
	struct av_demux *demux;
	struct av_decoder *decoder;
	struct mono begin, deadline;
	struct live_clock clock; /* cameras */
	struct timeline timeline; /* files */
	struct meter meter;
	int64_t seconds_us;
	int64_t newest_us; /* latest of the packets' pts, or INT64_MIN */
	int64_t key_us; /* pts of the latest key frame, or INT64_MIN */
	struct media last; /* of the latest picture */
	int64_t interval_count, intervals_us;
	int64_t kept_us[INTERVALS_KEPT]; /* the first intervals, for their median */
};

static void see_clock(struct examiner *e)
{
	struct examination *x = e->result;
	struct wall camera = av_demux_camera_wall(e->demux);
	if (camera.us == 0)
		return;
	double offset_s = (double)(camera.us - wall_now().us) * 1e-6;
	/* The packet that was least delayed on its way says it best. */
	if (!x->has_camera_clock || offset_s > x->clock_offset_s)
		x->clock_offset_s = offset_s;
	x->has_camera_clock = true;
}

static void see_packet(struct examiner *e)
{
	struct examination *x = e->result;
	struct packet_view packet = packet_view(av_demux_packet(e->demux));
	see_clock(e);
	x->key_count += packet.key;
	if (packet.pts_us == INT64_MIN)
		return;
	if (e->newest_us != INT64_MIN && packet.pts_us < e->newest_us &&
		packet.pts_us > e->newest_us - REORDER_MAX_US)
		x->b_frames = true;
	else
		e->newest_us = packet.pts_us;
	if (!packet.key)
		return;
	double interval_s = (double)(packet.pts_us - e->key_us) * 1e-6;
	if (e->key_us != INT64_MIN && interval_s > x->key_interval_max_s)
		x->key_interval_max_s = interval_s;
	e->key_us = packet.pts_us;
}

static struct media place(
	struct examiner *e, const struct av_decoder_time *time, struct mono arrival, bool *gap)
{
	unsigned flags = 0;
	if (e->result->is_live)
		return live_clock_place(&e->clock, time->timestamp_us, arrival, gap);
	struct media media =
		timeline_place(&e->timeline, time->timestamp_us, time->duration_us, &flags);
	*gap = (flags & FRAME_GAP) != 0;
	return media;
}

static void see_picture(
	struct examiner *e, const struct frame *frame, const struct av_decoder_time *time)
{
	struct examination *x = e->result;
	struct mono arrival = mono_now();
	bool gap = false;
	struct media media = place(e, time, arrival, &gap);
	if (x->picture_count++ == 0)
		x->first_picture_s = (double)(arrival.us - e->begin.us) * 1e-6;
	x->corrupt_count += (frame->flags & FRAME_CORRUPT) != 0;
	meter_frame(&e->meter, media, arrival, av_demux_stats(e->demux).byte_count);
	int64_t interval_us = media.us - e->last.us;
	if (x->picture_count > 1 && !gap && interval_us < INTERVAL_MAX_US) {
		if (e->interval_count < INTERVALS_KEPT)
			e->kept_us[e->interval_count] = interval_us;
		e->interval_count++;
		e->intervals_us += interval_us;
		x->interval_max_s = fmax(x->interval_max_s, (double)interval_us * 1e-6);
	}
	e->last = media;
}

/* Everything that the decoder has. FLOW_END: it will give nothing more; 0 or a negative errno. */
static int see_pictures(struct examiner *e, struct err *err)
{
	struct frame *frame;
	struct av_decoder_time time;
	int r;
	while ((r = av_decoder_receive(e->decoder, err, &frame, &time)) == FLOW_MORE) {
		see_picture(e, frame, &time);
		frame_unref(&frame);
	}
	return r == -EAGAIN ? FLOW_MORE : r;
}

static bool time_is_over(const struct examiner *e)
{
	return e->result->is_live ? mono_now().us >= e->deadline.us
				  : e->intervals_us >= e->seconds_us;
}

/* FLOW_MORE: go on. */
static int step(struct examiner *e, struct err *err)
{
	int r = av_demux_read(e->demux, err);
	if (r == FLOW_END)
		e->result->ended = true;
	if (r == -ETIMEDOUT)
		e->result->stalled = true;
	/* A camera that goes away has told something all the same. */
	if (r < 0 && r != -ECANCELED && e->result->is_live && e->result->packet_count > 0) {
		e->result->ended = !e->result->stalled;
		return FLOW_END;
	}
	if (r != FLOW_MORE)
		return r;
	e->result->packet_count++;
	see_packet(e);
	if (av_demux_take_damage(e->demux))
		av_decoder_note_damage(e->decoder);
	r = av_decoder_send(e->decoder, av_demux_packet(e->demux));
	return r < 0 ? r : see_pictures(e, err);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static void describe_intervals(struct examiner *e)
{
	int64_t count = e->interval_count < INTERVALS_KEPT ? e->interval_count : INTERVALS_KEPT;
	if (count == 0)
		return;
	qsort(e->kept_us, (size_t)count, sizeof(e->kept_us[0]), by_size);
	int64_t median_us = e->kept_us[count / 2];
	e->result->interval_s = (double)median_us * 1e-6;
	for (int64_t i = 0; i < count; i++)
		e->result->long_interval_count +=
			(double)e->kept_us[i] > LONG_INTERVAL_RATIO * (double)median_us;
}

static void describe(struct examiner *e)
{
	struct examination *x = e->result;
	const struct av_demux_info *info = av_demux_info(e->demux);
	struct av_demux_stats demux = av_demux_stats(e->demux);
	struct av_decoder_stats decoder = av_decoder_stats(e->decoder);
	const struct av_decoder_info *picture = av_decoder_info(e->decoder);
	memcpy(x->container, info->container, sizeof(x->container));
	memcpy(x->codec, info->codec, sizeof(x->codec));
	x->declared_fps = info->declared_fps <= DECLARED_FPS_MAX ? info->declared_fps : 0;
	x->nominal_time = info->nominal_time;
	x->missed_packet_count = demux.missed_count;
	x->refused_count = decoder.refused_count;
	x->resized_count = decoder.rescaled_count;
	if (x->picture_count > 0) {
		memcpy(x->pixel_format, picture->pixel_format, sizeof(x->pixel_format));
		x->width_px = picture->width_px;
		x->height_px = picture->height_px;
	}
	describe_intervals(e);
	x->untimed_count = x->is_live ? e->clock.untimed_count : e->timeline.untimed_count;
	x->backward_count = x->is_live ? e->clock.backward_count : e->timeline.backward_count;
	x->jump_count = x->is_live ? e->clock.jump_count : e->timeline.jump_count;
	x->covered_s = (double)e->intervals_us * 1e-6;
	if (e->intervals_us > 0) {
		x->fps = (double)e->interval_count / x->covered_s;
		x->bitrate_bps = (double)demux.byte_count * 8 / x->covered_s;
	}
	x->jitter_ms = x->is_live ? meter_jitter_ms(&e->meter) : 0;
}

static int look(struct examiner *e, const struct examine_params *p, struct err *err)
{
	struct examination *x = e->result;
	int r = av_demux_open(p->source, &p->demux, err, &e->demux);
	if (r < 0)
		return r;
	x->opening_s = (double)(mono_now().us - e->begin.us) * 1e-6;
	r = av_decoder_create(e->demux, 1, err, &e->decoder);
	e->seconds_us = (int64_t)(p->seconds * 1e6);
	e->deadline = mono_after(mono_now(), e->seconds_us);
	if (r == 0)
		r = FLOW_MORE;
	while (r == FLOW_MORE && !time_is_over(e))
		r = step(e, err);
	if (r < 0)
		return r;
	/* What the decoder holds back belongs to a file's pictures as well. */
	if (x->ended && av_decoder_send(e->decoder, NULL) == 0)
		r = see_pictures(e, err);
	describe(e);
	return r < 0 ? r : 0;
}

int examine(const struct examine_params *params, struct err *err, struct examination *ret_result)
{
	enum av_source kind = av_source_kind(params->source);
	struct examination x = {
		.is_live = kind != AV_SOURCE_FILE,
		.is_rtsp = kind == AV_SOURCE_RTSP,
		.over_tcp = kind == AV_SOURCE_RTSP && params->demux.transport != AV_TRANSPORT_UDP,
	};
	struct examiner e = {
		.result = &x,
		.begin = mono_now(),
		.newest_us = INT64_MIN,
		.key_us = INT64_MIN,
	};
	live_clock_init(&e.clock);
	timeline_init(&e.timeline, 0);
	meter_reset(&e.meter);
	int r = look(&e, params, err);
	av_decoder_destroy(&e.decoder);
	av_demux_close(&e.demux);
	if (r == 0)
		*ret_result = x;
	return r;
}
