#include "store/writer.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_JOBS_MAX 20000
#define RETRY_MS 200

struct writer {
	struct sql *sql;
	struct rollups *rollups;
	struct writer_params params;
	pthread_t thread;

	/* The writer's own. */
	struct writer_job *batch;

	pthread_mutex_t lock;
	pthread_cond_t not_empty, not_full;
	/* Below: under lock. */
	struct writer_job *head, **tail;
	int queued_count;
	struct mono first_at; /* when the oldest of the queue arrived */
	bool stopping;
	struct writer_state state;
};

/* Where there was no memory for one. */
static const struct err no_reason = {""};

static struct timespec deadline(struct mono t)
{
	return (struct timespec){.tv_sec = t.us / 1000000, .tv_nsec = t.us % 1000000 * 1000};
}

/* Everything that waits, once its time has come. NULL: stopped and nothing left. */
static struct writer_job *take_batch(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	while (!w->head && !w->stopping)
		pthread_cond_wait(&w->not_empty, &w->lock);
	struct mono due = {w->first_at.us + w->params.group_us};
	struct timespec until = deadline(due);
	while (!w->stopping && w->queued_count < BATCH_JOBS_MAX && mono_now().us < due.us)
		pthread_cond_timedwait(&w->not_empty, &w->lock, &until);
	struct writer_job *batch = w->head;
	w->head = NULL;
	w->tail = &w->head;
	w->queued_count = 0;
	w->state.queued_bytes = 0;
	pthread_cond_broadcast(&w->not_full);
	pthread_mutex_unlock(&w->lock);
	return batch;
}

static bool fails_transaction(int r)
{
	return r == -ENOSPC || r == -EIO || r == -EBADMSG || r == -EROFS || r == -EBUSY ||
	       r == -ENOMEM;
}

static int run_job(struct writer *w, struct writer_job *job, struct err *err)
{
	int r = job->several ? sql_rerun(w->sql, "SAVEPOINT job", err) : 0;
	if (r == 0)
		r = job->step(job, w->sql, w->rollups, err);
	if (!job->several || fails_transaction(r))
		return r;
	/* ROLLBACK TO leaves the savepoint; RELEASE ends it. */
	struct err undo;
	if (r < 0 && sql_run(w->sql, "ROLLBACK TO job", &undo) < 0)
		return -EIO;
	int end = sql_rerun(w->sql, "RELEASE job", r < 0 ? &undo : err);
	return r < 0 ? r : end;
}

static void forget_reason(struct writer_job *job)
{
	free(job->err);
	job->err = NULL;
}

static void keep_reason(struct writer_job *job, const struct err *why)
{
	job->err = malloc(sizeof(*job->err));
	if (job->err)
		*job->err = *why;
}

/* One job by itself. Negative: the transaction has failed. */
static int run_alone(struct writer *w, struct writer_job *job, struct err *err)
{
	struct err why = {0};
	forget_reason(job);
	job->result = run_job(w, job, &why);
	if (fails_transaction(job->result)) {
		*err = why;
		return job->result;
	}
	if (job->result < 0)
		keep_reason(job, &why);
	return 0;
}

/* The jobs from `job` on that one call can write: at least that one. */
static int collect_many(struct writer_job *job, struct writer_job *ret_jobs[WRITER_MANY_MAX])
{
	const struct writer_job *first = job;
	int count = 0;
	do {
		ret_jobs[count++] = job;
		job = job->next;
	} while (count < WRITER_MANY_MAX && first->step_many && job &&
		 job->step_many == first->step_many);
	return count;
}

/* Together where that works, else one by one. Negative: the transaction has failed. */
static int run_jobs(struct writer *w, struct writer_job *const *jobs, int count, struct err *err)
{
	int r = -EEXIST;
	if (count > 1)
		r = jobs[0]->step_many(jobs, count, w->sql, w->rollups, err);
	if (fails_transaction(r))
		return r;
	bool done = r == 0;
	for (int i = 0; done && i < count; i++) {
		forget_reason(jobs[i]);
		jobs[i]->result = 0;
	}
	r = 0;
	for (int i = 0; r == 0 && !done && i < count; i++)
		r = run_alone(w, jobs[i], err);
	return r;
}

/* One transaction of all jobs. Negative: none of it happened. */
static int run_batch(struct writer *w, struct err *err)
{
	struct writer_job *jobs[WRITER_MANY_MAX];
	int r = sql_rerun(w->sql, "BEGIN IMMEDIATE", err);
	for (struct writer_job *job = w->batch; r == 0 && job;) {
		int count = collect_many(job, jobs);
		job = jobs[count - 1]->next;
		r = run_jobs(w, jobs, count, err);
	}
	if (r == 0)
		r = rollups_flush(w->rollups, w->sql, err);
	if (r == 0)
		r = sql_rerun(w->sql, "COMMIT", err);
	if (r < 0)
		sql_run(w->sql, "ROLLBACK", NULL);
	rollups_clear(w->rollups);
	return r;
}

/* `err` and `result` are of all of them, where the transaction failed. */
static void finish_jobs(struct writer_job *jobs, int result, const struct err *err)
{
	while (jobs) {
		struct writer_job *job = jobs;
		jobs = job->next;
		struct err *why = job->err;
		if (result < 0)
			job->done(job, result, err);
		else
			job->done(job, job->result, why ? why : &no_reason);
		free(why);
	}
}

/* Takes the jobs out of the batch that would rather fail than wait. */
static struct writer_job *take_impatient(struct writer *w)
{
	struct writer_job *out = NULL, **end = &out, **at = &w->batch;
	while (*at) {
		struct writer_job *job = *at;
		if (job->keep) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		job->next = NULL;
		*end = job;
		end = &job->next;
	}
	return out;
}

static int count_jobs(const struct writer_job *job)
{
	int count = 0;
	for (; job; job = job->next)
		count++;
	return count;
}

static void note_commit(struct writer *w)
{
	int all = 0, refused = 0;
	for (const struct writer_job *job = w->batch; job; job = job->next) {
		all++;
		refused += job->result < 0;
	}
	pthread_mutex_lock(&w->lock);
	w->state.waiting = false;
	w->state.reason[0] = '\0';
	w->state.commit_count++;
	w->state.job_count += all - refused;
	w->state.refused_count += refused;
	pthread_mutex_unlock(&w->lock);
}

/* Says why nothing is written and waits a moment. False: stopping, give up. */
static bool wait_for_disk(struct writer *w, const struct err *err, int given_up)
{
	struct timespec until = deadline((struct mono){mono_now().us + RETRY_MS * 1000});
	pthread_mutex_lock(&w->lock);
	w->state.waiting = true;
	w->state.retry_count++;
	w->state.refused_count += given_up;
	snprintf(w->state.reason, sizeof(w->state.reason), "%.255s", err->text);
	if (!w->stopping && w->batch)
		pthread_cond_timedwait(&w->not_empty, &w->lock, &until);
	bool go_on = !w->stopping;
	pthread_mutex_unlock(&w->lock);
	return go_on;
}

/* Jobs that would rather fail must not stand behind a full disk. */
static void refuse_waiting(struct writer *w, int r, const struct err *err)
{
	struct writer_job *out = NULL, **end = &out;
	pthread_mutex_lock(&w->lock);
	for (struct writer_job **at = &w->head; *at;) {
		struct writer_job *job = *at;
		if (job->keep) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		w->queued_count--;
		w->state.queued_bytes -= job->bytes;
		w->state.refused_count++;
		job->next = NULL;
		*end = job;
		end = &job->next;
	}
	w->tail = &w->head;
	for (struct writer_job *job = w->head; job; job = job->next)
		w->tail = &job->next;
	pthread_cond_broadcast(&w->not_full);
	pthread_mutex_unlock(&w->lock);
	finish_jobs(out, r, err);
}

static void commit_batch(struct writer *w)
{
	struct err err = {0};
	int r;
	while (w->batch && (r = run_batch(w, &err)) < 0) {
		struct writer_job *impatient = take_impatient(w);
		int given_up = count_jobs(impatient);
		finish_jobs(impatient, r, &err);
		if (!wait_for_disk(w, &err, given_up)) {
			pthread_mutex_lock(&w->lock);
			w->state.refused_count += count_jobs(w->batch);
			pthread_mutex_unlock(&w->lock);
			finish_jobs(w->batch, r, &err);
			w->batch = NULL;
			return;
		}
		refuse_waiting(w, r, &err);
	}
	if (!w->batch)
		return;
	note_commit(w);
	finish_jobs(w->batch, 0, NULL);
	w->batch = NULL;
	if (w->params.on_commit)
		w->params.on_commit(w->params.opaque);
}

static void *writer_main(void *opaque)
{
	struct writer *w = opaque;
	pthread_setname_np(pthread_self(), "gantry-store");
	while ((w->batch = take_batch(w)))
		commit_batch(w);
	return NULL;
}

int writer_start(struct sql *sql, struct rollups *rollups, const struct writer_params *params,
	struct err *err, struct writer **ret_writer)
{
	struct writer *w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(err, -ENOMEM, "out of memory");
	w->sql = sql;
	w->rollups = rollups;
	w->params = *params;
	w->tail = &w->head;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->not_empty, &attr);
	pthread_cond_init(&w->not_full, NULL);
	pthread_condattr_destroy(&attr);
	int r = pthread_create(&w->thread, NULL, writer_main, w);
	if (r != 0) {
		pthread_cond_destroy(&w->not_full);
		pthread_cond_destroy(&w->not_empty);
		pthread_mutex_destroy(&w->lock);
		free(w);
		return err_set(err, -r, "a thread that writes cannot be started: %s", strerror(r));
	}
	*ret_writer = w;
	return 0;
}

void writer_stop(struct writer **writer)
{
	struct writer *w = *writer;
	*writer = NULL;
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->not_empty);
	pthread_cond_broadcast(&w->not_full);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->not_full);
	pthread_cond_destroy(&w->not_empty);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

int writer_post(struct writer *writer, struct writer_job *job)
{
	struct writer *w = writer;
	pthread_mutex_lock(&w->lock);
	/* One job always fits, however large it is. */
	while (!w->stopping && w->head &&
		w->state.queued_bytes + job->bytes > w->params.queue_bytes)
		pthread_cond_wait(&w->not_full, &w->lock);
	if (w->stopping) {
		pthread_mutex_unlock(&w->lock);
		return -EPIPE;
	}
	job->next = NULL;
	job->err = NULL;
	if (!w->head)
		w->first_at = mono_now();
	bool wake = !w->head || w->queued_count + 1 == BATCH_JOBS_MAX;
	*w->tail = job;
	w->tail = &job->next;
	w->queued_count++;
	w->state.queued_bytes += job->bytes;
	if (wake)
		pthread_cond_signal(&w->not_empty);
	pthread_mutex_unlock(&w->lock);
	return 0;
}

/* What a thread that waits for its job looks at; its first member is the job's own `opaque`. */
struct waiter {
	struct writer_job job;
	struct writer_job *inner;
	pthread_mutex_t lock;
	pthread_cond_t ready;
	bool is_done;
	int result;
	struct err err;
};

static int waiter_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	struct waiter *waiter = (struct waiter *)job;
	return waiter->inner->step(waiter->inner, sql, rollups, err);
}

static void waiter_done(struct writer_job *job, int result, const struct err *err)
{
	struct waiter *waiter = (struct waiter *)job;
	pthread_mutex_lock(&waiter->lock);
	waiter->result = result;
	if (result < 0)
		waiter->err = *err;
	waiter->is_done = true;
	pthread_cond_signal(&waiter->ready);
	pthread_mutex_unlock(&waiter->lock);
}

int writer_do(struct writer *writer, struct writer_job *job, struct err *err)
{
	struct waiter waiter = {
		.job = {.step = waiter_step,
			.done = waiter_done,
			.bytes = job->bytes,
			.keep = job->keep,
			.several = job->several},
		.inner = job,
	};
	pthread_mutex_init(&waiter.lock, NULL);
	pthread_cond_init(&waiter.ready, NULL);
	int r = writer_post(writer, &waiter.job);
	if (r == 0) {
		pthread_mutex_lock(&waiter.lock);
		while (!waiter.is_done)
			pthread_cond_wait(&waiter.ready, &waiter.lock);
		pthread_mutex_unlock(&waiter.lock);
		r = waiter.result;
	} else {
		err_set(&waiter.err, r, "the store is being closed");
	}
	pthread_cond_destroy(&waiter.ready);
	pthread_mutex_destroy(&waiter.lock);
	if (r < 0 && err)
		*err = waiter.err;
	return r;
}

void writer_get_state(struct writer *writer, struct writer_state *ret_state)
{
	pthread_mutex_lock(&writer->lock);
	*ret_state = writer->state;
	pthread_mutex_unlock(&writer->lock);
}
