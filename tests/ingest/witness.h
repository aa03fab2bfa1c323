/*
 * What the tests of live streams share: a stream whose states and reasons are noted, and frames
 * taken from it with patience.
 *
 * Threads: the test's; the stream's own calls note. Memory: the stream, from watch() to unwatch().
 */
#pragma once

#include "ingest/stream.h"

#include <pthread.h>
#include <stdbool.h>

#define PATIENCE_US INT64_C(30000000)

/* Notes which states were passed through, and the reasons. */
struct witness {
	pthread_mutex_t lock;
	struct stream *stream;
	unsigned seen; /* a bit for each state */
	char reason[STREAM_STOPPED + 1][256];
	double stalled_age_s; /* of the last frame, when the stall was noticed */
};

/* 1, and more where a sanitizer costs several times the work. */
int patience(void);
/* Gives up and comes back after fractions of a second. */
struct stream_params quick(const char *url, enum av_transport transport);
/* Each packet of the stream is accounted for. */
void check_balance(struct stream *s);
/* Creates and starts it. */
void watch(struct witness *w, struct stream_params params);
/* Stops it, and checks the balance. */
void unwatch(struct witness *w);
/* Whether it was in that state, for a reason with that in it. */
bool saw(struct witness *w, enum stream_state state, const char *reason);
/* Frames are taken until `count` came; media time must increase. The number of gaps among them. */
int take(struct stream *s, int count);
/* Waits until saw(). */
void wait_for(struct witness *w, enum stream_state state, const char *reason);
