/*
 * Road users as CSV (RFC 4180), the same rows as the "vehicle" events, with a header line
 * (docs/events.md).
 *
 * Threads: one owner. Errors: as events.h.
 */
#pragma once

#include "base/err.h"
#include "record/passages.h"

struct csv;

/* "-": standard output. */
int csv_open(const char *path, struct err *err, struct csv **ret_csv);
/* `start` is the wall time of media time 0. */
int csv_passage(struct csv *csv, const char *device_id, struct wall start,
	const struct passage *passage, struct err *err);
int csv_close(struct csv **csv, struct err *err);
