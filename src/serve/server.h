/*
 * The server: REST and WebSocket over one port, from one store (docs/server.md).
 *
 * Threads: create, publish and destroy may be called by any; inside are one service thread, which
 * owns all sockets and never waits, and a few workers for what may wait (store, disk).
 * Errors: create says in a sentence what is wrong: a port that is taken, a certificate that cannot
 * be read, an address that may not be bound without TLS.
 */
#pragma once

#include "base/err.h"
#include "base/options.h"
#include "serve/endpoint.h"

#include <stdbool.h>
#include <stddef.h>

/* The section `server:` of gantry.yaml. */
struct server_params {
	char *host; /* address to listen on */
	int port; /* 0: the kernel chooses */
	char *tls_certificate, *tls_key; /* PEM files; NULL: no TLS */
	bool allow_insecure; /* listen beyond this machine without TLS */
	bool loopback_without_token; /* who connects from this machine is admin */
	struct option_strings cors_origins; /* "https://dash.example", or "*" */
	int max_body_bytes, max_connections, max_connections_per_address, max_websockets,
		max_live_viewers;
	double requests_per_second; /* per address; 0: no limit */
	bool access_log; /* one line a request */
};

extern const struct option_table server_options;

struct backend_source;
struct cameras;
struct server;
struct store;

/* Checks what can be checked without opening anything, for `gantry check`. 0 or -EINVAL. */
int server_params_check(const struct server_params *params, struct err *err);

/* Listens on return, and to the cameras, which do not run yet. `params->cors_origins` is borrowed
 * until destroy or reload, store and cameras until destroy. `backend` is copied; NULL: nobody is
 * told of violations. */
int server_create(const struct server_params *params, struct store *store, struct cameras *cameras,
	const struct backend_source *backend, struct err *err, struct server **ret_server);
/* The cameras have been stopped. Takes no more connections, answers what was asked, ends WebSockets
 * with 1001, all within 1.5 s, and frees. */
void server_destroy(struct server **server);

/*
 * Takes over everything but host and port, and whether TLS is spoken, which stay as they were;
 * returns once that is done and the former `params` are no longer used. The certificate is read
 * again, for new connections; -errno where that cannot be: then it stays, and the rest is taken.
 */
int server_reload(struct server *server, const struct server_params *params, struct err *err);

/* Where the store has no valid admin token, makes one and gives it, to be shown once; else "". */
#define SERVER_TOKEN_SIZE 72
int server_first_token(struct server *server, struct err *err, char ret_token[SERVER_TOKEN_SIZE]);

/* Something was committed to the store: for its on_commit. */
void server_committed(struct server *server);

int server_port(const struct server *server);

/* To the WebSocket clients of a channel: JSON, copied; `stream` may be NULL. */
void server_publish(struct server *server, enum channel channel, const char *stream,
	const char *text, size_t length);
