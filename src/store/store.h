/*
 * The store: what was found, what is operated and who did what, in one SQLite file that survives
 * being killed. Rows have headers of their own: violation_rows.h, passage_rows.h, stream_rows.h,
 * token_rows.h, alert_rows.h, audit_rows.h; what is asked of many rows stands in analytics.h.
 *
 *     struct store *store;
 *     r = store_open(&(struct store_params){.path = "gantry.db"}, &err, &store);
 *     r = violation_rows_add_wait(store, &row, &err, &id);      // 0: it is on the disk
 *     store_close(&store);
 *
 * One process writes (a lock beside the file, PATH-lock, says which); any number read. Writing is
 * one thread's with group commit (writer.h), reading is everybody's own connection, which never
 * waits for the writer nor keeps it waiting (WAL).
 *
 * A function that writes returns after the commit: 0 means that it survives a power cut. Those
 * without `_wait` say so later, through their callback.
 *
 * Threads: all functions of this room may be called from any thread, but not from the callbacks
 * that run on the writer's. Memory: a store keeps a connection for each thread that read at the
 * same time as others.
 */
#pragma once

#include "base/err.h"
#include "store/writer.h"

#include <stdbool.h>

struct store;

struct store_params {
	const char *path;
	bool read_only; /* nothing is written, no lock is taken; the store must exist */
	int group_us; /* how long a commit waits for company; 0: 5000 */
	size_t queue_bytes; /* what may wait for the disk; 0: 64 MiB */
	bool outbox; /* each violation is also put into the outbox (outbox_rows.h) */
	/* After each commit, on the writer's thread: be quick, read nothing here. May be NULL. */
	void (*on_commit)(void *opaque);
	void *opaque;
};

/*
 * -EBUSY where another process writes to it, -ENOTSUP where it is newer than this program or no
 * store, -EBADMSG where it is damaged, -ENOENT, -EACCES, -ENOSPC.
 */
int store_open(const struct store_params *params, struct err *err, struct store **ret_store);
/* Commits what was posted. Nothing may use the store any more. NULL is fine. */
void store_close(struct store **store);

/* Returns once all that was posted before is on the disk. -ENOSPC, -EIO: it is not, and waits. */
int store_flush(struct store *store, struct err *err);

/* As `outbox` of the parameters: from the violations on that are added after this. */
void store_set_outbox(struct store *store, bool outbox);
const char *store_path(const struct store *store);
/* How writing goes; all zero for a store that is only read. */
void store_get_state(struct store *store, struct writer_state *ret_state);
