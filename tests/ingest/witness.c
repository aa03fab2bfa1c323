#include "witness.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int patience(void)
{
	const char *text = getenv("GANTRY_TEST_PATIENCE");
	return text ? atoi(text) : 1;
}

static void note(void *opaque)
{
	struct witness *w = opaque;
	struct stream_stats st;
	stream_stats(w->stream, &st);
	pthread_mutex_lock(&w->lock);
	w->seen |= 1u << st.state;
	snprintf(w->reason[st.state], sizeof(w->reason[0]), "%s", st.reason);
	if (st.state == STREAM_STALLED)
		w->stalled_age_s = st.last_age_s;
	pthread_mutex_unlock(&w->lock);
}

bool saw(struct witness *w, enum stream_state state, const char *reason)
{
	pthread_mutex_lock(&w->lock);
	bool yes = (w->seen & (1u << state)) && strstr(w->reason[state], reason);
	pthread_mutex_unlock(&w->lock);
	return yes;
}

struct stream_params quick(const char *url, enum av_transport transport)
{
	struct stream_params params;
	stream_params_init(&params);
	params.source = url;
	params.transport = transport;
	params.target_fps = 0;
	params.reconnect_attempts = -1;
	params.reconnect_delay_s = 0.1;
	params.reconnect_delay_max_s = 0.2;
	params.connect_timeout_s = 1;
	params.stall_timeout_s = 1;
	return params;
}

void watch(struct witness *w, struct stream_params params)
{
	struct err err = {{0}};
	*w = (struct witness){.seen = 0};
	pthread_mutex_init(&w->lock, NULL);
	params.on_change = note;
	params.opaque = w;
	if (stream_create(&params, &err, &w->stream) < 0 || stream_start(w->stream, &err) < 0)
		fail_msg("%s", err.text);
}

void check_balance(struct stream *s)
{
	struct stream_stats st;
	stream_stats(s, &st);
	assert_int_equal(
		st.frames_read, st.frames_decoded + st.dropped_undecodable + st.held_count);
	assert_int_equal(st.frames_decoded,
		st.dropped_rate + st.dropped_late + st.delivered_count + st.waiting_count);
}

void unwatch(struct witness *w)
{
	stream_stop(w->stream);
	check_balance(w->stream);
	stream_destroy(&w->stream);
	pthread_mutex_destroy(&w->lock);
}

int take(struct stream *s, int count)
{
	static struct media last;
	int gaps = 0;
	for (int i = 0; i < count; i++) {
		struct frame *frame;
		unsigned flags;
		struct err err = {{0}};
		struct mono deadline = mono_after(mono_now(), PATIENCE_US);
		int r = stream_next(s, deadline, &err, &frame, &flags);
		if (r != FLOW_MORE)
			fail_msg("%d: %s", r, err.text);
		assert_true(i == 0 || frame->media.us > last.us);
		last = frame->media;
		gaps += (flags & FRAME_GAP) != 0;
		frame_unref(&frame);
	}
	return gaps;
}

void wait_for(struct witness *w, enum stream_state state, const char *reason)
{
	struct mono deadline = mono_after(mono_now(), PATIENCE_US);
	while (!saw(w, state, reason)) {
		if (mono_now().us > deadline.us)
			fail_msg("no %s \"%s\"; backing off: %s; stalled: %s",
				stream_state_name(state), reason, w->reason[STREAM_BACKING_OFF],
				w->reason[STREAM_STALLED]);
		usleep(5000);
	}
}
