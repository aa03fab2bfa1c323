/*
 * The only door to libwebsockets: HTTP/1.1 and WebSocket on one port, one service thread.
 *
 * libwebsockets gives parsed heads, bodies and frames; methods, HEAD, 405, limits, ranges, entity
 * tags, the drain with 1001 and all replies are this project's.
 *
 * Threads: http_wake() by any; the rest by the owner of the server.
 */
#pragma once

#include "base/err.h"

struct http;
struct http_identity;
struct server;

/* Listens on return, but answers only from http_start() on. -errno with a sentence. */
int http_create(struct server *server, struct err *err, struct http **ret_http);
int http_start(struct http *http, struct err *err);
/* Drains for at most `drain_ms`; then the service thread is gone, and http_wake() is still safe. */
void http_stop(struct http *http, int drain_ms);
/* Closes what is open; nobody may call http_wake() any more. */
void http_destroy(struct http **http);

/* The certificate that is shown from now on; takes it. Service thread; TLS is on. */
void http_show(struct http *http, struct http_identity **identity);

int http_port(const struct http *http);
/* The service thread looks at what workers and publishers left for it. */
void http_wake(void *http);
