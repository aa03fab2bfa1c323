/* gantry/stream_manager.h: a list of streams with names, and two kinds of locks. */
#include "gantry/stream_manager.h"

#include "api/frame.h"
#include "api/stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ID_SIZE 64

struct entry {
	char id[ID_SIZE];
	struct gantry_stream *stream;
	/* For start and stop, which may take a while: nobody else has to wait. */
	pthread_mutex_t lock;
	int users; /* under the manager's lock: calls that are using it */
};

struct gantry_stream_manager {
	pthread_mutex_t lock;
	pthread_cond_t unused; /* an entry's users fell to 0 */
	/* Below: under lock. */
	struct entry **entries; /* in the order of adding */
	int count, capacity;
};

static int say(struct gantry_error *error, struct err *err, int r)
{
	api_error(error, err);
	return r;
}

static void entry_destroy(struct entry *entry)
{
	gantry_stream_destroy(&entry->stream);
	pthread_mutex_destroy(&entry->lock);
	free(entry);
}

int gantry_stream_manager_create(
	struct gantry_stream_manager **ret_manager, struct gantry_error *error)
{
	struct err err = {0};
	struct gantry_stream_manager *m = calloc(1, sizeof(*m));
	if (!m)
		return say(error, &err, err_set(&err, -ENOMEM, "out of memory"));
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->unused, NULL);
	*ret_manager = m;
	return 0;
}

void gantry_stream_manager_destroy(struct gantry_stream_manager **manager)
{
	struct gantry_stream_manager *m = *manager;
	*manager = NULL;
	if (!m)
		return;
	for (int i = 0; i < m->count; i++)
		entry_destroy(m->entries[i]);
	free(m->entries);
	pthread_cond_destroy(&m->unused);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* Under lock. */
static struct entry *find(const struct gantry_stream_manager *m, const char *id)
{
	for (int i = 0; i < m->count; i++)
		if (strcmp(m->entries[i]->id, id) == 0)
			return m->entries[i];
	return NULL;
}

/* The entry, held until give_up(); NULL and the sentence where there is none. */
static struct entry *hold(
	const struct gantry_stream_manager *manager, const char *id, struct err *err)
{
	struct gantry_stream_manager *m = (struct gantry_stream_manager *)(uintptr_t)manager;
	pthread_mutex_lock(&m->lock);
	struct entry *entry = find(m, id);
	if (entry)
		entry->users++;
	pthread_mutex_unlock(&m->lock);
	if (!entry)
		err_set(err, -ENOENT, "there is no stream '%s'", id);
	return entry;
}

static void give_up(const struct gantry_stream_manager *manager, struct entry *entry)
{
	struct gantry_stream_manager *m = (struct gantry_stream_manager *)(uintptr_t)manager;
	pthread_mutex_lock(&m->lock);
	if (--entry->users == 0)
		pthread_cond_broadcast(&m->unused);
	pthread_mutex_unlock(&m->lock);
}

static int make_room(struct gantry_stream_manager *m)
{
	if (m->count < m->capacity)
		return 0;
	int capacity = m->capacity ? 2 * m->capacity : 16;
	struct entry **entries = realloc(m->entries, (size_t)capacity * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	m->entries = entries;
	m->capacity = capacity;
	return 0;
}

static int insert(struct gantry_stream_manager *m, struct entry *entry, struct err *err)
{
	int r = 0;
	pthread_mutex_lock(&m->lock);
	if (find(m, entry->id))
		r = err_set(err, -EEXIST, "there is a stream '%s' already", entry->id);
	else if (make_room(m) < 0)
		r = err_set(err, -ENOMEM, "out of memory");
	else
		m->entries[m->count++] = entry;
	pthread_mutex_unlock(&m->lock);
	return r;
}

int gantry_stream_manager_add(struct gantry_stream_manager *manager, const char *id,
	const char *source, const struct gantry_stream_config *config, struct gantry_error *error)
{
	struct err err = {0};
	if (!id || !id[0] || strlen(id) >= ID_SIZE)
		return say(error, &err,
			err_set(&err, -EINVAL, "a stream's id must have 1 to %d characters",
				ID_SIZE - 1));
	struct entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return say(error, &err, err_set(&err, -ENOMEM, "out of memory"));
	pthread_mutex_init(&entry->lock, NULL);
	memcpy(entry->id, id, strlen(id) + 1);
	int r = gantry_stream_create(source, config, &entry->stream, error);
	if (r == 0) {
		r = insert(manager, entry, &err);
		if (r < 0)
			api_error(error, &err);
	}
	if (r < 0)
		entry_destroy(entry);
	return r;
}

/* Out of the list, and nobody is using it any more; NULL where it is not there. */
static struct entry *take_out(struct gantry_stream_manager *m, const char *id)
{
	pthread_mutex_lock(&m->lock);
	struct entry *entry = find(m, id);
	if (entry) {
		int i = 0;
		while (m->entries[i] != entry)
			i++;
		m->count--;
		memmove(m->entries + i, m->entries + i + 1,
			(size_t)(m->count - i) * sizeof(*m->entries));
		while (entry->users > 0)
			pthread_cond_wait(&m->unused, &m->lock);
	}
	pthread_mutex_unlock(&m->lock);
	return entry;
}

int gantry_stream_manager_remove(
	struct gantry_stream_manager *manager, const char *id, struct gantry_error *error)
{
	struct err err = {0};
	struct entry *entry = take_out(manager, id);
	if (!entry)
		return say(error, &err, err_set(&err, -ENOENT, "there is no stream '%s'", id));
	entry_destroy(entry);
	return 0;
}

int gantry_stream_manager_start(
	struct gantry_stream_manager *manager, const char *id, struct gantry_error *error)
{
	struct err err = {0};
	struct entry *entry = hold(manager, id, &err);
	if (!entry)
		return say(error, &err, -ENOENT);
	pthread_mutex_lock(&entry->lock);
	int r = gantry_stream_start(entry->stream, error);
	pthread_mutex_unlock(&entry->lock);
	give_up(manager, entry);
	return r;
}

int gantry_stream_manager_stop(
	struct gantry_stream_manager *manager, const char *id, struct gantry_error *error)
{
	struct err err = {0};
	struct entry *entry = hold(manager, id, &err);
	if (!entry)
		return say(error, &err, -ENOENT);
	pthread_mutex_lock(&entry->lock);
	gantry_stream_stop(entry->stream);
	pthread_mutex_unlock(&entry->lock);
	give_up(manager, entry);
	return 0;
}

/* All entries, held; `*ret_count` of them. NULL where there are none or no memory. */
static struct entry **hold_all(struct gantry_stream_manager *m, int *ret_count)
{
	pthread_mutex_lock(&m->lock);
	*ret_count = m->count;
	struct entry **all = m->count ? malloc((size_t)m->count * sizeof(struct entry *)) : NULL;
	for (int i = 0; all && i < m->count; i++) {
		all[i] = m->entries[i];
		all[i]->users++;
	}
	pthread_mutex_unlock(&m->lock);
	if (!all)
		*ret_count = 0;
	return all;
}

static void give_up_all(struct gantry_stream_manager *m, struct entry **all, int count)
{
	for (int i = 0; i < count; i++)
		give_up(m, all[i]);
	free(all);
}

int gantry_stream_manager_start_all(struct gantry_stream_manager *manager,
	struct gantry_start_result *results, int result_count)
{
	int count, failed = 0;
	struct entry **all = hold_all(manager, &count);
	for (int i = 0; i < count; i++) {
		struct gantry_start_result result = {.id = all[i]->id};
		pthread_mutex_lock(&all[i]->lock);
		result.result = gantry_stream_start(all[i]->stream, &result.error);
		pthread_mutex_unlock(&all[i]->lock);
		failed += result.result < 0;
		if (i < result_count)
			results[i] = result;
	}
	give_up_all(manager, all, count);
	return failed;
}

void gantry_stream_manager_stop_all(struct gantry_stream_manager *manager)
{
	int count;
	struct entry **all = hold_all(manager, &count);
	for (int i = 0; i < count; i++) {
		pthread_mutex_lock(&all[i]->lock);
		gantry_stream_stop(all[i]->stream);
		pthread_mutex_unlock(&all[i]->lock);
	}
	give_up_all(manager, all, count);
}

static int list_ids(
	const struct gantry_stream_manager *manager, bool active_only, const char **ids, int count)
{
	struct gantry_stream_manager *m = (struct gantry_stream_manager *)(uintptr_t)manager;
	int n = 0;
	pthread_mutex_lock(&m->lock);
	for (int i = 0; i < m->count; i++) {
		if (active_only && !gantry_stream_is_running(m->entries[i]->stream))
			continue;
		if (n < count)
			ids[n] = m->entries[i]->id;
		n++;
	}
	pthread_mutex_unlock(&m->lock);
	return n;
}

int gantry_stream_manager_ids(
	const struct gantry_stream_manager *manager, const char **ids, int count)
{
	return list_ids(manager, false, ids, count);
}

int gantry_stream_manager_active_ids(
	const struct gantry_stream_manager *manager, const char **ids, int count)
{
	return list_ids(manager, true, ids, count);
}

int gantry_stream_manager_latest_frame(struct gantry_stream_manager *manager, const char *id,
	struct gantry_frame **ret_frame, struct gantry_error *error)
{
	struct err err = {0};
	struct frame *frame;
	struct entry *entry = hold(manager, id, &err);
	if (!entry)
		return say(error, &err, -ENOENT);
	int r = api_stream_latest(entry->stream, &frame);
	if (r < 0)
		err_set(&err, r, "stream '%s' has given no frame yet", id);
	else
		r = api_frame_give(&frame, ret_frame, &err);
	give_up(manager, entry);
	return r < 0 ? say(error, &err, r) : 0;
}

int gantry_stream_manager_get_statistics(const struct gantry_stream_manager *manager,
	const char *id, struct gantry_stream_statistics *ret_statistics)
{
	struct err err = {0};
	struct entry *entry = hold(manager, id, &err);
	if (!entry)
		return -ENOENT;
	gantry_stream_get_statistics(entry->stream, ret_statistics);
	give_up(manager, entry);
	return 0;
}

void gantry_stream_manager_get_aggregated(const struct gantry_stream_manager *manager,
	struct gantry_aggregated_statistics *ret_statistics)
{
	struct gantry_stream_manager *m = (struct gantry_stream_manager *)(uintptr_t)manager;
	struct gantry_aggregated_statistics sum = {0};
	int64_t live_count = 0;
	double fps = 0;
	pthread_mutex_lock(&m->lock);
	sum.total_streams = m->count;
	for (int i = 0; i < m->count; i++) {
		struct gantry_stream_statistics s;
		gantry_stream_get_statistics(m->entries[i]->stream, &s);
		sum.active_streams += gantry_stream_is_running(m->entries[i]->stream);
		sum.healthy_streams += gantry_stream_is_healthy(m->entries[i]->stream);
		sum.total_frames_read += s.frames_read;
		sum.total_frames_dropped += s.frames_dropped;
		sum.total_errors += s.total_errors;
		sum.total_reconnects += s.reconnects;
		live_count += s.is_connected;
		fps += s.is_connected ? s.fps : 0;
	}
	pthread_mutex_unlock(&m->lock);
	sum.average_fps = live_count ? fps / (double)live_count : 0;
	if (sum.total_frames_read > 0)
		sum.drop_rate = (double)sum.total_frames_dropped / (double)sum.total_frames_read;
	*ret_statistics = sum;
}
