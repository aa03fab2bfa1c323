/*
 * One wish to stop, seen by everything that waits: interrupt callbacks poll it, sleeps wake up.
 *
 * Threads: all functions from any thread, but for init and finish. Memory: none.
 */
#pragma once

#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct cancel {
	/* Relaxed: it only says "stop"; nothing else is read because of it. */
	_Atomic bool set;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on CLOCK_MONOTONIC */
};

void cancel_init(struct cancel *cancel);
void cancel_finish(struct cancel *cancel);
void cancel_set(struct cancel *cancel);
bool cancel_is_set(const struct cancel *cancel);
/* Sleeps until then or until cancelled; true where it was cancelled. */
bool cancel_wait_until(struct cancel *cancel, struct mono deadline);
