#include "cameras/camera.h"

#include "base/jsonin.h"
#include "base/log.h"
#include "cameras/document.h"
#include "cameras/watch.h"
#include "store/stream_rows.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AUTHOR_FILE "gantry.yaml"

struct cameras {
	struct camera_site site;
	const struct alert_rule *rules;
	int rule_count;
	struct backend_source backend;
	struct watch *watch;
	pthread_mutex_t changing; /* held by whoever changes anything */
	bool stopped; /* under changing */
	pthread_mutex_t lock;
	/* Below: changed under both locks, so that either is enough to read. By id. */
	struct camera *items[CAMERAS_MAX];
	int count;
};

/* Under either lock: where it is, or where it would be. */
static int position(const struct cameras *cameras, const char *id, bool *ret_found)
{
	int i = 0;
	while (i < cameras->count && strcmp(camera_id(cameras->items[i]), id) < 0)
		i++;
	*ret_found = i < cameras->count && strcmp(camera_id(cameras->items[i]), id) == 0;
	return i;
}

static struct camera *find(const struct cameras *cameras, const char *id)
{
	bool found;
	int i = position(cameras, id, &found);
	return found ? cameras->items[i] : NULL;
}

static int no_such(const char *id, struct err *err)
{
	return err_set(err, -ENOENT, "there is no stream '%s'", id);
}

static void insert(struct cameras *cameras, struct camera *camera)
{
	bool found;
	pthread_mutex_lock(&cameras->lock);
	int at = position(cameras, camera_id(camera), &found);
	memmove(&cameras->items[at + 1], &cameras->items[at],
		sizeof(cameras->items[0]) * (size_t)(cameras->count - at));
	cameras->items[at] = camera;
	cameras->count++;
	pthread_mutex_unlock(&cameras->lock);
}

static struct camera *take_out(struct cameras *cameras, const char *id)
{
	bool found;
	pthread_mutex_lock(&cameras->lock);
	int at = position(cameras, id, &found);
	struct camera *camera = cameras->items[at];
	cameras->count--;
	memmove(&cameras->items[at], &cameras->items[at + 1],
		sizeof(cameras->items[0]) * (size_t)(cameras->count - at));
	pthread_mutex_unlock(&cameras->lock);
	return camera;
}

/* For the watch: what every camera is like now. */
static void look_at_all(void *opaque, watch_each *each, void *each_opaque)
{
	struct cameras *cameras = opaque;
	struct camera_health health;
	pthread_mutex_lock(&cameras->lock);
	for (int i = 0; i < cameras->count; i++) {
		camera_get_health(cameras->items[i], &health);
		each(each_opaque, camera_id(cameras->items[i]), &health);
	}
	pthread_mutex_unlock(&cameras->lock);
}

int cameras_create(
	const struct cameras_params *params, struct err *err, struct cameras **ret_cameras)
{
	struct cameras *c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(err, -ENOMEM, "out of memory");
	pthread_mutex_init(&c->changing, NULL);
	pthread_mutex_init(&c->lock, NULL);
	c->site.store = params->store;
	c->rules = params->rules;
	c->rule_count = params->rule_count;
	c->backend = params->backend;
	c->site.evidence_dir = strdup(params->evidence_dir);
	int r = c->site.evidence_dir && services_create(&c->site.services) == 0 ? 0 : -ENOMEM;
	if (r < 0)
		err_set(err, r, "out of memory");
	else if (mkdir(params->evidence_dir, 0777) < 0 && errno != EEXIST)
		r = err_set(err, -errno, "%s: cannot be made: %s", params->evidence_dir,
			strerror(errno));
	if (r < 0)
		cameras_destroy(&c);
	else
		*ret_cameras = c;
	return r;
}

void cameras_listen(struct cameras *cameras, const struct cameras_listener *listener)
{
	cameras->site.listener = *listener;
}

static void *stop_one(void *camera)
{
	camera_stop(camera);
	return NULL;
}

void cameras_stop(struct cameras *cameras)
{
	pthread_t threads[CAMERAS_MAX];
	bool started[CAMERAS_MAX];
	pthread_mutex_lock(&cameras->changing);
	cameras->stopped = true;
	watch_destroy(&cameras->watch);
	for (int i = 0; i < cameras->count; i++)
		started[i] = pthread_create(&threads[i], NULL, stop_one, cameras->items[i]) == 0;
	for (int i = 0; i < cameras->count; i++) {
		if (started[i])
			pthread_join(threads[i], NULL);
		else
			camera_stop(cameras->items[i]);
	}
	pthread_mutex_unlock(&cameras->changing);
}

void cameras_destroy(struct cameras **cameras)
{
	struct cameras *c = *cameras;
	*cameras = NULL;
	if (!c)
		return;
	cameras_stop(c);
	for (int i = 0; i < c->count; i++)
		camera_destroy(&c->items[i]);
	services_destroy(&c->site.services);
	free(c->site.evidence_dir);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->changing);
	free(c);
}

int cameras_count(struct cameras *cameras)
{
	pthread_mutex_lock(&cameras->lock);
	int count = cameras->count;
	pthread_mutex_unlock(&cameras->lock);
	return count;
}

bool cameras_has(struct cameras *cameras, const char *id)
{
	pthread_mutex_lock(&cameras->lock);
	bool there = find(cameras, id) != NULL;
	pthread_mutex_unlock(&cameras->lock);
	return there;
}

/* Loading */

struct stored {
	struct cameras *cameras;
	bool stopped[CAMERAS_MAX]; /* by somebody */
};

static int load_one(void *opaque, const struct stream_row *row)
{
	struct stored *stored = opaque;
	struct camera *camera;
	struct err err = {0};
	if (stored->cameras->count == CAMERAS_MAX)
		return 0;
	if (camera_create(&stored->cameras->site, row->config, row->version, &err, &camera) < 0) {
		log_error("stream %s is left out: %s", row->id, err.text);
		return 0;
	}
	insert(stored->cameras, camera);
	/* Rows come by id, as cameras stand. */
	stored->stopped[stored->cameras->count - 1] = row->stopped;
	return 0;
}

/* What every configuration must say before it is asked whether it starts by itself. */
static bool starts_by_itself(const struct camera *camera)
{
	struct jsonin *document;
	const char *text = camera_text(camera);
	if (jsonin_parse(text, strlen(text), NULL, &document) < 0)
		return false;
	bool starts = jsonin_bool(jsonin_get(document, "autostart"), true);
	jsonin_free(&document);
	return starts;
}

int cameras_load(struct cameras *cameras, struct err *err)
{
	struct stored stored = {.cameras = cameras};
	pthread_mutex_lock(&cameras->changing);
	int r = stream_rows_list(cameras->site.store, load_one, &stored, err);
	for (int i = 0; i < cameras->count && r == 0; i++)
		if (!stored.stopped[i] && starts_by_itself(cameras->items[i]))
			camera_start(cameras->items[i], NULL);
	struct watch_params watch = {
		.store = cameras->site.store,
		.evidence_dir = cameras->site.evidence_dir,
		.rules = cameras->rules,
		.rule_count = cameras->rule_count,
		.listener = &cameras->site.listener,
		.look = look_at_all,
		.opaque = cameras,
		.backend = cameras->backend,
	};
	if (r == 0)
		r = watch_create(&watch, err, &cameras->watch);
	pthread_mutex_unlock(&cameras->changing);
	return r;
}

int cameras_set_rules(struct cameras *cameras, const struct alert_rule *rules, int count)
{
	pthread_mutex_lock(&cameras->changing);
	int r = watch_set_rules(cameras->watch, rules, count);
	pthread_mutex_unlock(&cameras->changing);
	return r;
}

/* Changing */

/* In the caller's lines. */
static void shift_lines(struct problems *problems)
{
	for (int i = 0; i < problems->count; i++) {
		struct problem *p = &problems->items[i];
		p->line -= DOCUMENT_LINES_BEFORE;
		if (p->line <= 0)
			p->line = p->column = 0;
	}
}

struct checked {
	char *text; /* normal */
	char id[64];
	struct camera_config config;
};

static void checked_finish(struct checked *checked)
{
	camera_config_free(&checked->config);
	free(checked->text);
}

/* {"source": ...} of a document. */
static int source_of(const char *document, struct err *err, struct json *ret_json)
{
	struct jsonin *parsed = NULL;
	int r = jsonin_parse(document, strlen(document), err, &parsed);
	if (r < 0)
		return r;
	json_object(ret_json);
	json_member_string(ret_json, "source", jsonin_string(jsonin_get(parsed, "source"), ""));
	json_object_end(ret_json);
	jsonin_free(&parsed);
	return ret_json->failed ? err_set(err, -ENOMEM, "out of memory") : 0;
}

/* A source as it is shown, its password hidden, is the one that is there. */
static int keep_source(
	const char *old, const struct jsonin *body, struct checked *checked, struct err *err)
{
	const char *source = jsonin_string(jsonin_get(body, "source"), NULL);
	struct json json = {0};
	struct jsonin *parsed = NULL;
	char *merged = NULL, *normal = NULL;
	if (!old || !source || !strstr(source, "***") || !document_shows_source(old, source))
		return 0;
	int r = source_of(old, err, &json);
	if (r == 0)
		r = jsonin_parse(json.text, json.length, err, &parsed);
	if (r == 0)
		r = document_merge(checked->text, json.text, json.length, parsed, err, &merged);
	if (r == 0)
		r = document_normal(merged, err, &normal);
	if (r == 0) {
		free(checked->text);
		checked->text = normal;
	}
	jsonin_free(&parsed);
	json_finish(&json);
	free(merged);
	return r;
}

static int check_text(const char *text, const char *id, struct problems *problems, struct err *err,
	struct checked *ret_checked)
{
	int r = camera_config_read(text, strlen(text), &ret_checked->config, problems);
	if (r < 0) {
		shift_lines(problems);
		return r;
	}
	if (id && strcmp(id, ret_checked->config.id) != 0)
		return err_set(err, -EINVAL, "id must be '%s', as in the path, or be left out", id);
	snprintf(ret_checked->id, sizeof(ret_checked->id), "%s", ret_checked->config.id);
	return document_normal(text, err, &ret_checked->text);
}

/* `old` NULL: there is nothing that could stay. */
static int check_change(const struct cameras_change *change, const char *old,
	struct problems *problems, struct err *err, struct checked *ret_checked)
{
	struct jsonin *body = NULL;
	char *merged = NULL;
	camera_config_defaults(&ret_checked->config);
	int r = jsonin_parse(change->body, change->length, err, &body);
	if (r == 0)
		r = document_merge(old, change->body, change->length, body, err, &merged);
	if (r == 0)
		r = check_text(merged, change->id, problems, err, ret_checked);
	if (r == 0)
		r = keep_source(old, body, ret_checked, err);
	jsonin_free(&body);
	free(merged);
	return r;
}

static struct stream_change row_of(
	const struct cameras_change *change, const char *id, const char *text)
{
	return (struct stream_change){
		.id = id,
		.config = text,
		.expected_version = change->expected_version,
		.actor = change->actor,
		.address = change->address,
		.now = wall_now(),
	};
}

/* Under changing. */
static int add(struct cameras *cameras, const struct cameras_change *change,
	const struct checked *checked, struct err *err, int64_t *ret_version)
{
	struct stream_change row = row_of(change, checked->id, checked->text);
	struct camera *camera;
	row.expected_version = 0;
	if (cameras->count == CAMERAS_MAX)
		return err_set(err, -ENOSPC, "there are %d streams already", CAMERAS_MAX);
	int r = stream_rows_put(cameras->site.store, &row, err, ret_version);
	if (r == 0)
		r = camera_create(&cameras->site, checked->text, *ret_version, err, &camera);
	if (r < 0)
		return r;
	insert(cameras, camera);
	if (checked->config.autostart && !cameras->stopped)
		camera_start(camera, NULL);
	return 0;
}

int cameras_add(struct cameras *cameras, const struct cameras_change *change,
	struct problems *problems, struct err *err, int64_t *ret_version)
{
	struct checked checked = {.text = NULL};
	int r = check_change(change, NULL, problems, err, &checked);
	if (r == 0) {
		pthread_mutex_lock(&cameras->changing);
		r = cameras->stopped ? err_set(err, -ESHUTDOWN, "the server is going away")
				     : add(cameras, change, &checked, err, ret_version);
		pthread_mutex_unlock(&cameras->changing);
	}
	checked_finish(&checked);
	return r;
}

/* Under changing. */
static int put(struct cameras *cameras, struct camera *camera, const struct cameras_change *change,
	const struct checked *checked, struct err *err, int64_t *ret_version)
{
	struct stream_change row = row_of(change, checked->id, checked->text);
	int64_t version;
	int r = camera_check_size(camera, &checked->config.scene, err);
	if (r < 0)
		return r;
	if (row.expected_version < 0)
		row.expected_version = camera_version(camera);
	r = stream_rows_put(cameras->site.store, &row, err, &version);
	if (r < 0)
		return r;
	*ret_version = version;
	camera_configure(camera, checked->text, version, NULL); /* its state says what is wrong */
	return 0;
}

static int change_one(struct cameras *cameras, const struct cameras_change *change,
	struct problems *problems, struct err *err, int64_t *ret_version)
{
	struct checked checked = {.text = NULL};
	struct camera *camera = find(cameras, change->id);
	if (cameras->stopped)
		return err_set(err, -ESHUTDOWN, "the server is going away");
	if (!camera)
		return no_such(change->id, err);
	const char *old = change->whole ? NULL : camera_text(camera);
	int r = check_change(change, old, problems, err, &checked);
	if (r == 0)
		r = put(cameras, camera, change, &checked, err, ret_version);
	checked_finish(&checked);
	return r;
}

int cameras_change(struct cameras *cameras, const struct cameras_change *change,
	struct problems *problems, struct err *err, int64_t *ret_version)
{
	pthread_mutex_lock(&cameras->changing);
	int r = change_one(cameras, change, problems, err, ret_version);
	pthread_mutex_unlock(&cameras->changing);
	return r;
}

static int copy_config(void *opaque, const struct stream_row *row)
{
	*(char **)opaque = strdup(row->config);
	return *(char **)opaque ? 0 : -ENOMEM;
}

int cameras_roll_back(struct cameras *cameras, const struct cameras_change *change, int64_t version,
	struct problems *problems, struct err *err, int64_t *ret_version)
{
	struct cameras_change back = *change;
	char *text = NULL;
	int r = stream_rows_versions(
		cameras->site.store, change->id, version, copy_config, &text, err);
	if (r == 0) {
		back.body = text;
		back.length = strlen(text);
		back.whole = true;
		r = cameras_change(cameras, &back, problems, err, ret_version);
	}
	free(text);
	return r;
}

int cameras_remove(struct cameras *cameras, const struct cameras_change *change, struct err *err)
{
	struct stream_change row = row_of(change, change->id, NULL);
	pthread_mutex_lock(&cameras->changing);
	int r = find(cameras, change->id) ? stream_rows_remove(cameras->site.store, &row, err)
					  : no_such(change->id, err);
	if (r == 0) {
		struct camera *camera = take_out(cameras, change->id);
		camera_destroy(&camera);
	}
	pthread_mutex_unlock(&cameras->changing);
	return r;
}

/* The store knows it before it is done, so that it holds after a restart too. */
static int note_stopped(
	struct cameras *cameras, const struct cameras_change *change, bool stopped, struct err *err)
{
	struct stream_change row = row_of(change, change->id, NULL);
	return stream_rows_set_stopped(cameras->site.store, &row, stopped, err);
}

int cameras_start_one(struct cameras *cameras, const struct cameras_change *change, struct err *err)
{
	pthread_mutex_lock(&cameras->changing);
	struct camera *camera = find(cameras, change->id);
	int r = cameras->stopped ? err_set(err, -ESHUTDOWN, "the server is going away")
		: camera         ? note_stopped(cameras, change, false, err)
				 : no_such(change->id, err);
	if (r == 0)
		r = camera_start(camera, err);
	pthread_mutex_unlock(&cameras->changing);
	return r;
}

int cameras_stop_one(struct cameras *cameras, const struct cameras_change *change, struct err *err)
{
	pthread_mutex_lock(&cameras->changing);
	struct camera *camera = find(cameras, change->id);
	int r = camera ? note_stopped(cameras, change, true, err) : no_such(change->id, err);
	if (r == 0)
		camera_stop(camera);
	pthread_mutex_unlock(&cameras->changing);
	return r;
}

/* What the file said last time; `same` where it says that still. */
struct last_said {
	const char *text;
	bool any, same;
};

static int find_last_said(void *opaque, const struct stream_row *row)
{
	struct last_said *last = opaque;
	if (!row->author || strcmp(row->author, AUTHOR_FILE) != 0)
		return 0;
	last->any = true;
	last->same = strcmp(row->config, last->text) == 0;
	return 1;
}

int cameras_declare(struct cameras *cameras, const struct camera_config *config, struct err *err)
{
	struct problems problems = {.file = AUTHOR_FILE};
	struct cameras_change change = {
		.id = config->id, .whole = true, .expected_version = -1, .actor = AUTHOR_FILE};
	struct json json = {0};
	struct last_said last = {0};
	char *text = NULL;
	int64_t version;
	options_write_json(&camera_options, config, &json);
	json_raw(&json, "", 1);
	int r = json.failed ? err_set(err, -ENOMEM, "out of memory")
			    : document_normal(json.text, err, &text);
	if (r == 0) {
		last.text = text;
		r = stream_rows_versions(
			cameras->site.store, config->id, 0, find_last_said, &last, NULL);
		r = r == -ENOENT || r > 0 ? 0 : r;
		change.body = text;
		change.length = strlen(text);
	}
	if (r == 0 && !cameras_has(cameras, config->id))
		r = cameras_add(cameras, &change, &problems, err, &version);
	else if (r == 0 && !(last.any && last.same))
		r = cameras_change(cameras, &change, &problems, err, &version);
	problems_first(&problems, AUTHOR_FILE, "", err);
	problems_finish(&problems);
	json_finish(&json);
	free(text);
	return r;
}

/* Reading */

int cameras_write(
	struct cameras *cameras, const char *id, enum cameras_view view, struct json *json)
{
	static void (*const writers[])(struct camera * camera, struct json * json) = {
		camera_write, camera_write_statistics, camera_write_health};
	pthread_mutex_lock(&cameras->lock);
	struct camera *camera = find(cameras, id);
	if (camera)
		writers[view](camera, json);
	pthread_mutex_unlock(&cameras->lock);
	return camera ? 0 : -ENOENT;
}

void cameras_write_all(struct cameras *cameras, struct json *json)
{
	json_array(json);
	pthread_mutex_lock(&cameras->lock);
	for (int i = 0; i < cameras->count; i++)
		camera_write(cameras->items[i], json);
	pthread_mutex_unlock(&cameras->lock);
	json_array_end(json);
}

int cameras_write_config(struct cameras *cameras, const char *id, const char *const *keys,
	struct json *json, int64_t *ret_version)
{
	pthread_mutex_lock(&cameras->lock);
	struct camera *camera = find(cameras, id);
	if (camera)
		camera_write_config(camera, keys, json, ret_version);
	pthread_mutex_unlock(&cameras->lock);
	return camera ? 0 : -ENOENT;
}

int cameras_frame(struct cameras *cameras, const char *id, bool annotated, struct err *err,
	struct frame **ret_frame)
{
	pthread_mutex_lock(&cameras->lock);
	struct camera *camera = find(cameras, id);
	int r = camera ? camera_frame(camera, annotated, err, ret_frame) : no_such(id, err);
	pthread_mutex_unlock(&cameras->lock);
	return r;
}

int cameras_ring(struct cameras *cameras, const char *id, struct packet_ring **ret_ring)
{
	pthread_mutex_lock(&cameras->lock);
	struct camera *camera = find(cameras, id);
	int r = camera ? camera_ring(camera, ret_ring) : -ENOENT;
	pthread_mutex_unlock(&cameras->lock);
	return r;
}
