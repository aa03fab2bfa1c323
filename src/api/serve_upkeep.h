/*
 * What runs beside the server, on the same store: violations told to a backend, retention by the
 * clock. Each only where gantry.yaml asks for it.
 *
 * Threads: init, start, change, stop and finish by the owner; the others by any, also before and
 * after.
 */
#pragma once

#include "serve/settings.h"
#include "watch/backend.h"

#include <pthread.h>

struct serve_upkeep {
	struct retention_keeper *keeper; /* the owner's; NULL: everything stays */
	pthread_mutex_t lock;
	struct sink *sink; /* under lock; NULL: no backend */
};

void serve_upkeep_init(struct serve_upkeep *upkeep);
void serve_upkeep_finish(struct serve_upkeep *upkeep);
/* The store was opened with an outbox where there is a backend. */
int serve_upkeep_start(struct serve_upkeep *upkeep, const struct settings *settings,
	struct store *store, struct err *err);
/* Whether what the settings say of the backend can be. -EINVAL with the reason. */
int serve_upkeep_check(const struct settings *settings, struct err *err);
/* As other settings want it, where they do: what waits in the outbox is told to another backend.
 * -errno where something cannot be started, which then does not run. */
int serve_upkeep_change(struct serve_upkeep *upkeep, const struct settings *before,
	const struct settings *settings, struct store *store, struct err *err);
/* Also one that was not, or only half, started. */
void serve_upkeep_stop(struct serve_upkeep *upkeep);
/* There may be something to tell. */
void serve_upkeep_committed(struct serve_upkeep *upkeep);
/* How it goes with the backend, where there is one. */
void serve_upkeep_get_backend(struct serve_upkeep *upkeep, struct backend_state *ret_state);
