#include "store/retention_keeper.h"

#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct retention_keeper {
	struct store *store;
	struct retention_params params;
	double every_s;
	struct cancel cancel;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* of what follows */
	struct retention_keeper_state state;
};

static void add_up(struct retention_report *sum, const struct retention_report *one)
{
	sum->violations += one->violations;
	sum->passages += one->passages;
	sum->alerts += one->alerts;
	sum->audit += one->audit;
	sum->minutes += one->minutes;
	sum->files += one->files;
	sum->bytes += one->bytes;
	sum->kept = one->kept;
}

static void apply_once(struct retention_keeper *k)
{
	struct retention_report report;
	struct err err = {0};
	struct wall now = wall_now();
	int r = retention_apply(k->store, &k->params, now, &err, &report);
	pthread_mutex_lock(&k->lock);
	bool is_new = r < 0 && strcmp(k->state.problem, err.text) != 0;
	snprintf(k->state.problem, sizeof(k->state.problem), "%s", r < 0 ? err.text : "");
	add_up(&k->state.sum, &report);
	k->state.run_count++;
	k->state.last = now;
	pthread_mutex_unlock(&k->lock);
	if (is_new)
		log_warning("retention: %s", err.text);
	if (report.violations > 0 || report.files > 0)
		log_info("retention: %lld violations and %lld evidence files left",
			(long long)report.violations, (long long)report.files);
}

static void *keep(void *opaque)
{
	struct retention_keeper *k = opaque;
	do
		apply_once(k);
	while (!cancel_wait_until(
		&k->cancel, (struct mono){mono_now().us + (int64_t)(k->every_s * 1e6)}));
	return NULL;
}

int retention_keeper_start(struct store *store, const struct retention_params *params,
	double every_s, struct err *err, struct retention_keeper **ret_keeper)
{
	struct retention_keeper *k = calloc(1, sizeof(*k));
	if (!k)
		return err_set(err, -ENOMEM, "out of memory");
	cancel_init(&k->cancel);
	pthread_mutex_init(&k->lock, NULL);
	k->store = store;
	k->params = *params;
	k->params.stop = &k->cancel;
	k->every_s = every_s;
	int r = pthread_create(&k->thread, NULL, keep, k);
	k->started = r == 0;
	if (r != 0) {
		retention_keeper_stop(&k);
		return err_set(err, -r, "a thread cannot be started: %s", strerror(r));
	}
	*ret_keeper = k;
	return 0;
}

void retention_keeper_stop(struct retention_keeper **keeper)
{
	struct retention_keeper *k = *keeper;
	*keeper = NULL;
	if (!k)
		return;
	cancel_set(&k->cancel);
	if (k->started)
		pthread_join(k->thread, NULL);
	pthread_mutex_destroy(&k->lock);
	cancel_finish(&k->cancel);
	free(k);
}

void retention_keeper_get_state(
	struct retention_keeper *keeper, struct retention_keeper_state *ret_state)
{
	pthread_mutex_lock(&keeper->lock);
	*ret_state = keeper->state;
	pthread_mutex_unlock(&keeper->lock);
}
