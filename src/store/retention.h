/*
 * What leaves the store: by age, and the oldest above a size, for each kind by itself.
 *
 * Never: a violation that a case holds, its evidence, and what a backend has not been told yet. A
 * confirmed violation is a case too, until `confirmed_days` say when it is closed. One that nobody
 * has looked at is protected for `pending_days`, even above a size; after that it leaves like the
 * rejected ones, for whoever never reviews must not keep what it recorded for ever.
 *
 * A file goes in three steps: marked in a commit, removed from the disk, forgotten in a commit. So
 * no row that can be seen names a file that is gone, and what was begun is finished after a crash.
 *
 * Sums stay when rows go: they have an age of their own, in whole days (UTC).
 */
#pragma once

#include "base/cancel.h"
#include "store/store.h"

/* 0: no limit. Ages are counted from when something happened, not from when it was written. */
struct retention_params {
	double violations_days, passages_days, alerts_days, audit_days;
	double evidence_days; /* files; the violation stays */
	double confirmed_days; /* confirmed violations and their files stay so long; 0: for ever */
	double pending_days; /* open ones stay so long, whatever else is said here */
	double sums_days, traffic_sums_days; /* of violations, of traffic */
	int64_t evidence_bytes; /* of files together */
	int64_t violations_max, passages_max, alerts_max, audit_max; /* rows */
	const struct cancel *stop; /* set: ends after the transaction that runs; may be NULL */
};

struct retention_report {
	int64_t violations, passages, alerts, audit; /* rows that left */
	int64_t minutes; /* of congestion, which are sums of traffic too */
	int64_t files, bytes; /* files that left the disk */
	int64_t kept; /* violations above their age that a case or a backend still needs */
};

/*
 * Does all that is due at `now`, in transactions of at most a thousand rows, so that recording
 * goes on beside it. A file that cannot be removed stays marked and is tried again next time; the
 * first such failure is returned after everything else was done. retention_keeper.h calls this by
 * the clock.
 */
int retention_apply(struct store *store, const struct retention_params *params, struct wall now,
	struct err *err, struct retention_report *ret_report);
