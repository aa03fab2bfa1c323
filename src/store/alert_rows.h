/* Alerts: what crossed a threshold, from when to when. */
#pragma once

#include "base/clock.h"
#include "store/store.h"

struct alert_row {
	int64_t id; /* the store's */
	struct wall at, ended; /* ended 0: it goes on */
	const char *rule, *severity; /* required; "info", "warning", "critical" */
	const char *metric, *message;
	double value, threshold;
	const char *acknowledged_by; /* NULL: by nobody */
};

/* Waits for the commit. */
int alert_rows_add(
	struct store *store, const struct alert_row *row, struct err *err, int64_t *ret_id);
/* -ENOENT where there is none that goes on. */
int alert_rows_end(struct store *store, int64_t id, struct wall now, struct err *err);
/* -ENOENT. Writes the audit log. */
int alert_rows_acknowledge(struct store *store, int64_t id, struct wall now, const char *actor,
	const char *address, struct err *err);
/* Newest first, before id `before` (0: all), at most `limit`. Not 0 from `each` ends it. */
int alert_rows_find(struct store *store, bool open_only, int64_t before, int limit,
	int (*each)(void *opaque, const struct alert_row *row), void *opaque, struct err *err);
