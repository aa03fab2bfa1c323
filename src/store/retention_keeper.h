/*
 * Retention by the clock: a thread that applies it again and again (retention.h).
 *
 *     struct retention_keeper *keeper;
 *     r = retention_keeper_start(store, &params, 600, &err, &keeper);
 *     ...
 *     retention_keeper_stop(&keeper);        // before store_close()
 *
 * This is what a server starts beside its store. What fails is logged once for each reason and
 * tried again at the next time.
 *
 * Threads: start and stop belong to one owner, get_state may be called from any thread. Time: stop
 * waits for the transaction that runs, a thousand rows at most.
 */
#pragma once

#include "store/retention.h"

struct retention_keeper;

struct retention_keeper_state {
	int64_t run_count; /* times that it was applied */
	struct retention_report sum; /* of all times; `kept` of the last */
	struct wall last; /* when it was applied last; 0: never */
	char problem[256]; /* why the last time failed; "" */
};

/* `store` is open for writing and outlives the keeper; `params` are copied, `stop` is its own. At
 * once, and then every `every_s` seconds. */
int retention_keeper_start(struct store *store, const struct retention_params *params,
	double every_s, struct err *err, struct retention_keeper **ret_keeper);
/* NULL is fine. */
void retention_keeper_stop(struct retention_keeper **keeper);
void retention_keeper_get_state(
	struct retention_keeper *keeper, struct retention_keeper_state *ret_state);
