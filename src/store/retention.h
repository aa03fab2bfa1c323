/*
 * What leaves the store: by age, and the oldest above a size, for each kind by itself.
 *
 * Never: a violation that a case holds, its evidence, and what a backend has not been told yet.
 *
 * A file goes in three steps: marked in a commit, removed from the disk, forgotten in a commit. So
 * no row that can be seen names a file that is gone, and what was begun is finished after a crash.
 *
 * Sums stay when rows go: they have an age of their own, in whole days (UTC).
 */
#pragma once

#include "base/clock.h"
#include "store/store.h"

/* 0: no limit. */
struct retention_params {
	double violations_days, passages_days, alerts_days, audit_days, sums_days;
	double evidence_days; /* files; the violation stays */
	int64_t evidence_bytes; /* of files together */
	int64_t violations_max, passages_max; /* rows */
};

struct retention_report {
	int64_t violations, passages, alerts, audit; /* rows that left */
	int64_t files, bytes; /* files that left the disk */
	int64_t kept; /* violations above a limit that are held or not told yet */
};

/*
 * Does all that is due at `now`, in transactions of at most a thousand rows, so that recording
 * goes on beside it. A file that cannot be removed stays marked and is tried again next time; the
 * first such failure is returned after everything else was done.
 */
int retention_apply(struct store *store, const struct retention_params *params, struct wall now,
	struct err *err, struct retention_report *ret_report);
