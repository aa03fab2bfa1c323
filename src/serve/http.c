/* The context of libwebsockets, its callbacks and the connections. */
#include "base/log.h"
#include "serve/http_inside.h"
#include "serve/http_tls.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* libwebsockets takes up to 2.5 times of what comes (serve/head.h has the limit). */
#define HEAD_ROOM_BYTES 32768
#define PAGE_ROOM_BYTES 4096
#define HEAD_POOL 1024 /* a pool of 256 let 300 half-open connections delay others by 10 s */
#define HEAD_TIMEOUT_S 5
#define TOLD_BEFORE_US 500000 /* that it took too long, before libwebsockets hangs up */
#define IDLE_TIMEOUT_S 60
#define SEND_BUFFER_BYTES 65536
#define PEERS_MAX 1024
#define TICK_US 1000000
#define SOCKETS_RETRY_S 5
#define PULSE_US 10000 /* how often it is looked for more of what has no end */

/* How many connections an address has. */
struct peer {
	char address[48];
	int count;
};

struct http {
	struct server *server;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct http_gate gate;
	struct http_tls *tls; /* NULL: none is spoken */
	pthread_t thread;
	bool started;
	lws_sorted_usec_list_t tick, pulse;
	struct exchange *endless; /* whose replies have no end */
	lws_retry_bo_t retry;
	struct lws_protocols protocols[2];
	struct lws_protocol_vhost_options page_fields;
	char too_long[PAGE_ROOM_BYTES + 1];
	struct peer peers[PEERS_MAX];
	int connection_count;
	int exchange_count; /* under way */
	/* Read in every round of the service loop, which http_stop() wakes. */
	_Atomic bool draining, stopping;
	/* For http_stop(): WebSockets were told to close; how much is still open. */
	_Atomic bool closed_all;
	_Atomic int open_count;
};

static struct http *http_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

/* Connections */

static int peer_add(struct http *http, const char *address)
{
	int unused = -1;
	for (int i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &http->peers[i];
		if (peer->count > 0 && strcmp(peer->address, address) == 0) {
			if (peer->count >= http->server->params.max_connections_per_address)
				return -1;
			peer->count++;
			return i;
		}
		if (peer->count == 0)
			unused = i;
	}
	if (unused < 0)
		return -1;
	snprintf(http->peers[unused].address, sizeof(http->peers[0].address), "%s", address);
	http->peers[unused].count = 1;
	return unused;
}

/* on_late() says so where it has not come to its end by then. */
void http_expect_more(struct lws *wsi)
{
	lws_set_timer_usecs(wsi, HEAD_TIMEOUT_S * LWS_USEC_PER_SEC - TOLD_BEFORE_US);
}

/* Not 0: refused. Beyond the limits no bytes are spent on saying so. */
static int connection_opened(struct http *http, struct lws *wsi)
{
	char address[48];
	int one_buffer = SEND_BUFFER_BYTES;
	if (http->draining || http->connection_count >= http->server->params.max_connections)
		return -1;
	http_peer(wsi, address, sizeof(address));
	int peer = peer_add(http, address);
	if (peer < 0)
		return -1;
	struct connection *connection = calloc(1, sizeof(*connection));
	if (!connection) {
		http->peers[peer].count--;
		return -1;
	}
	connection->peer = &http->peers[peer];
	lws_set_opaque_user_data(wsi, connection);
	http->connection_count++;
	http_expect_more(wsi);
	setsockopt(lws_get_socket_fd(wsi), SOL_SOCKET, SO_SNDBUF, &one_buffer, sizeof(one_buffer));
	http_gate_add(&http->gate, wsi);
	return 0;
}

static void connection_gone(struct http *http, struct lws *wsi)
{
	struct connection *connection = lws_get_opaque_user_data(wsi);
	if (!connection)
		return;
	lws_set_opaque_user_data(wsi, NULL);
	connection->peer->count--;
	http->connection_count--;
	free(connection);
}

static void note_request(struct lws *wsi)
{
	struct connection *connection = lws_get_opaque_user_data(wsi);
	if (!connection)
		return;
	connection->asked = connection->busy = true;
	connection->begun = connection->more = false;
}

static void note_answered(struct http *http, struct lws *wsi)
{
	struct connection *connection = lws_get_opaque_user_data(wsi);
	if (!connection)
		return;
	connection->busy = false;
	if (connection->more)
		http_gate_look_again(&http->gate, wsi);
}

/* Where a head was begun, by what libwebsockets has read of it or by what the gate has seen. */
static bool has_half_a_head(struct lws *wsi)
{
	const struct connection *connection = lws_get_opaque_user_data(wsi);
	char *path;
	int length;
	if (!connection || connection->busy)
		return false;
	return connection->begun ||
	       (!connection->asked && lws_http_get_uri_and_method(wsi, &path, &length) >= 0);
}

/* Requests */

static void take_out(struct exchange **list, const struct exchange *x)
{
	while (*list && *list != x)
		list = &(*list)->next;
	if (*list)
		*list = x->next;
}

static void forget_exchange(struct http *http, struct session *session)
{
	if (!session->exchange)
		return;
	if (session->exchange->reply.source)
		take_out(&http->endless, session->exchange);
	http->exchange_count--;
	/* A worker still has it: it comes back through workers_take(). */
	if (session->exchange->posted && !session->exchange->answered)
		session->exchange->wsi = NULL;
	else
		exchange_destroy(&session->exchange);
	session->exchange = NULL;
}

static bool has_endless(const struct http *http)
{
	return http->endless || hub_listeners(http->server->hub, CHANNEL_LIVE) > 0;
}

/* There may be more of what has no end. */
static void pulse(lws_sorted_usec_list_t *sul)
{
	struct http *http = lws_container_of(sul, struct http, pulse);
	for (struct exchange *x = http->endless; x; x = x->next)
		lws_callback_on_writable(x->wsi);
	hub_pulse(http->server->hub);
	if (has_endless(http))
		lws_sul_schedule(http->context, 0, &http->pulse, pulse, PULSE_US);
}

static void begin_pulse(struct http *http)
{
	lws_sul_schedule(http->context, 0, &http->pulse, pulse, PULSE_US);
}

/* As lws wants it: not 0 closes the connection. */
static int send_reply(struct http *http, struct lws *wsi, struct session *session)
{
	struct exchange *x = session->exchange;
	int r = x->reply.source && http->draining ? -1 : http_write_reply(http->server, wsi, x);
	if (r == 0)
		return lws_callback_on_writable(wsi) < 0 ? -1 : 0;
	if (r == 2)
		return 0; /* pulse() asks again */
	if (r < 0)
		return -1;
	http_log_reply(http->server, x);
	bool close = x->reply.close;
	forget_exchange(http, session);
	note_answered(http, wsi);
	return close || lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int answered(struct http *http, struct lws *wsi, struct session *session)
{
	session->exchange->answered = true;
	if (session->exchange->reply.source) {
		session->exchange->next = http->endless;
		http->endless = session->exchange;
		begin_pulse(http);
	}
	return send_reply(http, wsi, session);
}

static int run_exchange(struct http *http, struct lws *wsi, struct session *session)
{
	struct exchange *x = session->exchange;
	bool quick = x->request.method == METHOD_OPTIONS || x->request.endpoint->quick;
	if (quick) {
		answer_run(http->server, x);
		return answered(http, wsi, session);
	}
	lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
	x->posted = workers_post(http->server->workers, x);
	if (x->posted)
		return 0;
	reply_problem(&x->reply, &x->request, 503, "too many requests are waiting: try again");
	x->reply.retry_after_s = 1;
	return answered(http, wsi, session);
}

/* Not 0: broken. */
static int tell_to_go_on(struct lws *wsi)
{
	unsigned char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
	int length = (int)sizeof(line) - 1;
	return lws_write(wsi, line, (size_t)length, LWS_WRITE_HTTP_HEADERS) < length ? -1 : 0;
}

static int begin_request(struct http *http, struct lws *wsi, struct session *session)
{
	struct answer_head head = {0};
	forget_exchange(http, session);
	note_request(wsi);
	struct exchange *x = exchange_create();
	if (!x)
		return -1;
	session->exchange = x;
	http->exchange_count++;
	atomic_fetch_add_explicit(&http->server->request_count, 1, memory_order_relaxed);
	x->wsi = wsi;
	x->began_us = mono_now().us;
	if (!http_read_head(wsi, x, &head) || !answer_head(http->server, x, &head))
		return answered(http, wsi, session);
	session->body_whole = false;
	if (head.length == 0)
		return run_exchange(http, wsi, session);
	x->request.body = malloc((size_t)head.length + 1);
	x->request.body_capacity = (size_t)head.length;
	http_expect_more(wsi);
	if (!x->request.body)
		return -1;
	return http_waits_to_go_on(wsi) ? tell_to_go_on(wsi) : 0;
}

static int take_body(struct lws *wsi, struct session *session, const char *bytes, size_t length)
{
	struct exchange *x = session->exchange;
	if (!x || x->answered || !x->request.body)
		return 0;
	http_expect_more(wsi);
	if (x->request.body_length + length > x->request.body_capacity)
		return -1;
	memcpy(x->request.body + x->request.body_length, bytes, length);
	x->request.body_length += length;
	return 0;
}

/*
 * Nothing is begun before the socket has been asked for: libwebsockets calls again where it has
 * read bytes behind the body, and goes on for ever as long as it is told to wait
 * (lws_http_action()).
 */
static int body_complete(struct http *http, struct lws *wsi, struct session *session)
{
	struct exchange *x = session->exchange;
	/* Also called for a body of length 0, whose request is under way. */
	if (!x || x->answered || x->posted || !x->request.body)
		return 0;
	if (session->body_whole) {
		http_refuse(http->server, wsi, 400,
			"nothing may come behind a body before its request is answered");
		return -1;
	}
	session->body_whole = true;
	x->request.body[x->request.body_length] = '\0';
	return lws_callback_on_writable(wsi) < 0 ? -1 : 0;
}

static int request_writable(struct http *http, struct lws *wsi, struct session *session)
{
	struct exchange *x = session->exchange;
	if (x && session->body_whole) {
		session->body_whole = false;
		return run_exchange(http, wsi, session);
	}
	return x && x->answered ? send_reply(http, wsi, session) : 0;
}

/* Says so where a head was begun, or a body, and has not come to its end. Not 0: close. */
static int on_late(struct http *http, struct lws *wsi, const struct session *session)
{
	const struct exchange *x = session ? session->exchange : NULL;
	if (x && !x->answered && !x->posted)
		http_refuse(http->server, wsi, 408, "the body did not come in time");
	else if (has_half_a_head(wsi))
		http_refuse(http->server, wsi, 408, "the head did not come in time");
	else
		return 0;
	return -1;
}

/* WebSockets */

static int socket_opened(struct http *http, struct lws *wsi, struct session *session)
{
	struct answer_head head = {.websocket = true};
	struct exchange *x = exchange_create();
	char allow[80];
	note_request(wsi);
	bool found = x && http_read_head(wsi, x, &head) &&
		     endpoint_find(&x->request, allow, sizeof(allow)) == ENDPOINT_FOUND;
	if (found)
		session->client = hub_open(http->server->hub, wsi, x->request.endpoint->channel);
	if (session->client)
		server_socket_opened(http->server, session->client, &x->request);
	if (has_endless(http))
		begin_pulse(http);
	exchange_destroy(&x);
	return session->client ? 0 : -1;
}

/* What others left for the service thread. */
static void look_around(struct http *http)
{
	struct exchange *x;
	while ((x = workers_take(http->server->workers))) {
		if (x->client_id) {
			hub_feed(http->server->hub, x->client_id, x->reply.json.text,
				x->reply.json.length, x->follow_id);
			exchange_destroy(&x);
		} else if (!x->wsi) {
			exchange_destroy(&x); /* its client went away */
		} else {
			x->answered = true;
			lws_callback_on_writable(x->wsi);
		}
	}
	server_look(http->server);
	hub_deliver(http->server->hub);
	if (http->draining && !http->closed_all) {
		http->closed_all = true;
		hub_close_all(http->server->hub);
	}
}

static int on_http(struct http *http, struct lws *wsi, enum lws_callback_reasons reason,
	struct session *session, void *in, size_t length)
{
	switch (reason) {
	case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
		return connection_opened(http, wsi);
	case LWS_CALLBACK_WSI_DESTROY:
		connection_gone(http, wsi);
		return 0;
	case LWS_CALLBACK_HTTP:
		return begin_request(http, wsi, session);
	case LWS_CALLBACK_HTTP_BODY:
		return take_body(wsi, session, in, length);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return body_complete(http, wsi, session);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return request_writable(http, wsi, session);
	case LWS_CALLBACK_TIMER:
		return on_late(http, wsi, session);
	case LWS_CALLBACK_RAW_RX:
		return http_refuse_bytes(http->server, wsi, in, length);
	case LWS_CALLBACK_RAW_RX_FILE:
		http_gate_look(http->server, &http->gate);
		return 0;
	case LWS_CALLBACK_CLOSED_HTTP:
		if (session)
			forget_exchange(http, session);
		return 0;
	default:
		return 0;
	}
}

static int on_socket(struct http *http, struct lws *wsi, enum lws_callback_reasons reason,
	struct session *session, void *in, size_t length)
{
	switch (reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return http_confirm_upgrade(http->server, wsi, in);
	case LWS_CALLBACK_ESTABLISHED:
		return socket_opened(http, wsi, session);
	case LWS_CALLBACK_RECEIVE:
		return session->client ? hub_received(session->client, in, length,
						 lws_is_final_fragment(wsi) &&
							 !lws_remaining_packet_payload(wsi))
				       : -1;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return session->client ? hub_writable(session->client) : -1;
	case LWS_CALLBACK_CLOSED:
		if (session)
			hub_closed(&session->client);
		return 0;
	default:
		return 0;
	}
}

static int callback(
	struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	struct http *http = http_of(wsi);
	switch (reason) {
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		return http_tls_create(user, &http->tls);
	case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
		look_around(http);
		return 0;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_RECEIVE:
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_CLOSED:
		return on_socket(http, wsi, reason, user, in, length);
	default:
		return on_http(http, wsi, reason, user, in, length);
	}
}

static void tick(lws_sorted_usec_list_t *sul)
{
	struct http *http = lws_container_of(sul, struct http, tick);
	server_tick(http->server);
	hub_tick(http->server->hub);
	lws_sul_schedule(http->context, 0, &http->tick, tick, TICK_US);
}

static void *serve(void *opaque)
{
	struct http *http = opaque;
	lws_sul_schedule(http->context, 0, &http->tick, tick, TICK_US);
	while (!http->stopping && lws_service(http->context, 0) >= 0)
		http->open_count = http->exchange_count + hub_client_count(http->server->hub);
	lws_sul_schedule(http->context, 0, &http->tick, NULL, LWS_SET_TIMER_USEC_CANCEL);
	lws_sul_schedule(http->context, 0, &http->pulse, NULL, LWS_SET_TIMER_USEC_CANCEL);
	return NULL;
}

static void log_line(int level, const char *line)
{
	int length = (int)strcspn(line, "\n");
	if (level == LLL_ERR)
		log_warning("libwebsockets: %.*s", length, line);
	else
		log_debug("libwebsockets: %.*s", length, line);
}

/* libwebsockets waits for an address that is not there, and does not say why it cannot listen. */
static int try_address(const char *host, int port, struct err *err)
{
	char service[16];
	struct addrinfo *found, hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	int yes = 1;
	snprintf(service, sizeof(service), "%d", port);
	int r = getaddrinfo(host, service, &hints, &found);
	if (r != 0)
		return err_set(err, -EADDRNOTAVAIL, "server: cannot listen on %s: %s", host,
			gai_strerror(r));
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
		     bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 1) == 0;
	int code = bound ? 0 : -errno;
	if (fd >= 0)
		close(fd);
	freeaddrinfo(found);
	return bound ? 0
		     : err_set(err, code, "server: cannot listen on %s port %d: %s", host, port,
			       strerror(-code));
}

/*
 * libwebsockets has pages of its own for what it refuses itself, and after some of them goes on
 * with what it has freed. A field that it has no room for keeps it from sending them: it hangs up.
 */
static const struct lws_protocol_vhost_options *no_pages(struct http *http)
{
	memset(http->too_long, 'x', sizeof(http->too_long) - 1);
	http->page_fields.name = "x:";
	http->page_fields.value = http->too_long;
	return &http->page_fields;
}

static int create_context(struct http *http, struct err *err)
{
	const struct server_params *p = &http->server->params;
	http->retry.secs_since_valid_ping = 20;
	http->retry.secs_since_valid_hangup = 35;
	http->protocols[0] = (struct lws_protocols){.name = "gantry",
		.callback = callback,
		.per_session_data_size = sizeof(struct session),
		.rx_buffer_size = 8192};
	struct lws_context_creation_info info = {
		.port = p->port,
		.iface = p->host,
		.protocols = http->protocols,
		.user = http,
		.max_http_header_data = HEAD_ROOM_BYTES,
		.pt_serv_buf_size = PAGE_ROOM_BYTES,
		.max_http_header_pool = HEAD_POOL,
		.timeout_secs = HEAD_TIMEOUT_S,
		.timeout_secs_ah_idle = HEAD_TIMEOUT_S,
		.keepalive_timeout = IDLE_TIMEOUT_S,
		.retry_and_idle_policy = &http->retry,
		.ssl_cert_filepath = p->tls_certificate,
		.ssl_private_key_filepath = p->tls_key,
		.alpn = "http/1.1",
		.headers = no_pages(http),
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
			   LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
			   LWS_SERVER_OPTION_FALLBACK_TO_APPLY_LISTEN_ACCEPT_CONFIG,
		.vhost_name = "gantry",
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
	};
	if (p->tls_certificate)
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
				LWS_SERVER_OPTION_ALLOW_NON_SSL_ON_SSL_PORT;
	int r = try_address(p->host, p->port, err);
	if (r < 0)
		return r;
	lws_set_log_level(LLL_ERR | LLL_WARN, log_line);
	http->context = lws_create_context(&info);
	if (!http->context)
		return err_set(err, -ENOMEM, "server: out of memory");
	http->vhost = lws_create_vhost(http->context, &info);
	if (!http->vhost)
		return err_set(err, -EINVAL, "server: cannot listen on %s port %d%s", p->host,
			p->port,
			p->tls_certificate ? ": certificate and key cannot be read, or do not fit"
					   : "");
	r = http_gate_open(&http->gate, http->vhost);
	return r < 0 ? err_set(err, r, "server: connections cannot be watched") : 0;
}

int http_create(struct server *server, struct err *err, struct http **ret_http)
{
	struct http *http = calloc(1, sizeof(*http));
	if (!http)
		return err_set(err, -ENOMEM, "server: out of memory");
	http->server = server;
	int r = create_context(http, err);
	if (r == 0)
		*ret_http = http;
	else
		http_destroy(&http);
	return r;
}

int http_start(struct http *http, struct err *err)
{
	http->started = pthread_create(&http->thread, NULL, serve, http) == 0;
	return http->started ? 0 : err_set(err, -EAGAIN, "server: no thread can be started");
}

void http_show(struct http *http, struct http_identity **identity)
{
	http_tls_show(http->tls, identity);
}

int http_port(const struct http *http)
{
	return lws_get_vhost_listen_port(http->vhost);
}

void http_wake(void *opaque)
{
	struct http *http = opaque;
	lws_cancel_service(http->context);
}

void http_stop(struct http *http, int drain_ms)
{
	if (!http || !http->started)
		return;
	http->draining = true;
	http_wake(http);
	struct mono until = {mono_now().us + drain_ms * 1000LL};
	while (mono_now().us < until.us && (!http->closed_all || http->open_count > 0)) {
		usleep(5000);
		http_wake(http);
	}
	http->stopping = true;
	http_wake(http);
	pthread_join(http->thread, NULL);
	http->started = false;
}

void http_destroy(struct http **http)
{
	struct http *h = *http;
	*http = NULL;
	if (!h)
		return;
	http_stop(h, 0);
	if (h->context)
		lws_context_destroy(h->context);
	http_tls_destroy(&h->tls);
	free(h);
}
