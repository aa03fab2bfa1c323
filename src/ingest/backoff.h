/*
 * How long to wait before the next attempt: doubled each time up to a cap, each plus or minus a
 * fifth at random. The first step may be spent knocking: asking every half second whether somebody
 * is there again.
 *
 * Threads: one owner. Memory: none.
 */
#pragma once

#include "base/random.h"

struct backoff {
	double first_s, max_s;
	struct random random;
};

/* `first_s` 0: no waiting at all. */
void backoff_init(struct backoff *backoff, double first_s, double max_s, uint64_t seed);
/* Before attempt 1, 2, ... after a failure; never above 1.2 max_s. */
double backoff_delay_s(struct backoff *backoff, int64_t attempt);
/* Between two knocks; never above the first step. */
double backoff_knock_s(struct backoff *backoff);
