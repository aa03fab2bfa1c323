#include "api/serve_upkeep.h"

#include "relay/sink.h"
#include "store/retention_keeper.h"

#include <stdio.h>
#include <string.h>

void serve_upkeep_init(struct serve_upkeep *upkeep)
{
	*upkeep = (struct serve_upkeep){0};
	pthread_mutex_init(&upkeep->lock, NULL);
}

void serve_upkeep_finish(struct serve_upkeep *upkeep)
{
	pthread_mutex_destroy(&upkeep->lock);
}

/* What was there before. */
static struct sink *set_sink(struct serve_upkeep *upkeep, struct sink *sink)
{
	pthread_mutex_lock(&upkeep->lock);
	struct sink *before = upkeep->sink;
	upkeep->sink = sink;
	pthread_mutex_unlock(&upkeep->lock);
	return before;
}

static struct sink_params sink_params_of(const struct backend_settings *backend)
{
	return (struct sink_params){
		.url = backend->url,
		.token = backend->token,
		.secret = backend->secret,
		.timeout_s = backend->timeout_s,
		.retry_first_s = backend->retry_delay_s,
		.retry_max_s = backend->retry_max_s,
	};
}

int serve_upkeep_check(const struct settings *settings, struct err *err)
{
	const struct sink_params params = sink_params_of(&settings->backend);
	int r = params.url ? sink_check_params(&params, err) : 0;
	return r < 0 ? err_prefix(err, r, "backend") : 0;
}

static int start_sink(struct serve_upkeep *upkeep, const struct settings *settings,
	struct store *store, struct err *err)
{
	const struct sink_params params = sink_params_of(&settings->backend);
	struct sink *sink = NULL;
	int r = params.url ? sink_start(store, &params, err, &sink) : 0;
	if (r < 0)
		return err_prefix(err, r, "backend");
	set_sink(upkeep, sink);
	return 0;
}

static void stop_sink(struct serve_upkeep *upkeep)
{
	/* Not under the lock: it may wait for the writer, which tells of its commits. */
	struct sink *sink = set_sink(upkeep, NULL);
	sink_stop(&sink);
}

static int start_keeper(struct serve_upkeep *upkeep, const struct settings *settings,
	struct store *store, struct err *err)
{
	struct retention_params retention;
	if (!settings_retention(settings, &retention))
		return 0;
	return retention_keeper_start(
		store, &retention, settings->retention.every_s, err, &upkeep->keeper);
}

int serve_upkeep_start(struct serve_upkeep *upkeep, const struct settings *settings,
	struct store *store, struct err *err)
{
	int r = start_sink(upkeep, settings, store, err);
	if (r == 0)
		r = start_keeper(upkeep, settings, store, err);
	if (r < 0)
		serve_upkeep_stop(upkeep);
	return r;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_backend(const struct backend_settings *a, const struct backend_settings *b)
{
	return same_text(a->url, b->url) && same_text(a->token, b->token) &&
	       same_text(a->secret, b->secret) && a->timeout_s == b->timeout_s &&
	       a->retry_delay_s == b->retry_delay_s && a->retry_max_s == b->retry_max_s;
}

static bool same_retention(const struct settings *a, const struct settings *b)
{
	struct retention_params one, other;
	settings_retention(a, &one);
	settings_retention(b, &other);
	return memcmp(&one, &other, sizeof(one)) == 0 &&
	       a->retention.every_s == b->retention.every_s;
}

int serve_upkeep_change(struct serve_upkeep *upkeep, const struct settings *before,
	const struct settings *settings, struct store *store, struct err *err)
{
	int r = 0;
	if (!same_backend(&before->backend, &settings->backend)) {
		stop_sink(upkeep);
		store_set_outbox(store, settings->backend.url != NULL);
		r = start_sink(upkeep, settings, store, err);
	}
	if (!same_retention(before, settings)) {
		retention_keeper_stop(&upkeep->keeper);
		int kept = start_keeper(upkeep, settings, store, err);
		r = r < 0 ? r : kept;
	}
	return r;
}

void serve_upkeep_stop(struct serve_upkeep *upkeep)
{
	stop_sink(upkeep);
	retention_keeper_stop(&upkeep->keeper);
}

void serve_upkeep_committed(struct serve_upkeep *upkeep)
{
	pthread_mutex_lock(&upkeep->lock);
	if (upkeep->sink)
		sink_wake(upkeep->sink);
	pthread_mutex_unlock(&upkeep->lock);
}

static void describe(struct sink *sink, struct backend_state *ret_state)
{
	struct sink_state now;
	sink_get_state(sink, &now);
	*ret_state = (struct backend_state){
		.configured = true,
		.up = now.problem[0] == '\0',
		.told_count = now.told_count,
		.failed_count = now.failed_count,
		.last_status = now.last_status,
		.told_at = now.told_at,
		.failed_at = now.failed_at,
		.waiting_count = now.waiting_count,
		.oldest_at = now.oldest_at,
	};
	snprintf(ret_state->problem, sizeof(ret_state->problem), "%s", now.last_problem);
}

void serve_upkeep_get_backend(struct serve_upkeep *upkeep, struct backend_state *ret_state)
{
	*ret_state = (struct backend_state){0};
	pthread_mutex_lock(&upkeep->lock);
	if (upkeep->sink)
		describe(upkeep->sink, ret_state);
	pthread_mutex_unlock(&upkeep->lock);
}
