#include "store/store.h"

#include "store/recall.h"
#include "store/schema.h"
#include "store/store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUP_US 5000
#define QUEUE_BYTES (64u << 20)
#define READERS_MAX 16 /* connections kept open between uses */

struct store {
	char *path;
	bool read_only;
	_Atomic bool outbox; /* relaxed would do: who adds reads it once */
	int lock_fd;
	struct sql *sql; /* the writer's */
	struct rollups *rollups;
	struct writer *writer;
	struct recall *recall;

	pthread_mutex_t lock;
	/* Below: under lock. */
	struct sql *readers[READERS_MAX];
	int reader_count;
};

/* Held until the file is closed, by the kernel: a process that dies gives it back. */
static int take_lock(const char *path, struct err *err, int *ret_fd)
{
	char name[PATH_MAX];
	if (snprintf(name, sizeof(name), "%s-lock", path) >= (int)sizeof(name))
		return err_set(err, -ENAMETOOLONG, "%s: path is too long", path);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_set(err, -errno, "%s: cannot be written: %s", name, strerror(errno));
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(fd, F_OFD_SETLK, &whole) < 0) {
		int code = errno == EAGAIN || errno == EACCES ? EBUSY : errno;
		close(fd);
		return err_set(err, -code,
			code == EBUSY ? "%s: another gantry writes to this store: stop it, or use "
					"another file"
				      : "%s: cannot be locked",
			path);
	}
	*ret_fd = fd;
	return 0;
}

static int open_writer(struct store *s, const struct store_params *params, struct err *err)
{
	struct writer_params writer = {
		.group_us = params->group_us ? params->group_us : GROUP_US,
		.queue_bytes = params->queue_bytes ? params->queue_bytes : QUEUE_BYTES,
		.on_commit = params->on_commit,
		.opaque = params->opaque,
	};
	int r = take_lock(s->path, err, &s->lock_fd);
	if (r == 0)
		r = sql_open(s->path, SQL_WRITE, err, &s->sql);
	if (r == 0)
		r = schema_migrate(s->sql, s->path, err);
	if (r == 0 && (rollups_create(&s->rollups) < 0 || recall_create(&s->recall) < 0))
		r = err_set(err, -ENOMEM, "%s: out of memory", s->path);
	if (r == 0)
		r = writer_start(s->sql, s->rollups, &writer, err, &s->writer);
	return r;
}

static int open_reader(struct store *s, struct err *err)
{
	struct sql *sql;
	int r = sql_open(s->path, SQL_READ, err, &sql);
	if (r < 0)
		return r;
	r = schema_check(sql, s->path, err);
	if (r < 0)
		sql_close(&sql);
	else
		s->readers[s->reader_count++] = sql;
	return r;
}

int store_open(const struct store_params *params, struct err *err, struct store **ret_store)
{
	struct store *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "%s: out of memory", params->path);
	pthread_mutex_init(&s->lock, NULL);
	s->lock_fd = -1;
	s->read_only = params->read_only;
	s->outbox = params->outbox;
	s->path = strdup(params->path);
	int r = s->path ? 0 : err_set(err, -ENOMEM, "%s: out of memory", params->path);
	if (r == 0)
		r = s->read_only ? open_reader(s, err) : open_writer(s, params, err);
	if (r < 0) {
		store_close(&s);
		return r;
	}
	*ret_store = s;
	return 0;
}

void store_close(struct store **store)
{
	struct store *s = *store;
	*store = NULL;
	if (!s)
		return;
	writer_stop(&s->writer);
	for (int i = 0; i < s->reader_count; i++)
		sql_close(&s->readers[i]);
	sql_close(&s->sql);
	rollups_destroy(&s->rollups);
	recall_destroy(&s->recall);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	free(s);
}

const char *store_path(const struct store *store)
{
	return store->path;
}

void store_get_state(struct store *store, struct writer_state *ret_state)
{
	*ret_state = (struct writer_state){0};
	if (store->writer)
		writer_get_state(store->writer, ret_state);
}

void store_set_outbox(struct store *store, bool outbox)
{
	store->outbox = outbox;
}

bool store_has_outbox(const struct store *store)
{
	return store->outbox;
}

struct recall *store_recall(const struct store *store)
{
	return store->recall;
}

int store_read_begin(struct store *store, struct err *err, struct sql **ret_sql)
{
	struct sql *sql = NULL;
	pthread_mutex_lock(&store->lock);
	if (store->reader_count > 0)
		sql = store->readers[--store->reader_count];
	pthread_mutex_unlock(&store->lock);
	int r = sql ? 0 : sql_open(store->path, SQL_READ, err, &sql);
	if (r == 0)
		r = sql_rerun(sql, "BEGIN", err);
	if (r < 0)
		sql_close(&sql);
	else
		*ret_sql = sql;
	return r;
}

void store_read_end(struct store *store, struct sql **sql)
{
	/* Nothing was written: this cannot fail. */
	sql_rerun(*sql, "COMMIT", NULL);
	pthread_mutex_lock(&store->lock);
	if (store->reader_count < READERS_MAX) {
		store->readers[store->reader_count++] = *sql;
		*sql = NULL;
	}
	pthread_mutex_unlock(&store->lock);
	sql_close(sql);
}

static int refuse(const struct store *store, struct err *err)
{
	return err_set(err, -EROFS, "%s: was opened for reading only", store->path);
}

int store_post(struct store *store, struct writer_job *job, struct err *err)
{
	if (!store->writer)
		return refuse(store, err);
	int r = writer_post(store->writer, job);
	return r < 0 ? err_set(err, r, "%s: is being closed", store->path) : 0;
}

int store_do(struct store *store, struct writer_job *job, struct err *err)
{
	return store->writer ? writer_do(store->writer, job, err) : refuse(store, err);
}

int store_change(struct store *store,
	int (*step)(
		struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err),
	const void *arguments, struct err *err, int64_t *ret_number)
{
	struct store_change change = {
		.job = {.step = step, .bytes = sizeof(change), .several = true},
		.arguments = arguments,
	};
	int r = store_do(store, &change.job, err);
	if (r == 0 && ret_number)
		*ret_number = change.number;
	return r;
}

static int flush_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	(void)job;
	(void)sql;
	(void)rollups;
	(void)err;
	return 0;
}

int store_flush(struct store *store, struct err *err)
{
	struct writer_job job = {.step = flush_step, .bytes = sizeof(job)};
	return store_do(store, &job, err);
}
