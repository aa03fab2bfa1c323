#include "api/serve_upkeep.h"

#include "relay/sink.h"
#include "store/retention_keeper.h"

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
	int r = sink_start(store, &params, err, &upkeep->sink);
	return r < 0 ? err_prefix(err, r, "backend") : 0;
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
	sink_stop(&upkeep->sink);
	retention_keeper_stop(&upkeep->keeper);
}

void serve_upkeep_committed(struct serve_upkeep *upkeep)
{
	if (upkeep->sink)
		sink_wake(upkeep->sink);
}
