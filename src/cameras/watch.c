#include "cameras/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/alert_rows.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE "camera_offline"
#define SEVERITY "critical"
#define METRIC_HEAD "stream."
#define METRIC_TAIL ".is_healthy"
#define METRIC_SIZE (CAMERA_ID_MAX + 32)
#define LOOK_US 500000

/* One camera that is, or was, without pictures. */
struct entry {
	char id[CAMERA_ID_MAX + 1];
	struct mono since; /* without pictures */
	int64_t alert; /* of the store; 0: none is open */
	struct camera_health health;
	bool bad, seen; /* now; in this look */
};

struct watch {
	struct store *store;
	const struct cameras_listener *listener;
	watch_look *look;
	void *opaque;
	pthread_t thread;
	bool started;
	/* The watch's thread: */
	struct entry entries[CAMERAS_MAX];
	int count;
	bool store_failed; /* and said so */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping; /* under lock */
};

static struct entry *entry_of(struct watch *w, const char *id)
{
	for (int i = 0; i < w->count; i++)
		if (strcmp(w->entries[i].id, id) == 0)
			return &w->entries[i];
	if (w->count == CAMERAS_MAX)
		return NULL;
	struct entry *entry = &w->entries[w->count++];
	*entry = (struct entry){0};
	snprintf(entry->id, sizeof(entry->id), "%s", id);
	return entry;
}

static void metric_of(const struct entry *entry, char metric[METRIC_SIZE])
{
	snprintf(metric, METRIC_SIZE, METRIC_HEAD "%s" METRIC_TAIL, entry->id);
}

/* {"type": "alert", "state": "began", ...} */
static void tell(struct watch *w, const struct entry *entry, const struct alert_row *row,
	const char *state, struct wall at)
{
	struct json json = {0};
	char time[WALL_TEXT_SIZE], metric[METRIC_SIZE];
	const char *const pairs[][2] = {{"type", "alert"}, {"state", state}, {"rule", RULE},
		{"severity", SEVERITY}, {"stream_id", entry->id}, {"metric", metric},
		{"message", row->message}, {"at", time}};
	if (!w->listener->on_alert)
		return;
	metric_of(entry, metric);
	wall_format(at, time, sizeof(time));
	json_object(&json);
	json_key(&json, "id");
	json_int(&json, entry->alert);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		json_key(&json, pairs[i][0]);
		json_string(&json, pairs[i][1]);
	}
	json_object_end(&json);
	if (!json.failed)
		w->listener->on_alert(w->listener->opaque, entry->id, json.text, json.length);
	json_finish(&json);
}

/* 0 where the store took it; a failure is said once. */
static int taken(struct watch *w, int r, const struct err *err)
{
	if (r < 0 && !w->store_failed)
		log_error("alerts wait for the store: %s", err->text);
	w->store_failed = r < 0;
	return r;
}

static void begin_alert(struct watch *w, struct entry *entry)
{
	struct err err = {0};
	char message[400], metric[METRIC_SIZE];
	const char *reason = entry->health.reason;
	int64_t id;
	metric_of(entry, metric);
	snprintf(message, sizeof(message), "%s gives no pictures%s%s", entry->id,
		reason[0] ? ": " : "", reason);
	struct alert_row row = {
		.at = wall_now(),
		.rule = RULE,
		.severity = SEVERITY,
		.metric = metric,
		.message = message,
		.value = 0,
		.threshold = 1,
	};
	if (taken(w, alert_rows_add(w->store, &row, &err, &id), &err) < 0)
		return;
	entry->alert = id;
	log_warning("%s", message);
	tell(w, entry, &row, "began", row.at);
}

/* -ENOENT: somebody else ended it. */
static void end_alert(struct watch *w, struct entry *entry, const char *why)
{
	struct err err = {0};
	char message[128];
	struct alert_row row = {.message = message};
	struct wall now = wall_now();
	int r = alert_rows_end(w->store, entry->alert, now, &err);
	if (r != -ENOENT && taken(w, r, &err) < 0)
		return;
	snprintf(message, sizeof(message), "%s %s", entry->id, why);
	log_info("%s", message);
	tell(w, entry, &row, "ended", now);
	entry->alert = 0;
}

static void see(void *opaque, const char *id, const struct camera_health *health)
{
	struct watch *w = opaque;
	struct entry *entry = entry_of(w, id);
	if (!entry)
		return;
	bool bad = health->wanted && !health->healthy && !health->ended;
	if (bad && !entry->bad)
		entry->since = mono_now();
	entry->bad = bad;
	entry->health = *health;
	entry->seen = true;
}

/* Writes to the store, so not while the cameras are looked at. */
static void follow_up(struct watch *w, struct entry *entry)
{
	const int64_t patience_us = CAMERAS_OFFLINE_S * INT64_C(1000000);
	if (!entry->seen && entry->alert)
		end_alert(w, entry, "was removed");
	else if (entry->bad && !entry->alert && mono_now().us - entry->since.us >= patience_us)
		begin_alert(w, entry);
	else if (!entry->bad && entry->alert)
		end_alert(w, entry, entry->health.healthy ? "gives pictures again" : "was stopped");
}

static void look_once(struct watch *w)
{
	for (int i = 0; i < w->count; i++)
		w->entries[i].seen = false;
	w->look(w->opaque, see, w);
	for (int i = 0; i < w->count; i++)
		follow_up(w, &w->entries[i]);
	for (int i = w->count - 1; i >= 0; i--)
		if (!w->entries[i].seen && !w->entries[i].alert)
			w->entries[i] = w->entries[--w->count];
}

/* False where it is time to go. */
static bool rest(struct watch *w)
{
	struct timespec until = mono_timespec(mono_after(mono_now(), LOOK_US));
	int r = 0;
	pthread_mutex_lock(&w->lock);
	while (!w->stopping && r == 0)
		r = pthread_cond_timedwait(&w->wake, &w->lock, &until);
	bool go_on = !w->stopping;
	pthread_mutex_unlock(&w->lock);
	return go_on;
}

static void *watch(void *opaque)
{
	struct watch *w = opaque;
	do
		look_once(w);
	while (rest(w));
	return NULL;
}

/* "stream.ID.is_healthy" of an alert that goes on. */
static int take_over(void *opaque, const struct alert_row *row)
{
	struct watch *w = opaque;
	size_t head = strlen(METRIC_HEAD), tail = strlen(METRIC_TAIL);
	size_t length = row->metric ? strlen(row->metric) : 0;
	char id[CAMERA_ID_MAX + 1];
	if (strcmp(row->rule, RULE) != 0 || length <= head + tail ||
		length - head - tail >= sizeof(id))
		return 0;
	snprintf(id, sizeof(id), "%.*s", (int)(length - head - tail), row->metric + head);
	struct entry *entry = entry_of(w, id);
	if (entry)
		entry->alert = row->id;
	return 0;
}

int watch_create(struct store *store, const struct cameras_listener *listener, watch_look *look,
	void *opaque, struct err *err, struct watch **ret_watch)
{
	struct watch *w = calloc(1, sizeof(*w));
	pthread_condattr_t monotonic;
	if (!w)
		return err_set(err, -ENOMEM, "out of memory");
	w->store = store;
	w->listener = listener;
	w->look = look;
	w->opaque = opaque;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int r = alert_rows_find(store, true, 0, CAMERAS_MAX, take_over, w, err);
	if (r == 0) {
		w->started = pthread_create(&w->thread, NULL, watch, w) == 0;
		r = w->started ? 0 : err_set(err, -EAGAIN, "no thread can be started");
	}
	if (r < 0)
		watch_destroy(&w);
	else
		*ret_watch = w;
	return r;
}

void watch_destroy(struct watch **watch)
{
	struct watch *w = *watch;
	*watch = NULL;
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	if (w->started)
		pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
