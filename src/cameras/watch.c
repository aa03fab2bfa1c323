#include "cameras/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "cameras/gauges.h"
#include "store/alert_rows.h"
#include "watch/alarms.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_US 500000
/* Alerts that go on, taken over. */
#define ADOPTED_MAX 1000

struct watch {
	struct watch_params params;
	struct alarms *alarms;
	struct gauges *gauges;
	pthread_t thread;
	bool started;
	bool store_failed; /* and said so; the watch's thread */
	pthread_mutex_t lock;
	pthread_cond_t wake, taken;
	/* Below: under lock. */
	bool stopping;
	struct alarms *fresh; /* with other rules, to be taken; NULL: none */
};

/* Telling */

/* {"type": "alert", "state": "began", ...} */
static void tell(struct watch *w, const struct alarm *alarm, const struct alert_row *row,
	const char *state, struct wall at)
{
	const struct cameras_listener *to = w->params.listener;
	const char *subject = alarm->subject[0] ? alarm->subject : NULL;
	struct json json = {0};
	if (!to->on_alert)
		return;
	json_object(&json);
	json_member_int(&json, "id", row->id);
	json_member_string(&json, "type", "alert");
	json_member_string(&json, "state", state);
	json_member_string(&json, "rule", alarm->rule->name);
	json_member_string(&json, "severity", alert_severity_name(alarm->rule->severity));
	json_member_string(&json, "stream_id", subject);
	json_member_string(&json, "metric", alarm->metric);
	json_member_real(&json, "value", alarm->value, 4);
	json_member_real(&json, "threshold", alarm->rule->threshold, 4);
	json_member_string(&json, "message", row->message);
	json_member_wall(&json, "at", at);
	json_object_end(&json);
	if (!json.failed)
		to->on_alert(to->opaque, subject, json.text, json.length);
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

static const char *who(const struct alarm *alarm)
{
	if (alarm->subject[0])
		return alarm->subject;
	return strncmp(alarm->metric, "backend.", 8) == 0 ? "the backend" : "the machine";
}

/* "north gives no pictures: nothing listens there", "the machine is short of memory: ..." */
static void describe(const struct alarm *alarm, char *message, size_t size)
{
	const struct alert_rule *rule = alarm->rule;
	char why[300];
	if (alarm->note[0])
		snprintf(why, sizeof(why), "%s", alarm->note);
	else
		snprintf(why, sizeof(why), "%s is %.4g (%s %.4g)", alarm->metric, alarm->value,
			alert_operator_name(rule->comparison), rule->threshold);
	snprintf(message, size, "%s %s: %s", who(alarm),
		rule->description ? rule->description : rule->name, why);
}

static int begin_alert(struct watch *w, struct alarm *alarm)
{
	struct err err = {0};
	char message[512];
	describe(alarm, message, sizeof(message));
	struct alert_row row = {
		.at = wall_now(),
		.rule = alarm->rule->name,
		.severity = alert_severity_name(alarm->rule->severity),
		.metric = alarm->metric,
		.message = message,
		.value = alarm->value,
		.threshold = alarm->rule->threshold,
	};
	int r = taken(w, alert_rows_add(w->params.store, &row, &err, &row.id), &err);
	if (r < 0)
		return r;
	alarm->id = row.id;
	log_warning("%s", message);
	tell(w, alarm, &row, "began", row.at);
	return 0;
}

/* -ENOENT: somebody else ended it. */
static int end_alert(struct watch *w, const struct alarm *alarm)
{
	struct err err = {0};
	char message[400];
	struct alert_row row = {.id = alarm->id, .message = message};
	struct wall now = wall_now();
	int r = alert_rows_end(w->params.store, alarm->id, now, &err);
	if (r != -ENOENT && taken(w, r, &err) < 0)
		return r;
	snprintf(message, sizeof(message), "%s: %s is over%s", who(alarm), alarm->rule->name,
		alarm->measured ? "" : ": it is not watched any more");
	log_info("%s", message);
	tell(w, alarm, &row, "ended", now);
	return 0;
}

static int change(void *opaque, struct alarm *alarm)
{
	return alarm->id ? end_alert(opaque, alarm) : begin_alert(opaque, alarm);
}

/* Looking */

static void see(void *opaque, const char *id, const struct camera_health *health)
{
	struct watch *w = opaque;
	gauges_camera(w->gauges, w->alarms, id, health);
}

static void look_at_backend(struct watch *w)
{
	struct backend_state state;
	backend_ask(&w->params.backend, &state);
	gauges_backend(w->alarms, &state, wall_now());
}

/* The store is written to when the cameras are not looked at any more. */
static void look_once(struct watch *w)
{
	struct mono now = mono_now();
	alarms_begin(w->alarms, now);
	gauges_begin(w->gauges, now);
	w->params.look(w->params.opaque, see, w);
	gauges_machine(w->gauges, w->alarms);
	look_at_backend(w);
	alarms_settle(w->alarms, change, w);
}

/* Other rules take over what goes on. */
static void take_rules(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	struct alarms *fresh = w->fresh;
	pthread_mutex_unlock(&w->lock);
	if (!fresh)
		return;
	alarms_take_over(fresh, w->alarms, change, w);
	alarms_destroy(&w->alarms);
	w->alarms = fresh;
	pthread_mutex_lock(&w->lock);
	w->fresh = NULL;
	pthread_cond_broadcast(&w->taken);
	pthread_mutex_unlock(&w->lock);
}

/* False where it is time to go. */
static bool rest(struct watch *w)
{
	struct timespec until = mono_timespec(mono_after(mono_now(), LOOK_US));
	int r = 0;
	pthread_mutex_lock(&w->lock);
	while (!w->stopping && !w->fresh && r == 0)
		r = pthread_cond_timedwait(&w->wake, &w->lock, &until);
	bool go_on = !w->stopping;
	pthread_mutex_unlock(&w->lock);
	return go_on;
}

static void *watch(void *opaque)
{
	struct watch *w = opaque;
	do {
		take_rules(w);
		look_once(w);
	} while (rest(w));
	return NULL;
}

/* Taking over */

struct orphans {
	struct watch *watch;
	int64_t ids[ADOPTED_MAX];
	int count;
};

static int take_over(void *opaque, const struct alert_row *row)
{
	struct orphans *o = opaque;
	const char *metric = row->metric ? row->metric : "";
	if (alarms_adopt(o->watch->alarms, row->rule, metric, row->id) < 0)
		o->ids[o->count++] = row->id;
	return 0;
}

/* Alerts that go on; those that no rule is about any more are over. */
static int take_over_all(struct watch *w, struct err *err)
{
	struct orphans orphans = {.watch = w};
	int r = alert_rows_find(w->params.store, true, 0, ADOPTED_MAX, take_over, &orphans, err);
	for (int i = 0; i < orphans.count && r == 0; i++)
		alert_rows_end(w->params.store, orphans.ids[i], wall_now(), NULL);
	return r;
}

static void init_locks(struct watch *w)
{
	pthread_condattr_t monotonic;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &monotonic);
	pthread_cond_init(&w->taken, NULL);
	pthread_condattr_destroy(&monotonic);
}

int watch_create(const struct watch_params *params, struct err *err, struct watch **ret_watch)
{
	struct watch *w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(err, -ENOMEM, "out of memory");
	w->params = *params;
	init_locks(w);
	int r = alarms_create(params->rules, params->rule_count, &w->alarms);
	if (r == 0)
		r = gauges_create(params->evidence_dir, &w->gauges);
	r = r < 0 ? err_set(err, r, "out of memory") : take_over_all(w, err);
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
	alarms_destroy(&w->alarms);
	gauges_destroy(&w->gauges);
	pthread_cond_destroy(&w->wake);
	pthread_cond_destroy(&w->taken);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

int watch_set_rules(struct watch *watch, const struct alert_rule *rules, int count)
{
	struct alarms *fresh;
	int r = alarms_create(rules, count, &fresh);
	if (r < 0)
		return r;
	pthread_mutex_lock(&watch->lock);
	watch->fresh = fresh;
	pthread_cond_signal(&watch->wake);
	while (watch->fresh)
		pthread_cond_wait(&watch->taken, &watch->lock);
	pthread_mutex_unlock(&watch->lock);
	return 0;
}
