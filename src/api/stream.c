/* gantry/stream.h over ingest/stream.h. */
#include "gantry/stream.h"

#include "api/frame.h"
#include "api/stream.h"
#include "pipeline/sim_input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gantry_stream {
	struct stream *stream;
	bool is_file;
	struct frame *frame; /* the one the caller looks at */
	struct gantry_frame public_frame;
	int64_t given_count;
	struct media first, last; /* of those given */
	struct err err;
};

void gantry_stream_config_init(struct gantry_stream_config *config)
{
	*config = (struct gantry_stream_config){
		.buffer_size = 10,
		.target_fps = 30,
		.reconnect_attempts = 5,
		.reconnect_delay = 2.0,
		.reconnect_delay_max = 60,
		.connect_timeout = 10,
		.stall_timeout = 5,
		.clip_seconds = 15,
		.clip_megabytes = 32,
		.decoder_threads = 1,
	};
}

const char *gantry_stream_state_name(enum gantry_stream_state state)
{
	return stream_state_name((enum stream_state)state);
}

static int check(const struct gantry_stream_config *config, struct err *err)
{
	if (config->transport > GANTRY_TRANSPORT_AUTO)
		return err_set(err, -EINVAL, "transport is none of tcp, udp and auto");
	if (!(config->clip_seconds >= 0 && config->clip_seconds <= 3600) ||
		config->clip_megabytes < 0 || config->clip_megabytes > 65536)
		return err_set(err, -EINVAL,
			"the clip buffer must be 0 to 3600 s and 0 to 65536 MB, is %g s and %d MB",
			config->clip_seconds, config->clip_megabytes);
	return 0;
}

int api_stream_params(const char *source, const struct gantry_stream_config *config,
	struct err *err, struct stream_params *ret_params)
{
	static const struct input_kind *const kinds[] = {&sim_input, NULL};
	struct stream_params params;
	int r = check(config, err);
	if (r < 0)
		return r;
	stream_params_init(&params);
	params.source = source;
	params.username = config->username;
	params.password = config->password;
	params.transport = (enum av_transport)config->transport;
	params.buffer_size = config->buffer_size;
	params.target_fps = config->target_fps;
	params.reconnect_attempts = config->reconnect_attempts;
	params.reconnect_delay_s = config->reconnect_delay;
	params.reconnect_delay_max_s = config->reconnect_delay_max;
	params.connect_timeout_s = config->connect_timeout;
	params.stall_timeout_s = config->stall_timeout;
	params.loop = config->loop;
	params.paced = config->paced;
	params.ring_bytes = config->clip_seconds > 0 ? (int64_t)config->clip_megabytes << 20 : 0;
	params.ring_s = config->clip_seconds;
	params.decoder_threads = config->decoder_threads;
	params.kinds = kinds;
	*ret_params = params;
	return 0;
}

int gantry_stream_create(const char *source, const struct gantry_stream_config *config,
	struct gantry_stream **ret_stream, struct gantry_error *error)
{
	struct err err = {0};
	struct stream_params params;
	int r = api_stream_params(source, config, &err, &params);
	struct gantry_stream *s = r == 0 ? calloc(1, sizeof(*s)) : NULL;
	if (r == 0 && !s)
		r = err_set(&err, -ENOMEM, "out of memory");
	if (r == 0)
		r = stream_create(&params, &err, &s->stream);
	if (r < 0) {
		free(s);
		api_error(error, &err);
		return r;
	}
	s->is_file = av_source_kind(source) == AV_SOURCE_FILE;
	*ret_stream = s;
	return 0;
}

void gantry_stream_destroy(struct gantry_stream **stream)
{
	struct gantry_stream *s = *stream;
	*stream = NULL;
	if (!s)
		return;
	frame_unref(&s->frame);
	stream_destroy(&s->stream);
	free(s);
}

int gantry_stream_start(struct gantry_stream *stream, struct gantry_error *error)
{
	if (stream_is_running(stream->stream))
		return 0;
	frame_unref(&stream->frame);
	stream->err.text[0] = '\0';
	stream->given_count = 0;
	int r = stream_start(stream->stream, &stream->err);
	if (r < 0)
		api_error(error, &stream->err);
	return r;
}

void gantry_stream_stop(struct gantry_stream *stream)
{
	stream_stop(stream->stream);
}

bool gantry_stream_is_running(const struct gantry_stream *stream)
{
	return stream_is_running(stream->stream);
}

bool gantry_stream_is_healthy(const struct gantry_stream *stream)
{
	return stream_is_healthy(stream->stream);
}

const struct gantry_frame *gantry_stream_next_frame(struct gantry_stream *stream)
{
	struct gantry_stream *s = stream;
	unsigned flags;
	frame_unref(&s->frame);
	int r = stream_next(s->stream, STREAM_FOREVER, &s->err, &s->frame, &flags);
	if (r != FLOW_MORE)
		return NULL;
	if (s->given_count++ == 0)
		s->first = s->frame->media;
	s->last = s->frame->media;
	api_frame_borrow(s->frame, &s->public_frame);
	s->public_frame.gap = (flags & FRAME_GAP) != 0;
	return &s->public_frame;
}

const struct gantry_frame *gantry_stream_latest_frame(struct gantry_stream *stream)
{
	frame_unref(&stream->frame);
	if (stream_latest(stream->stream, &stream->frame) < 0)
		return NULL;
	api_frame_borrow(stream->frame, &stream->public_frame);
	return &stream->public_frame;
}

const char *gantry_stream_error(const struct gantry_stream *stream)
{
	return stream->err.text;
}

void api_stream_statistics(
	const struct stream_stats *stats, struct gantry_stream_statistics *ret_statistics)
{
	const struct stream_stats *from = stats;
	*ret_statistics = (struct gantry_stream_statistics){
		.state = (enum gantry_stream_state)from->state,
		.is_connected = from->is_connected,
		.frames_read = from->frames_read,
		.frames_decoded = from->frames_decoded,
		.frames_dropped =
			from->dropped_rate + from->dropped_late + from->dropped_undecodable,
		.dropped_rate = from->dropped_rate,
		.dropped_late = from->dropped_late,
		.dropped_undecodable = from->dropped_undecodable,
		.frames_given = from->delivered_count,
		.frames_waiting = from->waiting_count,
		.frames_corrupt = from->corrupt_count,
		.gaps = from->gap_count,
		.lost_packets = from->missed_packet_count,
		.total_errors = from->error_count,
		.reconnects = from->reconnect_count,
		.stalls = from->stall_count,
		.clock_jumps = from->clock_jump_count,
		.backward_timestamps = from->backward_count,
		.missing_timestamps = from->untimed_count,
		.fps = from->fps,
		.jitter_ms = from->jitter_ms,
		.bitrate_kbps = from->bitrate_bps * 1e-3,
		.avg_read_time_ms = from->read_time_ms,
		.decode_ms = from->decode_ms,
		.last_frame_time_us =
			from->last_media.us == MEDIA_NONE.us ? 0 : from->last_media.us,
		.last_frame_wall_us = from->last_wall.us,
		.last_frame_age = from->last_age_s,
		.has_camera_clock = from->has_camera_clock,
		.camera_clock_offset = from->camera_clock_offset_s,
		.width_px = from->width_px,
		.height_px = from->height_px,
	};
	memcpy(ret_statistics->reason, from->reason, sizeof(ret_statistics->reason));
	memcpy(ret_statistics->codec, from->codec, sizeof(ret_statistics->codec));
}

void gantry_stream_get_statistics(
	const struct gantry_stream *s, struct gantry_stream_statistics *ret_statistics)
{
	struct stream_stats stats;
	stream_stats(s->stream, &stats);
	api_stream_statistics(&stats, ret_statistics);
	if (!s->is_file)
		return;
	/* A file has no "lately", and what is wrong with it are its pictures. */
	double covered_s = s->given_count > 1 ? media_diff_s(s->last, s->first) : 0;
	ret_statistics->fps = covered_s > 0 ? (double)(s->given_count - 1) / covered_s : 0;
	ret_statistics->total_errors += stats.corrupt_count;
}

int gantry_stream_write_clip(struct gantry_stream *stream, int64_t media_time_us, double before,
	double after, const char *path, struct gantry_error *error)
{
	struct err err = {0};
	int r = stream_write_clip(
		stream->stream, (struct media){media_time_us}, before, after, path, &err);
	if (r < 0)
		api_error(error, &err);
	return r;
}

int api_stream_latest(struct gantry_stream *stream, struct frame **ret_frame)
{
	return stream_latest(stream->stream, ret_frame);
}
