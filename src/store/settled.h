/*
 * Which sums of violations have come to rest: those of the hours before the newest one that has a
 * violation. A violation can still be told late and sums can leave, so the database counts the
 * transactions in which a sum at rest changed. Whoever remembers sums at rest (store/recall.h)
 * finds by that count, read in the same moment as all else that he reads, whether they hold.
 *
 * The newest hour never lies after the present one: a camera whose clock is wrong by years would
 * otherwise put everything to rest.
 *
 * Threads, memory: as the connection (store/sql.h). Written in the writer's transactions.
 */
#pragma once

#include "store/sql.h"

struct settled {
	int64_t hour; /* the sums of hours before this one are at rest; INT64_MIN: none are */
	int64_t late_count; /* transactions that changed some of those; other than before: anything
			       may have changed */
};
int settled_read(struct sql *sql, struct err *err, struct settled *ret_settled);

/* This transaction changes sums of hours from `first` to `last`. */
int settled_change(struct sql *sql, int64_t first_hour, int64_t last_hour, struct err *err);
/* This one changes sums of any hours. */
int settled_change_all(struct sql *sql, struct err *err);
