/*
 * Tells a backend of every violation: a POST with `type`, `device_id`, `timestamp`, `severity` and
 * `image_path` (contract.md), signed, from the outbox of the store (store/outbox_rows.h).
 *
 *     Authorization: Bearer TOKEN
 *     Idempotency-Key: VIOLATION-ID
 *     X-Gantry-Timestamp: SECONDS
 *     X-Gantry-Signature: sha256=HEX      HMAC-SHA256 of "SECONDS.BODY" (RFC 2104)
 *
 * A 2xx is success. Anything else is tried again, after 1 s, 2 s, 4 s and so on up to
 * `retry_max_s`, with up to a quarter more by chance so that many senders do not come at the same
 * moment. So each violation is told at least once, those of a device in their order; a backend that
 * keeps the keys it has seen has each exactly once. What waits survives being killed.
 *
 * Threads: one of its own, from start to stop. The store must outlive it and have an outbox.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "store/store.h"

struct sink;

struct sink_params {
	const char *url;
	const char *token; /* NULL: no Authorization */
	const char *secret; /* NULL: no signature */
	double timeout_s; /* of one request; 0: 10 */
	double retry_first_s, retry_max_s; /* 0: 1 and 300 */
};

struct sink_state {
	int64_t told_count, failed_count; /* requests, since the start */
	int last_status; /* of the last reply; 0: none yet */
	char problem[256]; /* of the last attempt; "" where it succeeded; no secrets */
	char last_problem[256]; /* of the last that failed; "": none */
	struct wall told_at, failed_at; /* the last of each; 0: never */
	/* Looked at about once a second: */
	int64_t waiting_count; /* in the outbox */
	struct wall oldest_at; /* when the oldest of them came; 0: none waits, or it is not known */
};

/* Whether it could be started with these. -EINVAL with the reason. */
int sink_check_params(const struct sink_params *params, struct err *err);
int sink_start(struct store *store, const struct sink_params *params, struct err *err,
	struct sink **ret_sink);
/* Gives up the request that is under way; it is told again after the next start. NULL is fine. */
void sink_stop(struct sink **sink);
/* There may be something in the outbox: call after a commit. Without it the sink looks every
 * second. */
void sink_wake(struct sink *sink);
void sink_get_state(struct sink *sink, struct sink_state *ret_state);
