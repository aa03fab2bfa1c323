#include "serve/server.h"

#include "base/log.h"
#include "serve/answer.h"
#include "serve/dashboard.h"
#include "serve/following.h"
#include "serve/http.h"
#include "serve/http_tls.h"
#include "serve/live.h"
#include "serve/openapi.h"
#include "serve/resources.h"
#include "serve/server_inside.h"
#include "serve/tokens.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_MS 1500
#define WORKERS 2

static const struct option server_option_list[] = {
	{"host", OPTION_STRING, offsetof(struct server_params, host), .def_text = "127.0.0.1",
		.help = "address to listen on; API_HOST in the environment wins"},
	{"port", OPTION_INT, offsetof(struct server_params, port), .min = 0, .max = 65535,
		.def = 8000, .help = "0: the kernel chooses; API_PORT in the environment wins"},
	{"tls_certificate", OPTION_STRING, offsetof(struct server_params, tls_certificate),
		.help = "PEM file with the certificate and its chain"},
	{"tls_key", OPTION_STRING, offsetof(struct server_params, tls_key),
		.help = "PEM file with the certificate's key"},
	{"allow_insecure", OPTION_BOOL, offsetof(struct server_params, allow_insecure),
		.help = "listen beyond this machine without TLS: tokens can be read on the way"},
	{"loopback_without_token", OPTION_BOOL,
		offsetof(struct server_params, loopback_without_token),
		.help = "whoever connects from this machine is admin"},
	{"cors_origins", OPTION_STRINGS, offsetof(struct server_params, cors_origins),
		.help = "web pages that may read replies: https://dash.example, or *"},
	{"max_body_bytes", OPTION_INT, offsetof(struct server_params, max_body_bytes), .min = 1024,
		.max = 67108864, .def = 1048576, .unit = "bytes", .help = "of one request"},
	{"max_connections", OPTION_INT, offsetof(struct server_params, max_connections), .min = 1,
		.max = 10000, .def = 1000, .help = "more are closed at once"},
	{"max_connections_per_address", OPTION_INT,
		offsetof(struct server_params, max_connections_per_address), .min = 1, .max = 10000,
		.def = 100, .help = "more are closed at once"},
	{"max_websockets", OPTION_INT, offsetof(struct server_params, max_websockets), .min = 0,
		.max = 10000, .def = 500, .help = "more are refused with 429"},
	{"max_live_viewers", OPTION_INT, offsetof(struct server_params, max_live_viewers), .min = 0,
		.max = 1000, .def = 32,
		.help = "of live video and pictures; more are refused with 429"},
	{"requests_per_second", OPTION_REAL, offsetof(struct server_params, requests_per_second),
		.min = 0, .max = 1000000, .def = 200, .unit = "1/s",
		.help = "of one address, in the long run; twice as many at once; 0: no limit"},
	{"access_log", OPTION_BOOL, offsetof(struct server_params, access_log),
		.help = "one line of log a request"},
};
const struct option_table server_options = {"server", sizeof(struct server_params), OPTION_NOWHERE,
	server_option_list, OPTION_COUNT(server_option_list), "REST and WebSocket"};

int server_params_check(const struct server_params *params, struct err *err)
{
	bool tls = params->tls_certificate != NULL;
	if (tls != (params->tls_key != NULL))
		return err_set(err, -EINVAL,
			"server: tls_certificate and tls_key belong together: give both");
	if (!tls && !params->allow_insecure && !guard_is_loopback(params->host))
		return err_set(err, -EINVAL,
			"server: will not listen on %s without TLS: tokens and pictures could be "
			"read on the way. Set tls_certificate and tls_key, or host 127.0.0.1, or "
			"allow_insecure: true behind a proxy that does TLS",
			params->host);
	if (params->loopback_without_token && params->allow_insecure)
		return err_set(err, -EINVAL,
			"server: loopback_without_token with allow_insecure would make everybody "
			"behind a local proxy an admin: choose one");
	return 0;
}

static void wake(void *opaque)
{
	struct server *server = opaque;
	http_wake(server->http);
}

static void run(void *opaque, struct exchange *exchange)
{
	if (exchange->client_id)
		following_read(opaque, exchange);
	else
		answer_run(opaque, exchange);
}

static struct guard_params guard_params_of(const struct server_params *params)
{
	return (struct guard_params){.loopback_free = params->loopback_without_token,
		.requests_per_s = params->requests_per_second,
		.burst = (int)(2 * params->requests_per_second) + 1};
}

static int copy_text(char **ret_copy, const char *text)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

static int copy_params(struct server *server, const struct server_params *params)
{
	server->params = *params;
	int r = copy_text(&server->params.host, params->host);
	r |= copy_text(&server->params.tls_certificate, params->tls_certificate);
	r |= copy_text(&server->params.tls_key, params->tls_key);
	return r < 0 ? -ENOMEM : 0;
}

static int pack_dashboard(struct server *s)
{
	s->dashboard = calloc((size_t)dashboard_file_count, sizeof(*s->dashboard));
	int r = s->dashboard ? 0 : -ENOMEM;
	for (int i = 0; r == 0 && i < dashboard_file_count; i++)
		r = packed_init(
			&s->dashboard[i], dashboard_files[i].text, dashboard_files[i].length);
	return r;
}

static int pack_texts(struct server *s)
{
	int r = packed_init(&s->document, s->openapi.text, s->openapi.length);
	if (r == 0)
		r = packed_init(&s->page, resource_about_page, strlen(resource_about_page));
	if (r == 0)
		r = packed_init(&s->script, resource_about_script, strlen(resource_about_script));
	return r == 0 ? pack_dashboard(s) : r;
}

static int create_parts(struct server *server, struct err *err)
{
	const struct server_params *p = &server->params;
	int r = guard_create(guard_params_of(p), &server->guard);
	if (r == 0)
		r = http_create(server, err, &server->http);
	if (r < 0)
		return r;
	r = hub_create(p->max_websockets, wake, server, &server->hub);
	if (r == 0)
		r = live_pictures_create(server->cameras, &server->pictures);
	if (r == 0)
		r = workers_create(WORKERS, run, wake, server, &server->workers);
	if (r < 0)
		return err_set(err, r, "server: out of memory or threads");
	openapi_write(&server->openapi);
	r = server->openapi.failed ? -ENOMEM : pack_texts(server);
	return r < 0 ? err_set(err, r, "server: out of memory") : 0;
}

static bool wants_frames(void *opaque)
{
	const struct server *server = opaque;
	return hub_listeners(server->hub, CHANNEL_REALTIME) > 0;
}

static void on_frame(void *opaque, const char *stream, const char *text, size_t length)
{
	server_publish(opaque, CHANNEL_REALTIME, stream, text, length);
}

static void on_alert(void *opaque, const char *stream, const char *text, size_t length)
{
	server_publish(opaque, CHANNEL_ALERTS, stream, text, length);
}

static void listen_to(struct server *server, struct cameras *cameras)
{
	struct cameras_listener listener = {wants_frames, on_frame, on_alert, server};
	cameras_listen(cameras, &listener);
}

int server_create(const struct server_params *params, struct store *store, struct cameras *cameras,
	const struct backend_source *backend, struct err *err, struct server **ret_server)
{
	struct server *server = NULL;
	int r = server_params_check(params, err);
	if (r < 0)
		return r;
	server = calloc(1, sizeof(*server));
	if (!server)
		return err_set(err, -ENOMEM, "server: out of memory");
	server->store = store;
	server->cameras = cameras;
	if (backend)
		server->backend = *backend;
	server->began = mono_now();
	pthread_mutex_init(&server->lock, NULL);
	monitoring_init(&server->monitoring);
	pthread_cond_init(&server->reloaded, NULL);
	r = copy_params(server, params);
	r = r < 0 ? err_set(err, r, "server: out of memory") : create_parts(server, err);
	if (r < 0)
		goto fail;
	listen_to(server, cameras);
	r = http_start(server->http, err);
	if (r < 0)
		goto fail;
	server->ready = true;
	*ret_server = server;
	return 0;

fail:
	server_destroy(&server);
	return r;
}

void server_destroy(struct server **server)
{
	struct server *s = *server;
	*server = NULL;
	if (!s)
		return;
	s->ready = false;
	/* Workers wake the service thread until they are gone; connections that are closed let go
	 * of exchanges that the workers' lists still hold. */
	http_stop(s->http, DRAIN_MS);
	workers_stop(s->workers);
	http_destroy(&s->http);
	live_pictures_destroy(&s->pictures);
	workers_destroy(&s->workers);
	hub_destroy(&s->hub);
	guard_destroy(&s->guard);
	packed_finish(&s->document);
	packed_finish(&s->page);
	packed_finish(&s->script);
	for (int i = 0; s->dashboard && i < dashboard_file_count; i++)
		packed_finish(&s->dashboard[i]);
	free(s->dashboard);
	json_finish(&s->openapi);
	free(s->params.host);
	free(s->params.tls_certificate);
	free(s->params.tls_key);
	monitoring_finish(&s->monitoring);
	pthread_cond_destroy(&s->reloaded);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int server_port(const struct server *server)
{
	return http_port(server->http);
}

void server_publish(struct server *server, enum channel channel, const char *stream,
	const char *text, size_t length)
{
	hub_publish(server->hub, channel, stream, text, length);
}

void server_socket_opened(
	struct server *server, struct hub_client *client, const struct request *request)
{
	following_begin(server, client, request);
	live_begin(server, client, request);
}

int server_first_token(struct server *server, struct err *err, char ret_token[SERVER_TOKEN_SIZE])
{
	return tokens_create_first(server->store, server->guard, err, ret_token);
}

void server_committed(struct server *server)
{
	if (hub_listeners(server->hub, CHANNEL_VIOLATIONS) > 0 &&
		!atomic_exchange(&server->committed, true))
		http_wake(server->http);
}

/* Host and port stay, and what libwebsockets began TLS with: they are the server's own copies. */
static void take_params(struct server *server, const struct server_params *fresh)
{
	struct server_params old = server->params;
	server->params = *fresh;
	server->params.host = old.host;
	server->params.port = old.port;
	server->params.tls_certificate = old.tls_certificate;
	server->params.tls_key = old.tls_key;
	guard_set_params(server->guard, guard_params_of(fresh));
	hub_set_max(server->hub, fresh->max_websockets);
	if (server->pending_identity)
		http_show(server->http, &server->pending_identity);
}

void server_look(struct server *server)
{
	if (atomic_exchange(&server->committed, false))
		hub_follow_more(server->hub);
	pthread_mutex_lock(&server->lock);
	if (server->pending) {
		take_params(server, server->pending);
		server->pending = NULL;
		pthread_cond_broadcast(&server->reloaded);
	}
	pthread_mutex_unlock(&server->lock);
}

static int read_certificate(struct server *server, const struct server_params *params,
	struct err *err, struct http_identity **ret_identity)
{
	if (!server->params.tls_certificate || !params->tls_certificate)
		return 0;
	return http_tls_load(params->tls_certificate, params->tls_key, err, ret_identity);
}

int server_reload(struct server *server, const struct server_params *params, struct err *err)
{
	struct http_identity *identity = NULL;
	int r = read_certificate(server, params, err, &identity);
	pthread_mutex_lock(&server->lock);
	server->pending = params;
	server->pending_identity = identity;
	http_wake(server->http);
	while (server->pending)
		pthread_cond_wait(&server->reloaded, &server->lock);
	pthread_mutex_unlock(&server->lock);
	return r;
}

void server_tick(struct server *server)
{
	monitoring_take(server);
}
