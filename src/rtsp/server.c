#include "rtsp/server.h"

#include "base/log.h"
#include "rtsp/answer.h"
#include "rtsp/client.h"
#include "rtsp/mount.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where hooks depend on time, it has to be looked at. */
#define HOOKS_EVERY_US 10000
#define LOOK_AROUND_EVERY_US 1000000
#define POLLED_PER_CLIENT 3

struct rtsp_server {
	struct rtsp_auth auth;
	const struct rtsp_hooks *hooks;
	bool until_end;
	struct sockaddr_in address;
	int listen_fd; /* -1 while connecting is to be refused */
	int stop_pipe[2];
	struct mount mounts[RTSP_MOUNTS_MAX];
	int mount_count;
	struct client *clients[RTSP_CLIENTS_MAX];
	int client_count;
	int64_t connection_count;
	struct pollfd polled[2 + POLLED_PER_CLIENT * RTSP_CLIENTS_MAX];
};

static int open_port(struct rtsp_server *s, struct err *err)
{
	int yes = 1;
	socklen_t length = sizeof(s->address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, -errno, "no socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&s->address, length) < 0 || listen(fd, 64) < 0 ||
		getsockname(fd, (struct sockaddr *)&s->address, &length) < 0) {
		int r = -errno;
		close(fd);
		return err_set(err, r, "port %d: cannot be listened to: %s",
			ntohs(s->address.sin_port), strerror(-r));
	}
	s->listen_fd = fd;
	return 0;
}

static int set_address(struct rtsp_server *s, const struct rtsp_server_params *p, struct err *err)
{
	const char *text = p->bind ? p->bind : "127.0.0.1";
	s->address.sin_family = AF_INET;
	if (p->port < 0 || p->port > 65535)
		return err_set(err, -EINVAL, "port %d: 0 to 65535 are possible", p->port);
	s->address.sin_port = htons((uint16_t)p->port);
	if (inet_pton(AF_INET, text, &s->address.sin_addr) != 1)
		return err_set(
			err, -EINVAL, "%s: is no IPv4 address, as 127.0.0.1 or 0.0.0.0", text);
	return 0;
}

int rtsp_server_create(
	const struct rtsp_server_params *params, struct err *err, struct rtsp_server **ret_server)
{
	struct rtsp_server *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	s->auth = params->auth;
	s->hooks = params->hooks;
	s->until_end = params->until_end;
	s->listen_fd = s->stop_pipe[0] = s->stop_pipe[1] = -1;
	int r = set_address(s, params, err);
	if (r == 0)
		r = open_port(s, err);
	if (r == 0 && pipe2(s->stop_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		r = err_set(err, -errno, "no pipe: %s", strerror(errno));
	if (r < 0) {
		rtsp_server_destroy(&s);
		return r;
	}
	*ret_server = s;
	return 0;
}

void rtsp_server_destroy(struct rtsp_server **server)
{
	struct rtsp_server *s = *server;
	*server = NULL;
	if (!s)
		return;
	for (int i = 0; i < s->client_count; i++)
		client_destroy(&s->clients[i]);
	for (int i = 0; i < s->mount_count; i++)
		rtsp_source_destroy(&s->mounts[i].source);
	const int fds[] = {s->listen_fd, s->stop_pipe[0], s->stop_pipe[1]};
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(s);
}

int rtsp_server_mount(struct rtsp_server *s, const char *name, struct rtsp_source **source,
	bool keeps_running, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	size_t length = strlen(name);
	if (length == 0 || length > MOUNT_NAME_MAX || strspn(name, allowed) != length)
		return err_set(err, -EINVAL,
			"'%s' cannot name a stream: up to %d letters, digits, '-', '_' and '.'",
			name, MOUNT_NAME_MAX);
	if (s->mount_count == RTSP_MOUNTS_MAX)
		return err_set(
			err, -ENOSPC, "%s: there are %d streams already", name, RTSP_MOUNTS_MAX);
	for (int i = 0; i < s->mount_count; i++)
		if (strcmp(s->mounts[i].name, name) == 0)
			return err_set(err, -EEXIST, "%s: there is such a stream already", name);
	struct mount *mount = &s->mounts[s->mount_count++];
	memcpy(mount->name, name, length + 1);
	mount->source = *source;
	mount->keeps_running = keeps_running;
	*source = NULL;
	return 0;
}

int rtsp_server_port(const struct rtsp_server *s)
{
	return ntohs(s->address.sin_port);
}

void rtsp_server_stop(struct rtsp_server *s)
{
	/* A full pipe has the message in it already. */
	ssize_t n = write(s->stop_pipe[1], "", 1);
	(void)n;
}

static void accept_clients(struct rtsp_server *s)
{
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);
	int yes = 1, fd;
	while ((fd = accept4(s->listen_fd, (struct sockaddr *)&peer, &length,
			SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (s->client_count == RTSP_CLIENTS_MAX) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		struct client *c;
		if (client_create(fd, &peer, &c) < 0)
			continue;
		c->number = ++s->connection_count;
		c->hooks = s->hooks;
		s->clients[s->client_count++] = c;
	}
}

static void serve_client(struct rtsp_server *s, struct client *c)
{
	const struct answerer answerer = {&s->auth, s->mounts, s->mount_count, s->hooks};
	struct rtsp_request request;
	int r = 0;
	client_receive(c);
	while (!c->gone && !c->closing && (r = client_request(c, &request)) > 0)
		answer_request(&answerer, c, &request);
	if (r == -EBADMSG || r == -EMSGSIZE)
		answer_nonsense(c);
}

static void pass_on(void *opaque, const struct mount_packet *packet)
{
	struct rtsp_server *s = opaque;
	for (int i = 0; i < s->client_count; i++)
		client_send_packet(s->clients[i], packet);
}

static void end_mount(struct rtsp_server *s, struct mount *mount)
{
	for (int i = 0; i < s->client_count; i++)
		if (s->clients[i]->mount == mount)
			client_say_goodbye(s->clients[i]);
	mount_stop(mount);
	mount->ended = true;
}

static void step_mounts(struct rtsp_server *s)
{
	for (int i = 0; i < s->mount_count; i++) {
		struct mount *mount = &s->mounts[i];
		struct err err = {0};
		int r = mount_step(mount, pass_on, s, &err);
		if (r < 0)
			log_error("mount %s: %s", mount->name, err.text);
		if (r != FLOW_MORE)
			end_mount(s, mount);
	}
}

static bool has_clients(const struct rtsp_server *s, const struct mount *mount)
{
	for (int i = 0; i < s->client_count; i++)
		if (s->clients[i]->mount == mount)
			return true;
	return false;
}

static void bury_clients(struct rtsp_server *s)
{
	int kept = 0;
	int64_t now_us = mono_now().us,
		silent_us = now_us - INT64_C(1000000) * RTSP_SESSION_TIMEOUT_S;
	for (int i = 0; i < s->client_count; i++) {
		struct client *c = s->clients[i];
		bool lost = !(c->playing && c->transport.tcp) && c->last_heard.us < silent_us;
		bool stays = c->leave_by.us && c->leave_by.us < now_us;
		if (c->gone || lost || stays)
			client_destroy(&c);
		else
			s->clients[kept++] = c;
	}
	s->client_count = kept;
	for (int i = 0; i < s->mount_count; i++)
		if (!s->mounts[i].keeps_running && !has_clients(s, &s->mounts[i]))
			mount_stop(&s->mounts[i]);
}

/* Faults open and close the port. */
static int follow_hooks(struct rtsp_server *s, struct err *err)
{
	if (!s->hooks || !s->hooks->listens)
		return 0;
	bool wanted = s->hooks->listens(s->hooks->opaque);
	if (!wanted && s->listen_fd >= 0) {
		close(s->listen_fd);
		s->listen_fd = -1;
	}
	return wanted && s->listen_fd < 0 ? open_port(s, err) : 0;
}

static int sleep_ms(const struct rtsp_server *s)
{
	int64_t now_us = mono_now().us, us = s->hooks ? HOOKS_EVERY_US : LOOK_AROUND_EVERY_US;
	for (int i = 0; i < s->mount_count; i++) {
		struct mono due = mount_due(&s->mounts[i]);
		if (due.us < now_us + us)
			us = due.us > now_us ? due.us - now_us : 0;
	}
	return (int)((us + 999) / 1000);
}

/* The stop pipe, the port, then three for each client; a negative descriptor is skipped. */
static int wait_for_anything(struct rtsp_server *s, struct err *err)
{
	struct pollfd *p = s->polled;
	*p++ = (struct pollfd){.fd = s->stop_pipe[0], .events = POLLIN};
	*p++ = (struct pollfd){.fd = s->listen_fd, .events = POLLIN};
	for (int i = 0; i < s->client_count; i++) {
		const struct client *c = s->clients[i];
		bool drips = c->playing && s->hooks && s->hooks->allowance_bytes;
		short out = c->out_count > 0 && !drips ? POLLOUT : 0;
		*p++ = (struct pollfd){.fd = c->fd, .events = POLLIN | out};
		*p++ = (struct pollfd){.fd = c->udp_fd[0], .events = POLLIN};
		*p++ = (struct pollfd){.fd = c->udp_fd[1], .events = POLLIN};
	}
	int r = poll(s->polled, (nfds_t)(p - s->polled), sleep_ms(s));
	if (r >= 0 || errno == EINTR)
		return r > 0;
	return err_set(err, -errno, "poll: %s", strerror(errno));
}

static void serve(struct rtsp_server *s)
{
	int count = s->client_count;
	if (s->polled[1].revents)
		accept_clients(s);
	for (int i = 0; i < count; i++) {
		const struct pollfd *p = &s->polled[2 + POLLED_PER_CLIENT * i];
		if (p[0].revents & (POLLIN | POLLERR | POLLHUP))
			serve_client(s, s->clients[i]);
		if (p[1].revents || p[2].revents)
			client_hear(s->clients[i]);
	}
}

static bool all_ended(const struct rtsp_server *s)
{
	for (int i = 0; i < s->mount_count; i++)
		if (!s->mounts[i].ended)
			return false;
	return true;
}

/* So that the server can run again. */
static void drain(int fd)
{
	char bytes[16];
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

int rtsp_server_run(struct rtsp_server *s, struct err *err)
{
	for (;;) {
		int r = follow_hooks(s, err);
		if (r == 0)
			r = wait_for_anything(s, err);
		if (r < 0)
			return r;
		if (r > 0 && s->polled[0].revents) {
			drain(s->stop_pipe[0]);
			return 0;
		}
		if (r > 0)
			serve(s);
		step_mounts(s);
		for (int i = 0; i < s->client_count; i++)
			client_flush(s->clients[i]);
		bury_clients(s);
		if (s->until_end && s->client_count == 0 && all_ended(s))
			return 0;
	}
}
