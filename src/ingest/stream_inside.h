/*
 * The inside of ingest/stream.h, shared by its two files: stream.c is the owner's side,
 * stream_run.c the thread's.
 */
#pragma once

#include "ingest/backoff.h"
#include "ingest/buffer.h"
#include "ingest/meter.h"
#include "ingest/stream.h"
#include "ingest/thinner.h"

#include <math.h>
#include <pthread.h>

#define STREAM_GAP_DEFAULT_S 1.0

/* One life of the thread, from start to stop. */
struct run {
	struct stream *stream; /* a reference */
	struct cancel cancel;
	pthread_t thread;
	bool done; /* under the stream's lock */

	/* Below: the thread's. */
	struct live_clock clock;
	struct thinner thinner;
	struct backoff backoff;
	struct mono first_step_end; /* of the back-off: knocking ends there */
	struct media before; /* of the frame before */
	unsigned marks; /* of frames left out by target_fps */
	int64_t sequence;
};

struct stream {
	char *source, *username, *password, *name;
	struct stream_params params;
	const struct input_kind *kind;
	bool is_file, lossless;
	_Atomic int refs; /* the owner's and each thread's */

	/* Held while the owner is called back, so that stop can wait for that to end. */
	pthread_mutex_t calling;

	pthread_mutex_t lock;
	pthread_cond_t changed; /* on CLOCK_MONOTONIC: frames, room, state, done */
	/* Below: under lock. */
	struct run *run; /* NULL: no thread that counts */
	struct buffer buffer;
	int in_hand; /* 1: the thread has a frame that is counted as decoded, and as nothing else */
	struct frame *latest;
	struct mono latest_arrival;
	struct packet_ring *ring;
	enum stream_state state;
	int end; /* why it is not running any more: FLOW_END or negative errno */
	struct err reason;
	struct stream_stats stats; /* what is counted here */
	int64_t failed_in_a_row; /* attempts, with the knocks of the first step */
	struct input_stats before, now; /* of the inputs before, and of the present one */
	struct meter meter;
	double read_time_s; /* all in all, from arrival to frame */
};

static inline int64_t stream_us(double s)
{
	return llround(s * 1e6);
}

/* Adds what can be added. */
void stream_run_add(struct input_stats *sum, const struct input_stats *more);
/* The thread: `opaque` is a struct run, whose stream it has a reference to. */
void *stream_run(void *opaque);
/* Drops a reference; the last one frees. */
void stream_unref(struct stream *stream);
