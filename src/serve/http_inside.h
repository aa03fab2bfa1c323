/*
 * What http.c (the context, its callbacks and connections), http_read.c (the head of a request) and
 * http_write.c (the reply) know of each other.
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

/* Who is at the other end: numeric, IPv4 without the prefix that IPv6 sockets give it. */
void http_peer(struct lws *wsi, char *address, size_t size);

/* Sends what the socket takes. 1: all of it is sent; 0: call again when writable; 2: call again
 * when there may be more of a reply without end; -1: broken, or such a reply has ended. */
int http_write_reply(struct server *server, struct lws *wsi, struct exchange *exchange);
