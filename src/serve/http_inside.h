/*
 * What http.c (the context, its callbacks and connections), http_read.c (the head of a request),
 * http_write.c (the reply), http_upgrade.c (the handshake of a WebSocket) and http_refuse.c (what
 * is no request) know of each other.
 */
#pragma once

#include "serve/answer.h"
#include "serve/http.h"
#include "serve/server_inside.h"

#include <libwebsockets.h>

/* Made by libwebsockets for each connection, zeroed. */
struct session {
	struct exchange *exchange; /* NULL between requests */
	struct hub_client *client; /* NULL: no WebSocket */
	int64_t body_left; /* still to come and to be kept */
};

/* Method, path, query and fields of the request into the exchange. False: it cannot be one, and a
 * problem stands in the reply. */
bool http_read_head(struct lws *wsi, struct exchange *exchange, struct answer_head *ret_head);

/* The id that is in the log, in X-Request-Id and in a problem. */
void http_make_id(struct request *request);
/* Who is at the other end: numeric, IPv4 without the prefix that IPv6 sockets give it. */
void http_peer(struct lws *wsi, char *address, size_t size);

/* Sends what the socket takes. 1: all of it is sent; 0: call again when writable; 2: call again
 * when there may be more of a reply without end; -1: broken, or such a reply has ended. */
int http_write_reply(struct server *server, struct lws *wsi, struct exchange *exchange);
/* A short reply at once, the last of its connection; logged. */
void http_write_whole(struct server *server, struct lws *wsi, struct exchange *exchange);
void http_log_reply(const struct server *server, const struct exchange *exchange);

/* LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: 0: go on with the handshake; -1: close, a problem was sent. */
int http_confirm_upgrade(struct server *server, struct lws *wsi, const char *to);

/* A problem to a connection that has no exchange; it is to be closed. */
void http_refuse(struct server *server, struct lws *wsi, int status, const char *detail);
/* The same where libwebsockets has found that what came is no HTTP: `bytes` are what it read last,
 * `length` 0 where the connection should have begun with TLS. -1: close. */
int http_refuse_bytes(struct server *server, struct lws *wsi, const char *bytes, size_t length);
