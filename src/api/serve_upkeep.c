#include "api/serve_upkeep.h"

#include "relay/sink.h"
#include "store/retention_keeper.h"

#include <stdio.h>

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

static int start_sink(struct serve_upkeep *upkeep, const struct backend_settings *backend,
	struct store *store, struct err *err)
{
	const struct sink_params params = {
		.url = backend->url,
		.token = backend->token,
		.secret = backend->secret,
		.timeout_s = backend->timeout_s,
		.retry_first_s = backend->retry_delay_s,
		.retry_max_s = backend->retry_max_s,
	};
	struct sink *sink = NULL;
	int r = sink_start(store, &params, err, &sink);
	if (r < 0)
		return err_prefix(err, r, "backend");
	set_sink(upkeep, sink);
	return 0;
}

int serve_upkeep_start(struct serve_upkeep *upkeep, const struct settings *settings,
	struct store *store, struct err *err)
{
	struct retention_params retention;
	int r = settings->backend.url ? start_sink(upkeep, &settings->backend, store, err) : 0;
	if (r == 0 && settings_retention(settings, &retention))
		r = retention_keeper_start(
			store, &retention, settings->retention.every_s, err, &upkeep->keeper);
	if (r < 0)
		serve_upkeep_stop(upkeep);
	return r;
}

void serve_upkeep_stop(struct serve_upkeep *upkeep)
{
	/* Not under the lock: it may wait for the writer, which tells of its commits. */
	struct sink *sink = set_sink(upkeep, NULL);
	sink_stop(&sink);
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
