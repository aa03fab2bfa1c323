/*
 * What the handlers and the parts of the server see of it.
 */
#pragma once

#include "base/clock.h"
#include "cameras/cameras.h"
#include "cameras/live_pictures.h"
#include "serve/guard.h"
#include "serve/hub.h"
#include "serve/monitoring.h"
#include "serve/packed.h"
#include "serve/server.h"
#include "serve/workers.h"
#include "watch/backend.h"

#include <pthread.h>
#include <stdatomic.h>

struct http;
struct http_identity;

struct server {
	struct server_params params; /* service thread; texts are the caller's */
	pthread_mutex_t lock;
	pthread_cond_t reloaded;
	/* Under lock: what server_reload() wants taken over, NULL once it is. */
	const struct server_params *pending;
	struct http_identity *pending_identity; /* NULL: the certificate stays */
	struct store *store; /* the caller's */
	struct cameras *cameras; /* likewise */
	struct backend_source backend;
	struct guard *guard;
	struct hub *hub;
	struct workers *workers;
	struct http *http;
	struct mono began;
	struct monitoring monitoring;
	struct json openapi; /* the document, made once */
	struct live_pictures *pictures;
	int live_viewers; /* service thread */
	struct packed document, page, script; /* that document, and what shows it (packed.h) */
	struct packed *dashboard; /* each of dashboard_files */
	/* Release by the service thread's last act of coming up, acquire by /health/ready. */
	_Atomic bool ready;
	_Atomic bool committed; /* since the service thread last looked */
	_Atomic int64_t request_count; /* relaxed: a counter */
};

/* Called by http.c, on the service thread: */

/* A WebSocket is open; `request` is what it asked for. */
void server_socket_opened(
	struct server *server, struct hub_client *client, const struct request *request);
/* Whenever somebody woke the service thread, and every second. */
void server_look(struct server *server);
void server_tick(struct server *server);
