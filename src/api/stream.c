/* gantry/stream.h over ingest/feed.c. */
#include "gantry/stream.h"

#include "api/frame.h"
#include "ingest/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct gantry_stream {
	char *source;
	struct gantry_stream_config config;
	struct feed *feed;
	bool running;
	struct frame *frame; /* the one the caller looks at */
	struct gantry_frame public_frame;
	int64_t given_count, error_count;
	struct source_stats stats;
	struct media first, last;
	struct err err;
};

void gantry_stream_config_init(struct gantry_stream_config *config)
{
	*config = (struct gantry_stream_config){
		.buffer_size = 10,
		.target_fps = 30,
		.reconnect_attempts = 5,
		.reconnect_delay = 2.0,
	};
}

static int check(const struct gantry_stream_config *config, struct err *err)
{
	if (config->buffer_size < 1 || config->buffer_size > 1000)
		return err_set(
			err, -EINVAL, "buffer_size must be 1 to 1000, is %d", config->buffer_size);
	if (!(config->target_fps >= 0 && config->target_fps <= 1000))
		return err_set(
			err, -EINVAL, "target_fps must be 0 to 1000, is %g", config->target_fps);
	return 0;
}

int gantry_stream_create(const char *source, const struct gantry_stream_config *config,
	struct gantry_stream **ret_stream, struct gantry_error *error)
{
	struct err err = {0};
	int r = check(config, &err);
	struct gantry_stream *s = r == 0 ? calloc(1, sizeof(*s)) : NULL;
	if (r == 0 && (!s || !(s->source = strdup(source))))
		r = err_set(&err, -ENOMEM, "out of memory");
	if (r < 0) {
		free(s);
		api_error(error, &err);
		return r;
	}
	s->config = *config;
	*ret_stream = s;
	return 0;
}

void gantry_stream_destroy(struct gantry_stream **stream)
{
	struct gantry_stream *s = *stream;
	*stream = NULL;
	if (!s)
		return;
	gantry_stream_stop(s);
	free(s->source);
	free(s);
}

int gantry_stream_start(struct gantry_stream *stream, struct gantry_error *error)
{
	if (stream->running)
		return 0;
	gantry_stream_stop(stream);
	struct source_params params = {
		.url = stream->source,
		.target_fps = stream->config.target_fps,
	};
	stream->err.text[0] = '\0';
	int r = feed_start(&params, stream->config.buffer_size, &stream->err, &stream->feed);
	if (r < 0) {
		stream->error_count++;
		api_error(error, &stream->err);
		return r;
	}
	stream->given_count = 0;
	stream->running = true;
	return 0;
}

void gantry_stream_stop(struct gantry_stream *stream)
{
	if (stream->feed)
		stream->stats = feed_stats(stream->feed);
	frame_unref(&stream->frame);
	feed_stop(&stream->feed);
	stream->running = false;
}

bool gantry_stream_is_running(const struct gantry_stream *stream)
{
	return stream->running;
}

const struct gantry_frame *gantry_stream_next_frame(struct gantry_stream *stream)
{
	frame_unref(&stream->frame);
	if (!stream->running)
		return NULL;
	int r = feed_next(stream->feed, &stream->err, &stream->frame);
	stream->stats = feed_stats(stream->feed);
	if (r != FLOW_MORE) {
		stream->error_count += r < 0;
		stream->running = false;
		return NULL;
	}
	if (stream->given_count++ == 0)
		stream->first = stream->frame->media;
	stream->last = stream->frame->media;
	api_frame_borrow(stream->frame, &stream->public_frame);
	return &stream->public_frame;
}

const char *gantry_stream_error(const struct gantry_stream *stream)
{
	return stream->err.text;
}

void gantry_stream_get_statistics(
	const struct gantry_stream *s, struct gantry_stream_statistics *ret_statistics)
{
	double covered_s = s->given_count > 1 ? media_diff_s(s->last, s->first) : 0;
	*ret_statistics = (struct gantry_stream_statistics){
		.frames_read = s->given_count,
		.frames_dropped = s->stats.decimated_count,
		.total_errors = s->error_count + s->stats.video.corrupt_count,
		.fps = covered_s > 0 ? (double)(s->given_count - 1) / covered_s : 0,
		.is_connected = s->running,
		.last_frame_time_us = s->last.us,
	};
}
