/* The gate: heads of requests, looked at before libwebsockets reads them. */
#include "serve/head.h"
#include "serve/http_inside.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 64

int http_gate_open(struct http_gate *gate, struct lws_vhost *vhost)
{
	int count = 0;
	for (int i = 0; i < WSI_TOKEN_COUNT; i++) {
		const char *name = (const char *)lws_token_to_string((enum lws_token_indexes)i);
		if (name && name[0])
			gate->names[count++] = name;
	}
	gate->set = epoll_create1(EPOLL_CLOEXEC);
	if (gate->set < 0)
		return -errno;
	lws_sock_file_fd_type fd = {.filefd = gate->set};
	if (lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, fd, "gantry", NULL))
		return 0;
	close(gate->set);
	return -ENOMEM;
}

/* Told once of what comes, whether it is read or not; `EPOLL_CTL_MOD`: also of what is there. */
static void watch(const struct http_gate *gate, struct lws *wsi, int how)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = wsi};
	epoll_ctl(gate->set, how, lws_get_socket_fd(wsi), &event);
}

/* Libwebsockets does not read, so that a head is there as a whole the next time. Told each time: it
 * forgets when it gets room for a head. */
static void hold(struct lws *wsi, struct connection *connection)
{
	lws_rx_flow_control(wsi, 0);
	connection->held = true;
}

void http_gate_add(const struct http_gate *gate, struct lws *wsi)
{
	if (lws_get_ssl(wsi))
		return;
	hold(wsi, lws_get_opaque_user_data(wsi));
	watch(gate, wsi, EPOLL_CTL_ADD);
}

void http_gate_look_again(const struct http_gate *gate, struct lws *wsi)
{
	watch(gate, wsi, EPOLL_CTL_MOD);
}

size_t http_receive(struct lws *wsi, char *bytes, size_t size, bool keep)
{
	int flags = MSG_DONTWAIT | (keep ? MSG_PEEK : 0);
	ssize_t n = recv(lws_get_socket_fd(wsi), bytes, size, flags);
	return n > 0 ? (size_t)n : 0;
}

/* Empty lines before the first request, which may be left out (RFC 9112, 2.2): libwebsockets would
 * hang up. */
static void skip_empty_lines(struct lws *wsi)
{
	char line[2];
	while (http_receive(wsi, line, sizeof(line), true) == sizeof(line) &&
		memcmp(line, "\r\n", sizeof(line)) == 0)
		http_receive(wsi, line, sizeof(line), false);
}

static void let_pass(struct lws *wsi, struct connection *connection)
{
	if (connection->held)
		lws_rx_flow_control(wsi, 1);
	connection->held = false;
}

static void refuse(struct server *server, struct lws *wsi, struct head_fault fault)
{
	struct connection *connection = lws_get_opaque_user_data(wsi);
	connection->busy = true;
	http_refuse(server, wsi, fault.status, fault.detail);
	lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

static struct head_fault check(
	const struct http_gate *gate, const char *bytes, size_t length, bool ended)
{
	size_t head = head_length(bytes, length);
	struct head_fault fault = head_check(bytes, length, gate->names);
	if (!fault.status && (head > 0 ? head : length) > HEAD_MAX_BYTES)
		return (struct head_fault){431, "a head has at most 8192 bytes"};
	if (!fault.status && head == 0 && ended)
		return (struct head_fault){400, "the head has no end"};
	return fault;
}

static void look(struct server *server, const struct http_gate *gate, struct lws *wsi, bool ended)
{
	struct connection *connection = lws_get_opaque_user_data(wsi);
	char bytes[HEAD_MAX_BYTES + 1];
	struct head_fault fault = {0};
	bool first = !connection->begun;
	if (first && !connection->asked)
		skip_empty_lines(wsi);
	size_t n = http_receive(wsi, bytes, sizeof(bytes), true);
	if (n == 0) {
		if (ended)
			let_pass(wsi, connection);
		return;
	}
	bool half = head_length(bytes, n) == 0 && n < sizeof(bytes) && !ended &&
		    head_is_begun(bytes, n);
	if (half && first && connection->asked)
		http_expect_more(wsi);
	connection->begun = true;
	if (half && connection->held) {
		hold(wsi, connection);
		return;
	}
	if (first || connection->held)
		fault = check(gate, bytes, n, ended);
	if (fault.status)
		refuse(server, wsi, fault);
	else
		let_pass(wsi, connection);
}

static void something_came(
	struct server *server, const struct http_gate *gate, struct lws *wsi, bool ended)
{
	struct connection *connection = lws_get_opaque_user_data(wsi);
	if (connection && connection->busy)
		connection->more = true;
	else if (connection)
		look(server, gate, wsi, ended);
}

void http_gate_look(struct server *server, const struct http_gate *gate)
{
	struct epoll_event events[AT_ONCE];
	int n = epoll_wait(gate->set, events, AT_ONCE, 0);
	for (int i = 0; i < n; i++)
		something_came(server, gate, events[i].data.ptr, events[i].events & EPOLLRDHUP);
}
