/*
 * The one thread that writes to a store. Jobs from any thread wait in a queue bounded in bytes; the
 * writer runs what has gathered in one transaction, and says "done" of each only after the commit
 * (group commit: one wait for the disk serves many).
 *
 * A commit comes `group_us` after its first job arrived, sooner where BATCH_JOBS_MAX are waiting.
 *
 * When the disk is full or fails, the transaction is taken back and its jobs stay: those that
 * `keep` are run again until it works or the writer is stopped, the others fail at once. So a
 * violation is never dropped in silence, and a person's change never hangs.
 *
 * Threads: post and do from any thread but the writer's own; step and done are called on the
 * writer's. Memory: a job belongs to the writer from post to done.
 */
#pragma once

#include "base/err.h"
#include "store/rollups.h"
#include "store/sql.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WRITER_MANY_MAX 4096

struct writer;
struct writer_job;

struct writer_job {
	struct writer_job *next; /* the writer's */
	/* Writes. May be called again after a transaction that failed, so it leaves the job as it
	 * was. -ENOSPC and -EIO fail the transaction; other codes this job only. */
	int (*step)(
		struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err);
	/*
	 * May be NULL. Writes up to WRITER_MANY_MAX jobs that stand one after another and have the
	 * same one of these. Where it fails and the transaction need not, it has done nothing, and
	 * `step` is called for each. Not for jobs with `several`.
	 */
	int (*step_many)(struct writer_job *const *jobs, int count, struct sql *sql,
		struct rollups *rollups, struct err *err);
	/* After the commit (result 0), or when it was given up (negative, `err` says why). Frees
	 * the job. */
	void (*done)(struct writer_job *job, int result, const struct err *err);
	size_t bytes; /* what it takes of the bound */
	bool keep; /* wait for the disk rather than fail */
	bool several; /* more than one statement: undone alone where it fails */
	int result; /* the writer's */
	struct err *err; /* the writer's: why this job alone failed; NULL: it did not */
};

struct writer_state {
	bool waiting; /* the disk is full or fails; jobs are kept */
	char reason[256]; /* why, while waiting */
	int64_t commit_count, job_count; /* committed */
	int64_t refused_count; /* given up: failed alone, or unfinished when stopped */
	int64_t retry_count; /* transactions that failed and were run again */
	size_t queued_bytes;
};

struct writer_params {
	int group_us; /* 0: commit at once; 5000 is usual */
	size_t queue_bytes; /* bound; a sender waits above it */
	/* After each commit, on the writer's thread; may be NULL. */
	void (*on_commit)(void *opaque);
	void *opaque;
};

/* Takes over writing through `sql`, which must live until stop. */
int writer_start(struct sql *sql, struct rollups *rollups, const struct writer_params *params,
	struct err *err, struct writer **ret_writer);
/* Commits what was posted; what the disk does not take is given up with its reason. Frees. */
void writer_stop(struct writer **writer);

/* Waits while the queue is full. 0: the job is the writer's; -EPIPE: stopping, still the caller's.
 */
int writer_post(struct writer *writer, struct writer_job *job);
/* Posts a job and waits for its commit; its `done` is set here. The job stays the caller's. */
int writer_do(struct writer *writer, struct writer_job *job, struct err *err);
void writer_get_state(struct writer *writer, struct writer_state *ret_state);
