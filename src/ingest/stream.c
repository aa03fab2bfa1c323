#include "ingest/stream_inside.h"

#include "av/clip.h"
#include "base/mask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer than any cancelled call of libav takes, shorter than what is promised. */
#define STOP_WAIT_US 170000

static const char *const state_names[] = {
	[STREAM_IDLE] = "idle",
	[STREAM_CONNECTING] = "connecting",
	[STREAM_LIVE] = "live",
	[STREAM_STALLED] = "stalled",
	[STREAM_BACKING_OFF] = "backing_off",
	[STREAM_FAILED] = "failed",
	[STREAM_STOPPED] = "stopped",
};

const char *stream_state_name(enum stream_state state)
{
	return state_names[state];
}

void stream_params_init(struct stream_params *params)
{
	*params = (struct stream_params){
		.buffer_size = 10,
		.target_fps = 30,
		.reconnect_attempts = 5,
		.reconnect_delay_s = 2,
		.reconnect_delay_max_s = 60,
		.connect_timeout_s = 10,
		.stall_timeout_s = 5,
		.gap_s = STREAM_GAP_DEFAULT_S,
		.ring_bytes = 32 << 20,
		.ring_s = 15,
	};
}

void stream_unref(struct stream *s)
{
	/* Release: what the others did is done; acquire: before it goes. */
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) > 1)
		return;
	frame_unref(&s->latest);
	buffer_finish(&s->buffer);
	packet_ring_unref(&s->ring);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->calling);
	free(s->source);
	free(s->username);
	free(s->password);
	free(s->name);
	free(s);
}

static int check(const struct stream_params *p, struct err *err)
{
	if (!p->source || !p->source[0])
		return err_set(err, -EINVAL, "a stream needs a source");
	if (p->buffer_size < 1 || p->buffer_size > 1000)
		return err_set(
			err, -EINVAL, "buffer_size must be 1 to 1000, is %d", p->buffer_size);
	if (!(p->target_fps >= 0 && p->target_fps <= 1000))
		return err_set(err, -EINVAL, "target_fps must be 0 to 1000, is %g", p->target_fps);
	if (p->reconnect_attempts < -1)
		return err_set(err, -EINVAL,
			"reconnect_attempts must be -1 (for ever) or more, is %d",
			p->reconnect_attempts);
	if (!(p->reconnect_delay_s >= 0 && p->reconnect_delay_s <= 3600))
		return err_set(err, -EINVAL, "reconnect_delay must be 0 to 3600 s, is %g",
			p->reconnect_delay_s);
	if (!(p->connect_timeout_s > 0 && p->connect_timeout_s <= 3600 && p->stall_timeout_s > 0 &&
		    p->stall_timeout_s <= 3600))
		return err_set(err, -EINVAL, "timeouts must be above 0 and at most 3600 s");
	return 0;
}

static const struct input_kind *kind_of(const struct stream_params *params)
{
	static const struct input_kind *const built_in[] = {&input_camera, &input_file, NULL};
	const struct input_kind *const *lists[] = {params->kinds, built_in};
	for (int l = 0; l < 2; l++)
		for (int i = 0; lists[l] && lists[l][i]; i++)
			if (lists[l][i]->takes(params->source, params->paced))
				return lists[l][i];
	return NULL;
}

/* strdup() that lets NULL pass. */
static int copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

static int copy_texts(struct stream *s, const struct stream_params *params)
{
	char name[256];
	mask_secrets(params->source, name, sizeof(name));
	if (copy_text(params->source, &s->source) < 0 || copy_text(name, &s->name) < 0 ||
		copy_text(params->username, &s->username) < 0 ||
		copy_text(params->password, &s->password) < 0)
		return -ENOMEM;
	s->params.source = s->source;
	s->params.username = s->username;
	s->params.password = s->password;
	return 0;
}

static void init_locks(struct stream *s)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->calling, NULL);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, &attr);
	pthread_condattr_destroy(&attr);
}

int stream_create(const struct stream_params *params, struct err *err, struct stream **ret_stream)
{
	char name[256];
	int r = check(params, err);
	if (r < 0)
		return r;
	const struct input_kind *kind = kind_of(params);
	mask_secrets(params->source, name, sizeof(name));
	if (!kind)
		return err_set(err, -EPROTONOSUPPORT,
			"%s: is no kind of source; give a file, rtsp://, rtsps://, http://, "
			"https:// or /dev/video0",
			name);
	struct stream *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	atomic_init(&s->refs, 1);
	init_locks(s);
	s->params = *params;
	s->kind = kind;
	s->is_file = kind->is_file(params->source);
	s->lossless = s->is_file && !params->paced;
	r = copy_texts(s, params);
	if (r == 0)
		r = buffer_init(&s->buffer, params->buffer_size);
	if (r == 0 && params->ring_bytes > 0)
		r = packet_ring_create(params->ring_bytes, params->ring_s, &s->ring);
	if (r < 0) {
		stream_unref(s);
		return err_set(err, r, "%s: the stream cannot be made: %s", name, strerror(-r));
	}
	*ret_stream = s;
	return 0;
}

void stream_destroy(struct stream **stream)
{
	struct stream *s = *stream;
	*stream = NULL;
	if (!s)
		return;
	stream_stop(s);
	stream_unref(s);
}

/* What the stream before left behind; no thread is there. */
static void reset(struct stream *s)
{
	frame_unref(&s->latest);
	s->stats = (struct stream_stats){0};
	s->stats.last_media = MEDIA_NONE;
	s->before = s->now = (struct input_stats){0};
	s->read_time_s = 0;
	s->failed_in_a_row = 0;
	meter_reset(&s->meter);
	s->end = 0;
}

static void init_run(struct run *run, struct stream *s)
{
	run->stream = s;
	cancel_init(&run->cancel);
	live_clock_init(&run->clock);
	thinner_init(&run->thinner, s->params.target_fps);
	/* Any seed will do that no two cameras share. */
	backoff_init(&run->backoff, s->params.reconnect_delay_s, s->params.reconnect_delay_max_s,
		(uint64_t)(uintptr_t)run ^ (uint64_t)mono_now().us);
	run->before = MEDIA_NONE;
}

/* A file's first picture, or what is wrong with it. */
static int wait_for_file(struct stream *s, struct err *err)
{
	pthread_mutex_lock(&s->lock);
	while (s->state == STREAM_CONNECTING || s->state == STREAM_IDLE)
		pthread_cond_wait(&s->changed, &s->lock);
	int r = s->state == STREAM_FAILED ? s->end : 0;
	if (r < 0 && err)
		*err = s->reason;
	pthread_mutex_unlock(&s->lock);
	return r;
}

/* Under lock. */
static bool running(const struct stream *s)
{
	return s->run && !s->run->done && !cancel_is_set(&s->run->cancel);
}

int stream_start(struct stream *stream, struct err *err)
{
	struct stream *s = stream;
	pthread_mutex_lock(&s->lock);
	bool runs = running(s);
	pthread_mutex_unlock(&s->lock);
	if (runs)
		return 0;
	stream_stop(s);
	struct run *run = calloc(1, sizeof(*run));
	if (!run)
		return err_set(err, -ENOMEM, "%s: out of memory", s->name);
	init_run(run, s);
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	pthread_mutex_lock(&s->lock);
	reset(s);
	s->state = STREAM_IDLE;
	int r = -pthread_create(&run->thread, NULL, stream_run, run);
	if (r == 0)
		s->run = run;
	pthread_mutex_unlock(&s->lock);
	if (r < 0) {
		cancel_finish(&run->cancel);
		free(run);
		stream_unref(s);
		return err_set(err, r, "%s: no thread could be started", s->name);
	}
	return s->is_file ? wait_for_file(s, err) : 0;
}

/* True where the thread has ended in time. */
static bool wait_for_thread(struct stream *s, const struct run *run)
{
	struct timespec until = mono_timespec(mono_after(mono_now(), STOP_WAIT_US));
	int r = 0;
	while (!run->done && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&s->changed, &s->lock, &until);
	return run->done;
}

/* Nobody will take them; the frame of a thread that is left behind goes nowhere either. */
static void drop_frames(struct stream *s)
{
	struct frame *frame;
	unsigned flags;
	s->stats.dropped_late += s->in_hand;
	s->in_hand = 0;
	while ((frame = buffer_take(&s->buffer, &flags))) {
		s->stats.dropped_late++;
		frame_unref(&frame);
	}
}

void stream_stop(struct stream *stream)
{
	struct stream *s = stream;
	pthread_mutex_lock(&s->lock);
	struct run *run = s->run;
	if (!run) {
		pthread_mutex_unlock(&s->lock);
		return;
	}
	cancel_set(&run->cancel);
	pthread_cond_broadcast(&s->changed);
	bool done = wait_for_thread(s, run);
	/* Under lock: one that is left behind frees its run once it sees that. */
	if (!done)
		pthread_detach(run->thread);
	s->run = NULL;
	if (s->state != STREAM_FAILED) {
		s->state = STREAM_STOPPED;
		s->reason.text[0] = '\0';
	}
	drop_frames(s);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (done) {
		pthread_join(run->thread, NULL);
		cancel_finish(&run->cancel);
		free(run);
	}
	/* A callback that is going on ends before the owner goes on. */
	pthread_mutex_lock(&s->calling);
	pthread_mutex_unlock(&s->calling);
}

bool stream_is_running(struct stream *stream)
{
	pthread_mutex_lock(&stream->lock);
	bool r = running(stream) || stream->buffer.count > 0;
	pthread_mutex_unlock(&stream->lock);
	return r;
}

bool stream_is_healthy(struct stream *stream)
{
	struct stream *s = stream;
	pthread_mutex_lock(&s->lock);
	int64_t age_us = mono_now().us - s->latest_arrival.us;
	bool healthy = s->state == STREAM_LIVE && s->latest &&
		       (s->lossless || age_us <= stream_us(s->params.stall_timeout_s));
	pthread_mutex_unlock(&s->lock);
	return healthy;
}

/* Why there is no frame and will be none. */
static int why_not(const struct stream *s, struct err *err)
{
	if (s->state != STREAM_FAILED)
		return FLOW_END;
	if (err)
		*err = s->reason;
	return s->end;
}

int stream_next(struct stream *stream, struct mono deadline, struct err *err,
	struct frame **ret_frame, unsigned *ret_flags)
{
	struct stream *s = stream;
	struct timespec until = mono_timespec(deadline);
	int r = 0;
	pthread_mutex_lock(&s->lock);
	while (s->buffer.count == 0 && running(s) && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&s->changed, &s->lock, &until);
	struct frame *frame = buffer_take(&s->buffer, ret_flags);
	if (frame) {
		*ret_frame = frame;
		s->stats.delivered_count++;
		r = FLOW_MORE;
		pthread_cond_broadcast(&s->changed);
	} else {
		r = running(s) ? -EAGAIN : why_not(s, err);
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}

int stream_latest(struct stream *stream, struct frame **ret_frame)
{
	pthread_mutex_lock(&stream->lock);
	struct frame *frame = stream->latest ? frame_ref(stream->latest) : NULL;
	pthread_mutex_unlock(&stream->lock);
	if (!frame)
		return -EAGAIN;
	*ret_frame = frame;
	return 0;
}

/* What the inputs, present and past, have counted. */
static void add_input_stats(const struct stream *s, struct stream_stats *stats)
{
	struct input_stats sum = s->now;
	stream_run_add(&sum, &s->before);
	stats->frames_read = sum.read_count;
	stats->frames_decoded = sum.decoded_count;
	stats->held_count = s->now.held_count;
	stats->dropped_undecodable = sum.read_count - sum.decoded_count - s->now.held_count;
	stats->corrupt_count = sum.corrupt_count;
	stats->rescaled_count = sum.rescaled_count;
	stats->missed_packet_count = sum.missed_count;
	stats->decode_ms = sum.decoded_count ? sum.decode_s / (double)sum.decoded_count * 1e3 : 0;
	stats->read_time_ms =
		sum.decoded_count ? s->read_time_s / (double)sum.decoded_count * 1e3 : 0;
	stats->has_camera_clock = s->now.has_camera_clock;
	stats->camera_clock_offset_s = s->now.camera_clock_offset_s;
	stats->width_px = s->now.coded_width_px;
	stats->height_px = s->now.coded_height_px;
	memcpy(stats->codec, s->now.codec, sizeof(stats->codec));
	stats->declared_fps = s->now.declared_fps;
	stats->b_frames = s->now.b_frames;
	stats->gop_frames = sum.key_count > 0 ? (double)sum.read_count / (double)sum.key_count : 0;
}

void stream_stats(struct stream *stream, struct stream_stats *ret_stats)
{
	struct stream *s = stream;
	pthread_mutex_lock(&s->lock);
	*ret_stats = s->stats;
	ret_stats->state = s->state;
	ret_stats->is_connected = s->state == STREAM_LIVE;
	snprintf(ret_stats->reason, sizeof(ret_stats->reason), "%s", s->reason.text);
	ret_stats->waiting_count = s->buffer.count + s->in_hand;
	add_input_stats(s, ret_stats);
	bool live = s->state == STREAM_LIVE;
	ret_stats->fps = live ? meter_fps(&s->meter) : 0;
	ret_stats->jitter_ms = live ? meter_jitter_ms(&s->meter) : 0;
	ret_stats->bitrate_bps = live ? meter_bitrate_bps(&s->meter) : 0;
	ret_stats->last_age_s =
		s->latest ? (double)(mono_now().us - s->latest_arrival.us) * 1e-6 : -1;
	pthread_mutex_unlock(&s->lock);
}

struct packet_ring *stream_ring(struct stream *stream)
{
	return stream->ring;
}

int stream_write_clip(struct stream *stream, struct media at, double before_s, double after_s,
	const char *path, struct err *err)
{
	struct packet_list list = {0};
	struct media from = {at.us - stream_us(before_s)}, to = {at.us + stream_us(after_s)};
	int r = stream->ring ? packet_ring_take(stream->ring, from, at, to, &list) : -ENOENT;
	if (r == -ENOENT)
		return err_set(
			err, r, "%s: no video of %.3f s is held", stream->name, media_seconds(at));
	if (r < 0)
		return err_set(err, r, "%s: out of memory", stream->name);
	r = clip_write(path, &list, err);
	packet_list_finish(&list);
	return r;
}

const char *stream_name(const struct stream *stream)
{
	return stream->name;
}
