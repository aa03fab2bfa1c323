#include "rtsp/client.h"

#include "rtsp/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPORT_EVERY_US 5000000
#define LEAVE_WITHIN_US 2000000
#define INTERLEAVED_HEADER_BYTES 4

int client_create(int fd, const struct sockaddr_in *peer, struct client **ret_client)
{
	struct client *c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->fd = fd;
	c->peer = *peer;
	c->udp_fd[0] = c->udp_fd[1] = -1;
	c->last_heard = mono_now();
	int r = rtsp_auth_nonce(c->nonce);
	if (r < 0) {
		client_destroy(&c);
		return r;
	}
	*ret_client = c;
	return 0;
}

void client_destroy(struct client **client)
{
	struct client *c = *client;
	*client = NULL;
	if (!c)
		return;
	client_end_session(c);
	close(c->fd);
	free(c->out);
	free(c);
}

void client_receive(struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_count, sizeof(c->in) - c->in_count, MSG_DONTWAIT);
	if (n > 0) {
		c->in_count += (size_t)n;
		c->last_heard = mono_now();
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		c->gone = true;
	}
}

void client_hear(struct client *c)
{
	uint8_t bytes[2048];
	for (int i = 0; i < 2; i++)
		while (c->udp_fd[i] >= 0 &&
			recv(c->udp_fd[i], bytes, sizeof(bytes), MSG_DONTWAIT) >= 0)
			c->last_heard = mono_now();
}

static void consume(struct client *c, size_t count)
{
	c->in_count -= count;
	memmove(c->in, c->in + count, c->in_count);
}

/* Receiver reports come interleaved: '$', channel, two bytes of length. False: more is needed. */
static bool skip_interleaved(struct client *c)
{
	while (c->in_count > 0 && c->in[0] == '$') {
		if (c->in_count < INTERLEAVED_HEADER_BYTES)
			return false;
		size_t count = (size_t)(uint8_t)c->in[2] << 8 | (uint8_t)c->in[3];
		count += INTERLEAVED_HEADER_BYTES;
		/* No report is so long; the connection would never get past it. */
		if (count > sizeof(c->in))
			c->gone = true;
		if (count > c->in_count)
			return false;
		consume(c, count);
	}
	return true;
}

int client_request(struct client *c, struct rtsp_request *ret_request)
{
	if (c->gone || !skip_interleaved(c))
		return -EAGAIN;
	int r = rtsp_request_parse(c->in, c->in_count, ret_request);
	if (r > 0)
		consume(c, (size_t)r);
	return r;
}

/* Room for `count` more bytes; false where the backlog would be too long. */
static bool make_room(struct client *c, size_t count)
{
	size_t needed = c->out_count + count;
	if (needed <= c->out_capacity)
		return true;
	if (needed > RTSP_BACKLOG_MAX_BYTES)
		return false;
	size_t capacity = c->out_capacity ? c->out_capacity : 16384;
	while (capacity < needed)
		capacity *= 2;
	uint8_t *out = realloc(c->out, capacity);
	if (!out)
		return false;
	c->out = out;
	c->out_capacity = capacity;
	return true;
}

static void append(struct client *c, const void *bytes, size_t count)
{
	memcpy(c->out + c->out_count, bytes, count);
	c->out_count += count;
}

void client_write(struct client *c, const char *text, size_t length)
{
	if (make_room(c, length))
		append(c, text, length);
	else
		c->gone = true;
}

/* Bytes that may be sent at the moment. */
static size_t sendable(const struct client *c)
{
	if (!c->playing || !c->hooks || !c->hooks->allowance_bytes)
		return c->out_count;
	int64_t may = c->hooks->allowance_bytes(
		c->hooks->opaque, c->number, mono_now().us - c->play_start.us, c->played_bytes);
	return may < (int64_t)c->out_count ? (size_t)may : c->out_count;
}

void client_flush(struct client *c)
{
	size_t limit = c->gone ? 0 : sendable(c), sent = 0;
	while (sent < limit) {
		ssize_t n = send(c->fd, c->out + sent, limit - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			c->gone = errno != EAGAIN;
			break;
		}
		sent += (size_t)n;
	}
	if (sent > 0) {
		c->out_count -= sent;
		c->played_bytes += (int64_t)sent;
		memmove(c->out, c->out + sent, c->out_count);
	}
	if (c->closing && c->out_count == 0)
		c->gone = true;
}

static int bind_udp(struct in_addr local, int port, int *ret_port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr = local, .sin_port = htons((uint16_t)port)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, length) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		int r = -errno;
		close(fd);
		return r;
	}
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* RTP has the even port, RTCP the one above (RFC 3550, 11): tried until the kernel has two. */
int client_open_udp(struct client *c, struct in_addr local, int ret_ports[2])
{
	int r = -EADDRINUSE;
	for (int i = 0; i < 64; i++) {
		int fd = bind_udp(local, 0, &ret_ports[0]);
		if (fd < 0)
			return fd;
		r = ret_ports[0] % 2 == 0 ? bind_udp(local, ret_ports[0] + 1, &ret_ports[1])
					  : -EADDRINUSE;
		if (r >= 0) {
			c->udp_fd[0] = fd;
			c->udp_fd[1] = r;
			return 0;
		}
		close(fd);
	}
	return r;
}

void client_play(struct client *c)
{
	if (c->playing)
		return;
	c->playing = c->wants_key = true;
	c->play_start = mono_now();
	c->last_report = (struct mono){INT64_MIN / 2};
	c->picture_count = c->played_bytes = 0;
}

void client_end_session(struct client *c)
{
	c->playing = false;
	c->mount = NULL;
	c->session[0] = '\0';
	for (int i = 0; i < 2; i++) {
		if (c->udp_fd[i] >= 0)
			close(c->udp_fd[i]);
		c->udp_fd[i] = -1;
	}
}

static void send_udp(const struct client *c, const uint8_t *bytes, size_t count, bool rtcp)
{
	struct sockaddr_in to = c->peer;
	to.sin_port = htons((uint16_t)(rtcp ? c->transport.rtcp : c->transport.rtp));
	/* A full socket loses the packet, as any network does. */
	(void)sendto(c->udp_fd[rtcp], bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL,
		(struct sockaddr *)&to, sizeof(to));
}

/* Whole or not at all; where the client is too slow, it goes on with the next key frame. */
static void send_tcp(struct client *c, const uint8_t *bytes, size_t count, bool rtcp)
{
	uint8_t head[INTERLEAVED_HEADER_BYTES] = {'$',
		(uint8_t)(rtcp ? c->transport.rtcp : c->transport.rtp), (uint8_t)(count >> 8),
		(uint8_t)count};
	if (!make_room(c, sizeof(head) + count)) {
		c->wants_key = true;
		return;
	}
	append(c, head, sizeof(head));
	append(c, bytes, count);
}

static void send_one(struct client *c, const uint8_t *bytes, int count, bool rtcp)
{
	uint8_t copy[AV_RTP_PACKET_MAX_BYTES];
	if (c->hooks && c->hooks->packet) {
		memcpy(copy, bytes, (size_t)count);
		struct rtsp_outgoing out = {
			.mount = c->mount->name,
			.connection = c->number,
			.playing_us = mono_now().us - c->play_start.us,
			.picture_count = c->picture_count,
			.tcp = c->transport.tcp,
			.rtcp = rtcp,
			.bytes = copy,
			.count = count,
		};
		int fate = c->hooks->packet(c->hooks->opaque, &out);
		if (fate == RTSP_RESET)
			client_reset(c);
		if (fate != RTSP_GO_ON)
			return;
		bytes = copy;
	}
	if (c->transport.tcp)
		send_tcp(c, bytes, (size_t)count, rtcp);
	else
		send_udp(c, bytes, (size_t)count, rtcp);
}

static void send_report(struct client *c, bool bye)
{
	uint8_t bytes[MOUNT_REPORT_BYTES];
	int count = mount_report(c->mount, bye, bytes);
	c->last_report = mono_now();
	send_one(c, bytes, count, true);
}

void client_send_packet(struct client *c, const struct mount_packet *packet)
{
	if (!c->playing || c->mount != packet->mount || c->gone)
		return;
	if (packet->first && packet->key)
		c->wants_key = false;
	if (c->wants_key)
		return;
	/* First of all, so that every picture has a wall time. */
	if (mono_now().us - c->last_report.us >= REPORT_EVERY_US)
		send_report(c, false);
	c->picture_count += packet->first;
	send_one(c, packet->bytes, packet->count, false);
}

void client_say_goodbye(struct client *c)
{
	if (c->playing && !c->gone)
		send_report(c, true);
	c->playing = false;
	c->leave_by.us = mono_now().us + LEAVE_WITHIN_US;
}

void client_reset(struct client *c)
{
	/* Lingering for no time at all is what makes close() a reset. */
	struct linger now = {.l_onoff = 1};
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	c->gone = true;
}
