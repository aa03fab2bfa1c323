#include "ingest/stream_inside.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void stream_run_add(struct input_stats *sum, const struct input_stats *more)
{
	sum->read_count += more->read_count;
	sum->byte_count += more->byte_count;
	sum->decoded_count += more->decoded_count;
	sum->corrupt_count += more->corrupt_count;
	sum->rescaled_count += more->rescaled_count;
	sum->missed_count += more->missed_count;
	sum->decode_s += more->decode_s;
	sum->key_count += more->key_count;
}

/* Under lock, by the run that counts: what became of the frame that take_stats() counted. */
static void settle(struct stream *s, int64_t *count)
{
	s->in_hand = 0;
	(*count)++;
}

/* Lets the owner know, unless it has stopped the run. No lock may be held. */
static void call_back(struct run *run, struct frame *frame)
{
	struct stream *s = run->stream;
	if (frame ? !s->params.on_frame : !s->params.on_change)
		return;
	pthread_mutex_lock(&s->calling);
	pthread_mutex_lock(&s->lock);
	bool wanted = s->run == run;
	if (wanted && frame)
		settle(s, &s->stats.delivered_count);
	pthread_mutex_unlock(&s->lock);
	if (wanted && frame)
		s->params.on_frame(s->params.opaque, frame);
	else if (wanted)
		s->params.on_change(s->params.opaque);
	pthread_mutex_unlock(&s->calling);
}

/* Changes of state that people want to read of, once: of many attempts in a row the first, and of
 * files nothing, because whoever started them is told. */
static void say(const struct stream *s, enum stream_state state, const char *reason)
{
	bool first = s->failed_in_a_row <= 1;
	if (s->is_file || state == STREAM_CONNECTING || (state == STREAM_BACKING_OFF && !first))
		log_debug("%s: %s: %s", s->name, stream_state_name(state), reason);
	else if (state == STREAM_FAILED)
		log_error("given up: %s", reason);
	else if (state == STREAM_LIVE)
		log_info("%s: live", s->name);
	else
		log_warning("%s: %s", stream_state_name(state), reason);
}

static void set_state(struct run *run, enum stream_state state, int end, const char *reason)
{
	struct stream *s = run->stream;
	pthread_mutex_lock(&s->lock);
	bool current = s->run == run;
	bool change = current && s->state != state;
	if (current) {
		s->state = state;
		s->end = end;
		snprintf(s->reason.text, sizeof(s->reason.text), "%s", reason);
		pthread_cond_broadcast(&s->changed);
	}
	if (change)
		say(s, state, reason);
	pthread_mutex_unlock(&s->lock);
	if (change)
		call_back(run, NULL);
}

/* What the input counted so far: one more frame, or `closing`: it will count no more. */
static void take_stats(struct run *run, const void *input, bool closing)
{
	struct stream *s = run->stream;
	pthread_mutex_lock(&s->lock);
	if (s->run == run) {
		s->kind->stats(input, &s->now);
		/* One that was in hand when the run was stopped went nowhere. */
		s->stats.dropped_late += s->in_hand;
		s->in_hand = !closing;
		if (closing) {
			stream_run_add(&s->before, &s->now);
			struct input_stats shape = s->now;
			s->now = (struct input_stats){
				.coded_width_px = shape.coded_width_px,
				.coded_height_px = shape.coded_height_px,
				.b_frames = shape.b_frames,
				.has_camera_clock = shape.has_camera_clock,
				.camera_clock_offset_s = shape.camera_clock_offset_s,
				.declared_fps = shape.declared_fps,
			};
			memcpy(s->now.codec, shape.codec, sizeof(shape.codec));
		}
		s->stats.untimed_count = run->clock.untimed_count;
		s->stats.backward_count = run->clock.backward_count;
		s->stats.clock_jump_count = run->clock.jump_count;
	}
	pthread_mutex_unlock(&s->lock);
}

/* Puts the frame where it is waited for. Takes the reference. False where the run was stopped. */
static bool hand_over(struct run *run, struct frame *frame)
{
	struct stream *s = run->stream;
	struct frame *dropped = NULL, *old;
	bool wait = s->lossless && !s->params.on_frame;
	call_back(run, frame);
	pthread_mutex_lock(&s->lock);
	while (wait && !cancel_is_set(&run->cancel) && s->buffer.count == s->buffer.capacity)
		pthread_cond_wait(&s->changed, &s->lock);
	bool current = s->run == run && !cancel_is_set(&run->cancel);
	old = current ? s->latest : frame;
	if (current) {
		s->latest = frame;
		s->latest_arrival = frame->arrival;
		s->stats.gap_count += (frame->flags & FRAME_GAP) != 0;
		if (!s->params.on_frame) {
			dropped = buffer_put(&s->buffer, frame_ref(frame));
			s->in_hand = 0;
		}
		s->stats.dropped_late += dropped != NULL;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	frame_unref(&old);
	frame_unref(&dropped);
	return current;
}

static void meter_it(struct run *run, const struct frame *frame)
{
	struct stream *s = run->stream;
	pthread_mutex_lock(&s->lock);
	if (s->run == run) {
		meter_frame(&s->meter, frame->media, frame->arrival, s->now.byte_count);
		s->read_time_s += (double)(mono_now().us - frame->arrival.us) * 1e-6;
		s->stats.last_media = frame->media;
		s->stats.last_wall = frame->wall;
	}
	pthread_mutex_unlock(&s->lock);
}

static void count_decimated(struct run *run)
{
	struct stream *s = run->stream;
	pthread_mutex_lock(&s->lock);
	if (s->run == run)
		settle(s, &s->stats.dropped_rate);
	pthread_mutex_unlock(&s->lock);
}

/* One decoded frame. Takes the reference. False where the run was stopped. */
static bool deliver(struct run *run, struct frame *frame)
{
	struct stream *s = run->stream;
	int64_t gap_us = stream_us(s->params.gap_s > 0 ? s->params.gap_s : STREAM_GAP_DEFAULT_S);
	if (run->before.us != MEDIA_NONE.us && frame->media.us - run->before.us > gap_us)
		frame->flags |= FRAME_GAP;
	run->before = frame->media;
	meter_it(run, frame);
	if (thinner_leaves_out(&run->thinner, frame->media)) {
		run->marks |= frame->flags & FRAME_GAP;
		count_decimated(run);
		frame_unref(&frame);
		return !cancel_is_set(&run->cancel);
	}
	frame->flags |= run->marks;
	run->marks = 0;
	frame->sequence = run->sequence++;
	return hand_over(run, frame);
}

static int open_input(struct run *run, struct err *err, void **ret_input)
{
	struct stream *s = run->stream;
	const struct stream_params *p = &s->params;
	const struct input_params params = {
		.source = s->source,
		.demux = {.transport = p->transport,
			.username = s->username,
			.password = s->password,
			.open_timeout_us = s->is_file ? 0 : stream_us(p->connect_timeout_s),
			.read_timeout_us = s->is_file ? 0 : stream_us(p->stall_timeout_s),
			.cancel = &run->cancel},
		.loop = p->loop,
		.paced = p->paced,
		.gap_s = p->gap_s,
		.decoder_threads = p->decoder_threads,
		.buffer_size = p->buffer_size,
		.clock = &run->clock,
		.ring = s->ring,
	};
	return s->kind->open(&params, err, ret_input);
}

static void went_live(struct run *run)
{
	struct stream *s = run->stream;
	pthread_mutex_lock(&s->lock);
	if (s->run == run) {
		s->stats.reconnect_count += s->stats.connect_count > 0;
		s->stats.connect_count++;
		meter_reset(&s->meter);
	}
	pthread_mutex_unlock(&s->lock);
	set_state(run, STREAM_LIVE, 0, "");
}

/* One connection, to its end. `ret_live_s`: how long pictures came. */
static int connection(struct run *run, struct err *err, double *ret_live_s)
{
	struct stream *s = run->stream;
	struct mono live = {0};
	struct frame *frame;
	void *input = NULL;
	*ret_live_s = 0;
	int r = open_input(run, err, &input);
	if (r < 0)
		return r;
	while ((r = s->kind->read(input, err, &frame)) == FLOW_MORE) {
		if (live.us == 0) {
			live = mono_now();
			went_live(run);
		}
		take_stats(run, input, false);
		if (!deliver(run, frame)) {
			r = -ECANCELED;
			break;
		}
	}
	take_stats(run, input, true);
	if (live.us != 0)
		*ret_live_s = (double)(mono_now().us - live.us) * 1e-6;
	if (r == -ETIMEDOUT)
		set_state(run, STREAM_STALLED, 0, err->text);
	s->kind->close(&input);
	return r;
}

/* Asking again costs neither side anything, as a wrong password does, which may lock an account. */
static bool nobody_there(int error)
{
	return error == -ECONNREFUSED || error == -ECONNRESET || error == -EPIPE ||
	       error == -EHOSTUNREACH || error == -ENETUNREACH;
}

/* The number of the attempt that failed; a knock belongs to the first. */
static int64_t count_failure(struct run *run, int error, double live_s)
{
	struct stream *s = run->stream;
	struct stream_stats *stats = &s->stats;
	struct mono now = mono_now();
	pthread_mutex_lock(&s->lock);
	stats->error_count++;
	stats->stall_count += error == -ETIMEDOUT && live_s > 0;
	if (live_s > s->params.reconnect_delay_s)
		stats->attempt_count = s->failed_in_a_row = 0;
	if (stats->attempt_count == 0)
		run->first_step_end = mono_after(now, stream_us(s->params.reconnect_delay_s));
	bool knock =
		stats->attempt_count == 1 && nobody_there(error) && now.us < run->first_step_end.us;
	stats->attempt_count += !knock;
	s->failed_in_a_row++;
	int64_t attempt = stats->attempt_count;
	pthread_mutex_unlock(&s->lock);
	return attempt;
}

/* After a failure: waits and says true, or gives up. */
static bool try_again(struct run *run, int error, const struct err *err, double live_s)
{
	struct stream *s = run->stream;
	int allowed = s->params.reconnect_attempts;
	int64_t attempt = count_failure(run, error, live_s);
	if (s->is_file || (allowed >= 0 && attempt > allowed)) {
		set_state(run, STREAM_FAILED, error, err->text);
		return false;
	}
	set_state(run, STREAM_BACKING_OFF, 0, err->text);
	double delay_s = attempt == 1 && nobody_there(error)
				 ? backoff_knock_s(&run->backoff)
				 : backoff_delay_s(&run->backoff, attempt);
	return !cancel_wait_until(&run->cancel, mono_after(mono_now(), stream_us(delay_s)));
}

static void keep_alive(struct run *run)
{
	for (;;) {
		struct err err = {0};
		double live_s;
		set_state(run, STREAM_CONNECTING, 0, "connecting");
		int r = connection(run, &err, &live_s);
		if (cancel_is_set(&run->cancel))
			return;
		if (r == FLOW_END) {
			set_state(run, STREAM_STOPPED, FLOW_END, "the source has ended");
			return;
		}
		if (!try_again(run, r, &err, live_s))
			return;
	}
}

void *stream_run(void *opaque)
{
	struct run *run = opaque;
	struct stream *s = run->stream;
	keep_alive(run);
	pthread_mutex_lock(&s->lock);
	bool waited_for = s->run == run;
	run->done = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (!waited_for) {
		/* stop has gone on without this thread. */
		cancel_finish(&run->cancel);
		free(run);
	}
	stream_unref(s);
	return NULL;
}
