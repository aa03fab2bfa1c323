/*
 * What http.c (the context, its callbacks and connections), http_gate.c (heads before libwebsockets
 * reads them), http_read.c (the head of a request), http_write.c (the reply), http_upgrade.c (the
 * handshake of a WebSocket) and http_refuse.c (what is no request) know of each other.
 */
#pragma once

#include "serve/answer.h"
#include "serve/http.h"
#include "serve/server_inside.h"

#include <libwebsockets.h>

/* What is known of one from its beginning; libwebsockets has no session for it before a request. */
struct connection {
	struct peer *peer;
	bool asked; /* had a request */
	bool busy; /* with a request, or a WebSocket: no head is waited for */
	bool more; /* something came meanwhile */
	bool begun; /* a part of a head has come */
	bool held; /* libwebsockets does not read it yet */
};

/* Made by libwebsockets for each connection with its first request, zeroed. */
struct session {
	struct exchange *exchange; /* NULL between requests */
	struct hub_client *client; /* NULL: no WebSocket */
	bool body_whole; /* all of it has come; its request is not begun yet */
};

/* Method, path, query and fields of the request into the exchange. False: it cannot be one, and a
 * problem stands in the reply. */
bool http_read_head(struct lws *wsi, struct exchange *exchange, struct answer_head *ret_head);

/* Whether the body comes only when it is told so (RFC 9110, 10.1.1). */
bool http_waits_to_go_on(struct lws *wsi);

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

/* LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: 0: go on, with the handshake or as if nothing else than HTTP
 * had been asked for; -1: close, a problem was sent. */
int http_confirm_upgrade(struct server *server, struct lws *wsi, char *to);

/* A problem to a connection that has no exchange; it is to be closed. 204: no problem, but what
 * can be asked for. */
void http_refuse(struct server *server, struct lws *wsi, int status, const char *detail);
/* The same where libwebsockets has found that what came is no HTTP: `bytes` are what it read last,
 * `length` 0 where the connection should have begun with TLS. -1: close. */
int http_refuse_bytes(struct server *server, struct lws *wsi, const char *bytes, size_t length);

/*
 * The gate: heads are looked at before libwebsockets reads them (serve/head.h says why), which has
 * no callback for that. So the sockets are also in an epoll set, which libwebsockets polls like any
 * descriptor. What comes first on a connection is left in the socket until it is a whole head
 * (lws_rx_flow_control(); while that is so, libwebsockets does not write either, so that it cannot
 * be done behind a reply). Of the heads after it, what has come of them at once is looked at.
 *
 * What is relied on for those, in libwebsockets 4.1.6: of what one poll() has found it serves first
 * what was opened first (_lws_plat_service_forced_tsi(); what closes leaves its place to the last),
 * and so the set, which is opened before any connection. It may all the same be the first to read:
 * what came while poll() was at work, behind the set; and a head in the same packet as the request
 * before it. Then it does what it would do without a gate.
 *
 * Not with TLS: what is looked at there (SSL_peek()) is in the socket no more, and libwebsockets,
 * which may be waiting for room to write, would not be told of it again.
 */
struct http_gate {
	int set; /* the epoll set, the vhost's */
	const char *names[WSI_TOKEN_COUNT + 1]; /* for head_check() */
};

/* -errno. */
int http_gate_open(struct http_gate *gate, struct lws_vhost *vhost);
void http_gate_add(const struct http_gate *gate, struct lws *wsi);
/* LWS_CALLBACK_RAW_RX_FILE: something has come for who is in the set. */
void http_gate_look(struct server *server, const struct http_gate *gate);
/* A request was answered: the next may have come. */
void http_gate_look_again(const struct http_gate *gate, struct lws *wsi);

/* What is in the socket, at most `size` bytes; `keep`: it is there the next time as well. 0:
 * nothing. */
size_t http_receive(struct lws *wsi, char *bytes, size_t size, bool keep);
/* http_refuse() with 408 unless what was begun comes to its end soon. */
void http_expect_more(struct lws *wsi);
