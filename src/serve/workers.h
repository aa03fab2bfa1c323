/*
 * Threads for handlers that may wait: for the disk, for a commit, for a camera. The service thread
 * never does.
 *
 * Threads: workers_post() by the service thread; `run` is called by a worker; workers_take() by the
 * service thread after `wake` was called (by a worker).
 */
#pragma once

#include "serve/request.h"

struct workers;

/* `count` 1 to 16. 0, -ENOMEM, or -EAGAIN where the machine gives no thread. */
int workers_create(int count, void (*run)(void *opaque, struct exchange *exchange),
	void (*wake)(void *opaque), void *opaque, struct workers **ret_workers);
/* Finishes what was posted; from then on nobody is woken. */
void workers_stop(struct workers *workers);
/* Stops, and frees what nobody took. */
void workers_destroy(struct workers **workers);

/* False, and the exchange stays the caller's, where WORKERS_QUEUE_MAX are waiting. */
#define WORKERS_QUEUE_MAX 256
bool workers_post(struct workers *workers, struct exchange *exchange);
/* The next that is done, NULL where there is none. */
struct exchange *workers_take(struct workers *workers);
