/*
 * What a session tells the store: violations with their sealed evidence, and a passage for every
 * crossing of a counting line, and for every minute how full the road was.
 *
 * Rows go into the store's queue and are on the disk some milliseconds later; session_store_flush()
 * waits for that. A violation told twice (the same video analysed again) stays one.
 *
 * Threads: the session's.
 */
#pragma once

#include "base/err.h"
#include "judge/counts.h"
#include "judge/violations.h"
#include "record/congestion.h"
#include "store/store.h"

/* `start`: wall time of media time 0. */
struct session_store {
	struct store *store; /* borrowed; NULL: every call does nothing */
	const char *device_id; /* borrowed */
	struct wall start;
	int64_t config_version; /* of the stream's configuration; 0: none */
};

/* `evidence_path`: the JSON record, with the pictures that it names beside it; NULL: none. */
int session_store_violation(const struct session_store *to, const struct violation *violation,
	const char *evidence_path, struct err *err);
/* The clip of a violation that was told before: sealed, and one more of its files. */
int session_store_clip(const struct session_store *to, const struct violation *violation,
	const char *clip_path, struct err *err);
/* `measures` NULL: crossings that came only with the end, without speeds. */
int session_store_crossings(const struct session_store *to, const struct counts *counts,
	const struct measures *measures, struct err *err);
int session_store_minute(
	const struct session_store *to, const struct congestion_minute *minute, struct err *err);
int session_store_flush(const struct session_store *to, struct err *err);
