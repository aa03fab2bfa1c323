/*
 * A server with all that belongs to it, brought up and taken down in the one order that loses
 * nothing: the store, the cameras, REST and WebSocket, and what runs beside them. `gantry serve`
 * and gantry/server.h are both this.
 *
 *     serving_open(&settings, &err, &serving);   // the store, and cameras that do not run yet
 *     serving_listen(serving, &err);             // clients may come
 *     serving_run(serving, &err);                // cameras, backend, retention
 *     serving_close(&serving);
 *
 * Threads: those of its parts; the functions here are called by the owner. Memory: that of its
 * parts.
 */
#pragma once

#include "api/serve_upkeep.h"
#include "cameras/cameras.h"
#include "serve/server.h"
#include "serve/settings.h"
#include "store/store.h"

#include <pthread.h>

struct serving {
	const struct settings *settings; /* the caller's */
	struct store *store;
	struct cameras *cameras;
	struct server *server; /* NULL before listen */
	struct serve_upkeep upkeep;
	/* Of the admin whom listen made; "": the store had one. The store knows only its hash. */
	char first_token[SERVER_TOKEN_SIZE];
	/* The store, whose writer says that it committed, is made before those who want to know it,
	 * and goes after them. */
	pthread_mutex_t lock;
	bool linked; /* under lock: server and upkeep may be told */
};

/* `settings` are borrowed until close. What store_open() and cameras_create() say. */
int serving_open(const struct settings *settings, struct err *err, struct serving **ret_serving);
/* What server_create() says. */
int serving_listen(struct serving *serving, struct err *err);
/* A camera that cannot be started is said, and keeps nothing from running. -errno where the store
 * cannot be read, or the backend is none. */
int serving_run(struct serving *serving, struct err *err);
/* The streams of these settings into the store; one that cannot be taken is said. */
void serving_declare(struct serving *serving, const struct settings *settings);
/*
 * Takes over what other settings say, as far as that can be while it runs; what cannot is said, and
 * stays in `fresh` as it was (settings_keep_fixed()). `fresh` is borrowed from then on, and may be
 * moved, but not what it points to. -EINVAL: what it says of the backend cannot be, and nothing has
 * changed. What fails otherwise (a certificate that cannot be read, say) is said, and the rest
 * done.
 */
int serving_reload(
	struct serving *serving, struct settings *running, struct settings *fresh, struct err *err);
/* From any state, also half-built; within 2 s. The last verdicts are in the store. */
void serving_close(struct serving **serving);
