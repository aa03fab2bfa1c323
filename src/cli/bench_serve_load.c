#include "cli/bench_serve_load.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES 262144
#define SOCKET_BUFFER_BYTES 16384
#define STUCK_BUFFER_BYTES 4096
#define WARM_UP_S 0.5
#define SILENCE_MS 10000
#define CATCH_UP_US 60000000
/* Clients of WebSockets look so often, so that looking costs the machine little; it is in their
 * latency. */
#define LOOK_US 1000

struct client {
	int fd; /* -1: none */
	char *in;
	size_t size, used;
	struct mono asked;
	int64_t last; /* number of the last message; -1: none yet */
	bool caught_up; /* with what was said while others were still connecting */
};

static int open_client(struct client *c, int port, int receive_bytes, size_t size, struct err *err)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int yes = 1;
	*c = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .last = -1};
	c->in = malloc(size);
	c->size = size;
	if (c->fd < 0 || !c->in)
		return err_set(err, -ENOMEM, "a client cannot be made: %s", strerror(errno));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (receive_bytes > 0)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_set(
			err, -errno, "the server takes no more clients: %s", strerror(errno));
	return 0;
}

static void close_clients(struct client *clients, int count)
{
	for (int i = 0; clients && i < count; i++) {
		if (clients[i].fd >= 0 && clients[i].in)
			close(clients[i].fd);
		free(clients[i].in);
	}
	free(clients);
}

static int gone(struct err *err)
{
	return err_set(err, -EPIPE, "the server closed a connection");
}

/* Reads what is there. 0, or -EPIPE. */
static int receive(struct client *c, struct err *err)
{
	ssize_t n = recv(c->fd, c->in + c->used, c->size - c->used - 1, 0);
	if (n <= 0)
		return gone(err);
	c->used += (size_t)n;
	c->in[c->used] = '\0';
	return 0;
}

/* REST */

static int ask(struct client *c, const char *request, size_t length, struct err *err)
{
	c->used = 0;
	c->asked = mono_now();
	return send(c->fd, request, length, MSG_NOSIGNAL) == (ssize_t)length ? 0 : gone(err);
}

/* Bytes of the reply in all, 0 where its head is not there yet, negative where it is not 200. */
static int64_t reply_length(const struct client *c, int64_t *ret_body)
{
	const char *end = strstr(c->in, "\r\n\r\n");
	if (!end)
		return 0;
	const char *field = strcasestr(c->in, "\r\ncontent-length:");
	if (strncmp(c->in, "HTTP/1.1 200", 12) != 0 || !field || field > end)
		return -EPROTO;
	*ret_body = strtoll(field + 17, NULL, 10);
	return end + 4 - c->in + *ret_body;
}

struct rest_run {
	struct client *clients;
	struct pollfd *polls;
	char request[512];
	size_t length;
	struct bench_rest result;
};

static int take_reply(struct rest_run *run, struct client *c, struct err *err)
{
	int r = receive(c, err);
	if (r < 0)
		return r;
	int64_t length = reply_length(c, &run->result.body_bytes);
	if (length < 0 || length >= (int64_t)c->size)
		return err_set(err, -EPROTO, "a reply is not what was asked for: %.60s", c->in);
	if (length == 0 || (int64_t)c->used < length)
		return 0;
	histogram_add(&run->result.latency, mono_now().us - c->asked.us);
	run->result.request_count++;
	return ask(c, run->request, run->length, err);
}

static int ask_for(struct rest_run *run, int connections, double seconds, struct err *err)
{
	struct mono until = {mono_now().us + (int64_t)(seconds * 1e6)};
	while (mono_now().us < until.us) {
		if (poll(run->polls, (nfds_t)connections, SILENCE_MS) <= 0)
			return err_set(err, -ETIMEDOUT, "the server does not answer");
		for (int i = 0; i < connections; i++) {
			int r = run->polls[i].revents ? take_reply(run, &run->clients[i], err) : 0;
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int open_rest(
	struct rest_run *run, const struct bench_host *host, int connections, struct err *err)
{
	run->clients = calloc((size_t)connections, sizeof(*run->clients));
	run->polls = calloc((size_t)connections, sizeof(*run->polls));
	if (!run->clients || !run->polls)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < connections; i++) {
		int r = open_client(&run->clients[i], host->port, 0, BUFFER_BYTES, err);
		if (r == 0)
			r = ask(&run->clients[i], run->request, run->length, err);
		if (r < 0)
			return r;
		run->polls[i] = (struct pollfd){.fd = run->clients[i].fd, .events = POLLIN};
	}
	return 0;
}

int bench_load_rest(const struct bench_host *host, const char *path, int connections,
	double seconds, struct err *err, struct bench_rest *ret_rest)
{
	struct rest_run run = {0};
	run.length = (size_t)snprintf(run.request, sizeof(run.request),
		"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n", path,
		host->token);
	int r = open_rest(&run, host, connections, err);
	if (r == 0)
		r = ask_for(&run, connections, WARM_UP_S, err);
	run.result = (struct bench_rest){0};
	double cpu_s = bench_host_cpu_s(host);
	struct mono began = mono_now();
	if (r == 0)
		r = ask_for(&run, connections, seconds, err);
	run.result.elapsed_s = (double)(mono_now().us - began.us) * 1e-6;
	cpu_s = bench_host_cpu_s(host) - cpu_s;
	close_clients(run.clients, connections);
	free(run.polls);
	if (r < 0)
		return r;
	run.result.cpu_us = cpu_s * 1e6 / (double)run.result.request_count;
	*ret_rest = run.result;
	return 0;
}

/* WebSockets (RFC 6455) */

struct sockets_run {
	struct client *clients;
	struct pollfd *polls;
	int count, healthy;
	int64_t all_here_us; /* since when all are connected */
	int caught_up_count;
	bool counting; /* the warm-up is over */
	struct bench_sockets result;
};

static int upgrade(struct client *c, const struct bench_host *host, struct err *err)
{
	char request[512];
	int n = snprintf(request, sizeof(request),
		"GET /ws/realtime HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		host->token);
	if (send(c->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		return gone(err);
	/* Byte by byte, so that the first frames stay where they are. */
	while (!strstr(c->in, "\r\n\r\n")) {
		if (c->used + 2 > c->size || recv(c->fd, c->in + c->used, 1, 0) != 1)
			return gone(err);
		c->in[++c->used] = '\0';
	}
	if (strncmp(c->in, "HTTP/1.1 101", 12) != 0)
		return err_set(err, -EPROTO, "no WebSocket: %.60s", c->in);
	c->used = 0;
	return 0;
}

static void take_message(struct sockets_run *run, struct client *c, char *text, size_t length)
{
	char end = text[length];
	text[length] = '\0';
	const char *number = strstr(text, "\"n\":"), *sent = strstr(text, "\"sent_us\":");
	if (number && sent) {
		int64_t n = strtoll(number + 4, NULL, 10), us = strtoll(sent + 10, NULL, 10);
		if (!c->caught_up && us >= run->all_here_us) {
			c->caught_up = true;
			run->caught_up_count++;
		}
		if (run->counting && c->last >= 0)
			run->result.lost_count += n - c->last - 1;
		if (run->counting) {
			histogram_add(&run->result.latency, mono_now().us - us);
			run->result.received_count++;
		}
		c->last = n;
	}
	text[length] = end;
}

static int answer_ping(struct client *c, struct err *err)
{
	static const unsigned char pong[] = {0x8a, 0x80, 0, 0, 0, 0};
	return send(c->fd, pong, sizeof(pong), MSG_NOSIGNAL) == sizeof(pong) ? 0 : gone(err);
}

/* All whole frames of what has been read. */
static int take_frames(struct sockets_run *run, struct client *c, struct err *err)
{
	size_t at = 0;
	int r = 0;
	while (r == 0 && c->used - at >= 2) {
		const unsigned char *head = (const unsigned char *)c->in + at;
		size_t length = head[1], skip = 2;
		if (length == 126) {
			if (c->used - at < 4)
				break;
			length = (size_t)(head[2] << 8 | head[3]);
			skip = 4;
		}
		if (length > 65535 || c->used - at < skip + length)
			break;
		if ((head[0] & 0x0f) == 1)
			take_message(run, c, c->in + at + skip, length);
		else if ((head[0] & 0x0f) == 9)
			r = answer_ping(c, err);
		at += skip + length;
	}
	c->used -= at;
	memmove(c->in, c->in + at, c->used);
	return r;
}

static int listen_for(struct sockets_run *run, double seconds, struct err *err)
{
	struct mono until = {mono_now().us + (int64_t)(seconds * 1e6)};
	while (mono_now().us < until.us) {
		if (poll(run->polls, (nfds_t)run->healthy, SILENCE_MS) <= 0)
			return err_set(err, -ETIMEDOUT, "the server says nothing");
		usleep(LOOK_US);
		for (int i = 0; i < run->healthy; i++) {
			if (!run->polls[i].revents)
				continue;
			int r = receive(&run->clients[i], err);
			if (r == 0)
				r = take_frames(run, &run->clients[i], err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int open_sockets(struct sockets_run *run, const struct bench_host *host, struct err *err)
{
	run->clients = calloc((size_t)run->count, sizeof(*run->clients));
	run->polls = calloc((size_t)run->count, sizeof(*run->polls));
	if (!run->clients || !run->polls)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < run->count; i++) {
		struct client *c = &run->clients[i];
		int r = open_client(c, host->port, i < run->healthy ? 0 : STUCK_BUFFER_BYTES,
			SOCKET_BUFFER_BYTES, err);
		if (r == 0)
			r = upgrade(c, host, err);
		if (r < 0)
			return r;
		run->polls[i] = (struct pollfd){.fd = c->fd, .events = POLLIN};
	}
	return 0;
}

static int warm_up(struct sockets_run *run, struct err *err)
{
	run->all_here_us = mono_now().us;
	int r = listen_for(run, WARM_UP_S, err);
	while (r == 0 && run->caught_up_count < run->healthy) {
		if (mono_now().us > run->all_here_us + CATCH_UP_US)
			return err_set(err, -ETIMEDOUT, "the clients do not catch up");
		r = listen_for(run, WARM_UP_S, err);
	}
	return r;
}

static int measure_sockets(
	struct sockets_run *run, const struct bench_host *host, double seconds, struct err *err)
{
	struct bench_sockets *s = &run->result;
	s->memory_before_mb = bench_host_memory_mb(host);
	int r = open_sockets(run, host, err);
	if (r == 0)
		r = warm_up(run, err);
	run->counting = true;
	double cpu_s = bench_host_cpu_s(host);
	struct mono began = mono_now();
	if (r == 0)
		r = listen_for(run, seconds / 3, err);
	s->memory_third_mb = bench_host_memory_mb(host);
	if (r == 0)
		r = listen_for(run, seconds * 2 / 3, err);
	s->memory_end_mb = bench_host_memory_mb(host);
	s->cpu_percent =
		(bench_host_cpu_s(host) - cpu_s) * 1e8 / (double)(mono_now().us - began.us);
	for (int i = run->healthy; r == 0 && i < run->count; i++)
		s->stuck_open +=
			poll(&(struct pollfd){.fd = run->clients[i].fd, .events = POLLRDHUP}, 1,
				0) == 0;
	return r;
}

int bench_load_sockets(const struct bench_host *host, int clients, int stuck, double seconds,
	struct err *err, struct bench_sockets *ret_sockets)
{
	struct sockets_run run = {.count = clients, .healthy = clients - stuck};
	run.result.healthy = run.healthy;
	run.result.stuck = stuck;
	int r = measure_sockets(&run, host, seconds, err);
	close_clients(run.clients, clients);
	free(run.polls);
	if (r == 0)
		*ret_sockets = run.result;
	return r;
}
