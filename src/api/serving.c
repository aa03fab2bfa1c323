#include "api/serving.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>

static void on_commit(void *opaque)
{
	struct serving *s = opaque;
	pthread_mutex_lock(&s->lock);
	if (s->linked) {
		server_committed(s->server);
		serve_upkeep_committed(&s->upkeep);
	}
	pthread_mutex_unlock(&s->lock);
}

static void get_backend(void *opaque, struct backend_state *ret_state)
{
	struct serving *s = opaque;
	serve_upkeep_get_backend(&s->upkeep, ret_state);
}

static void set_linked(struct serving *s, bool linked)
{
	pthread_mutex_lock(&s->lock);
	s->linked = linked;
	pthread_mutex_unlock(&s->lock);
}

int serving_open(const struct settings *settings, struct err *err, struct serving **ret_serving)
{
	char evidence[4096];
	struct serving *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "server: out of memory");
	s->settings = settings;
	pthread_mutex_init(&s->lock, NULL);
	serve_upkeep_init(&s->upkeep);
	const struct store_params store = {
		.path = settings->store.path,
		.outbox = settings->backend.url != NULL,
		.on_commit = on_commit,
		.opaque = s,
	};
	int r = store_open(&store, err, &s->store);
	if (r < 0)
		goto fail;
	settings_evidence_dir(settings, evidence, sizeof(evidence));
	const struct cameras_params cameras = {
		.store = s->store,
		.evidence_dir = evidence,
		.rules = settings->alerts.items,
		.rule_count = settings->alerts.count,
		.backend = {get_backend, s},
	};
	r = cameras_create(&cameras, err, &s->cameras);
	if (r < 0)
		goto fail;
	*ret_serving = s;
	return 0;

fail:
	serving_close(&s);
	return r;
}

int serving_listen(struct serving *serving, struct err *err)
{
	struct serving *s = serving;
	const struct backend_source backend = {get_backend, s};
	int r = server_create(
		&s->settings->server, s->store, s->cameras, &backend, err, &s->server);
	return r < 0 ? r : server_first_token(s->server, err, s->first_token);
}

int serving_run(struct serving *serving, struct err *err)
{
	int r = cameras_load(serving->cameras, err);
	if (r == 0)
		r = serve_upkeep_start(&serving->upkeep, serving->settings, serving->store, err);
	if (r < 0)
		return r;
	serving_declare(serving, serving->settings);
	set_linked(serving, true);
	return 0;
}

void serving_declare(struct serving *serving, const struct settings *settings)
{
	const struct camera_config *streams = settings->streams.items;
	for (int i = 0; i < settings->streams.count; i++) {
		struct err err = {0};
		if (cameras_declare(serving->cameras, &streams[i], &err) < 0)
			log_error("stream %s: %s", streams[i].id, err.text);
	}
}

int serving_reload(
	struct serving *serving, struct settings *running, struct settings *fresh, struct err *err)
{
	struct serving *s = serving;
	struct err why = {0};
	if (serve_upkeep_check(fresh, err) < 0)
		return -EINVAL;
	settings_keep_fixed(running, fresh);
	if (server_reload(s->server, &fresh->server, &why) < 0)
		log_error("the certificate stays what it was: %s", why.text);
	if (cameras_set_rules(s->cameras, fresh->alerts.items, fresh->alerts.count) < 0)
		log_error("rules of alerts: out of memory");
	if (serve_upkeep_change(&s->upkeep, running, fresh, s->store, &why) < 0)
		log_error("%s", why.text);
	serving_declare(s, fresh);
	return 0;
}

void serving_close(struct serving **serving)
{
	struct serving *s = *serving;
	*serving = NULL;
	if (!s)
		return;
	if (s->cameras)
		cameras_stop(s->cameras);
	set_linked(s, false);
	serve_upkeep_stop(&s->upkeep);
	server_destroy(&s->server);
	cameras_destroy(&s->cameras);
	store_close(&s->store);
	serve_upkeep_finish(&s->upkeep);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
