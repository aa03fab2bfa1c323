/*
 * What is known of the backend that is told of violations, for those who look after it: the rules
 * of alerts and the pages of monitoring. Who tells it (relay/sink.h) stands elsewhere; here is only
 * what they say to each other.
 *
 * Threads: a source may be asked by any; it answers from memory. Memory: plain values.
 */
#pragma once

#include "base/clock.h"

#include <stdbool.h>

struct backend_state {
	bool configured; /* else all else is zero */
	bool up; /* the last attempt succeeded, or there was none yet */
	int64_t told_count, failed_count; /* requests, since it was configured */
	int last_status; /* of the last reply; 0: none yet */
	struct wall told_at, failed_at; /* the last of each; 0: never */
	char problem[256]; /* of the last attempt that failed, also where it is over; no secrets */
	int64_t waiting_count; /* violations, at most a few seconds ago */
	struct wall oldest_at; /* when the one that waits longest came; 0: none waits */
};

struct backend_source {
	void (*get)(void *opaque, struct backend_state *ret_state); /* NULL: there is none */
	void *opaque;
};

/* All zero where there is no source. */
void backend_ask(const struct backend_source *source, struct backend_state *ret_state);
/* How long the oldest has waited; 0 where none does. */
double backend_age_s(const struct backend_state *state, struct wall now);
