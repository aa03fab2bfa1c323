/*
 * From a request to its reply, without a socket: who asks, what is asked for, whether it may be,
 * whether it is well formed; the handler; entity tag, range and 304.
 *
 * Threads: answer_head() on the service thread; answer_run() on whichever thread owns the exchange.
 */
#pragma once

#include "serve/request.h"

/* What the head of a request said beyond what struct request keeps. */
struct answer_head {
	bool has_token;
	char token[256];
	bool chunked; /* Transfer-Encoding was given */
	bool has_length; /* Content-Length was given */
	int64_t length; /* -1: it was no number */
	char content_type[128]; /* "": none */
	bool websocket; /* asks for an upgrade */
};

/* True where the body may be read and answer_run() called; else the reply is there. */
bool answer_head(struct server *server, struct exchange *exchange, const struct answer_head *head);
void answer_run(struct server *server, struct exchange *exchange);
