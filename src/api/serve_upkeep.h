/*
 * What runs beside the server, on the same store: violations told to a backend, retention by the
 * clock. Each only where gantry.yaml asks for it.
 *
 * Threads: start and stop by the owner, committed by any in between.
 */
#pragma once

#include "serve/settings.h"

struct serve_upkeep {
	struct sink *sink; /* NULL: no backend */
	struct retention_keeper *keeper; /* NULL: everything stays */
};

/* The store was opened with an outbox where there is a backend. `upkeep` is all zero. */
int serve_upkeep_start(struct serve_upkeep *upkeep, const struct settings *settings,
	struct store *store, struct err *err);
/* Also one that was not, or only half, started. */
void serve_upkeep_stop(struct serve_upkeep *upkeep);
/* There may be something to tell. */
void serve_upkeep_committed(struct serve_upkeep *upkeep);
