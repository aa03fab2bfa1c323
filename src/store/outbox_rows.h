/*
 * The outbox: violations that a backend has not been told of yet. A row comes in the transaction
 * of its violation and leaves when the backend has said that it has it, so each is told at least
 * once; the violation's id is the key by which a backend knows one that it was told twice.
 *
 * Each device's violations leave in their order: only the oldest of a device is ever due, and one
 * that fails keeps those behind it waiting, those of other devices not.
 */
#pragma once

#include "base/clock.h"
#include "store/store.h"

struct outbox_row {
	int64_t id, violation_id;
	int attempts;
	struct wall next; /* not before */
	char device[64];
};

struct outbox_counts {
	int64_t waiting_count; /* rows */
	int64_t failing_count; /* of them, tried at least once */
	struct wall oldest_next; /* when the next one is due; 0: none waits */
	struct wall oldest_at; /* when the oldest came; 0: none waits, or it is not known */
	char problem[256]; /* of the last attempt that failed among them */
};

/* The oldest rows of all devices whose time has come, at most `max`; returns how many. */
int outbox_rows_due(
	struct store *store, struct wall now, struct outbox_row *rows, int max, struct err *err);
/* Told: the row goes. */
int outbox_rows_remove(struct store *store, int64_t id, struct err *err);
/* Not told: tried again not before `next`. `problem`: why, without secrets. */
int outbox_rows_postpone(
	struct store *store, int64_t id, struct wall next, const char *problem, struct err *err);
int outbox_rows_count(struct store *store, struct err *err, struct outbox_counts *ret_counts);

/* On the writer's thread. */
int outbox_rows_insert(struct sql *sql, int64_t violation_id, const char *device, struct err *err);
