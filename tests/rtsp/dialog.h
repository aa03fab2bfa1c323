/* A client that says exactly what it is told, and sees every byte that comes. */
#pragma once

#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

/* Waiting longer than this for something that must come is a failure. */
#define DIALOG_WAIT_S 10

struct dialog {
	int fd, cseq, port;
	char in[1 << 17];
	size_t in_count;
	char answer[16384]; /* head and body of the latest one */
	char session[64];
};

/* 0 or a negative errno of connecting. */
static inline int dialog_open(struct dialog *d, int port)
{
	/* Little room, so that a client that does not read is noticed soon. */
	const int room = 1 << 16;
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval wait = {.tv_sec = DIALOG_WAIT_S};
	*d = (struct dialog){.fd = socket(AF_INET, SOCK_STREAM, 0), .port = port};
	assert_true(d->fd >= 0);
	setsockopt(d->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(d->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return connect(d->fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

static inline void dialog_close(struct dialog *d)
{
	close(d->fd);
}

static inline void dialog_patience(struct dialog *d, int ms)
{
	struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	setsockopt(d->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

/* More bytes: their number, 0 at the end, or a negative errno (-EAGAIN: nothing came in time). */
static inline int dialog_read(struct dialog *d)
{
	ssize_t n = recv(d->fd, d->in + d->in_count, sizeof(d->in) - d->in_count, 0);
	if (n > 0)
		d->in_count += (size_t)n;
	return n < 0 ? -errno : (int)n;
}

static inline void dialog_consume(struct dialog *d, size_t count)
{
	d->in_count -= count;
	memmove(d->in, d->in + count, d->in_count);
}

/*
 * The next interleaved packet; its size, 0 at the end of the connection, or a negative errno.
 * *ret_channel as on the wire.
 */
static inline int dialog_packet(struct dialog *d, int *ret_channel, uint8_t ret_packet[2048])
{
	for (;;) {
		size_t size =
			d->in_count < 4 ? 0 : (size_t)(uint8_t)d->in[2] << 8 | (uint8_t)d->in[3];
		if (d->in_count >= 4 && d->in_count >= size + 4) {
			assert_int_equal(d->in[0], '$');
			assert_true(size <= 2048);
			*ret_channel = (uint8_t)d->in[1];
			memcpy(ret_packet, d->in + 4, size);
			dialog_consume(d, size + 4);
			return (int)size;
		}
		int r = dialog_read(d);
		if (r <= 0)
			return r;
	}
}

static inline void dialog_say(struct dialog *d, const char *text)
{
	assert_int_equal(send(d->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static inline size_t dialog_answer_bytes(const struct dialog *d)
{
	const char *end = memmem(d->in, d->in_count, "\r\n\r\n", 4);
	if (!end)
		return 0;
	size_t head = (size_t)(end + 4 - d->in), body = 0;
	const char *length = memmem(d->in, head, "Content-Length: ", 16);
	if (length)
		body = (size_t)atoi(length + 16);
	return d->in_count >= head + body ? head + body : 0;
}

/* The status of the next answer, which is in d->answer then; packets before it are skipped. */
static inline int dialog_status(struct dialog *d)
{
	size_t size;
	int status, r;
	for (;;) {
		if (d->in_count > 0 && d->in[0] == '$') {
			uint8_t packet[2048];
			assert_true(dialog_packet(d, &status, packet) > 0);
			continue;
		}
		if (d->in_count > 0 && (size = dialog_answer_bytes(d)) > 0)
			break;
		if ((r = dialog_read(d)) <= 0)
			return r;
	}
	assert_true(size < sizeof(d->answer));
	memcpy(d->answer, d->in, size);
	d->answer[size] = '\0';
	dialog_consume(d, size);
	assert_int_equal(sscanf(d->answer, "RTSP/1.0 %d", &status), 1);
	const char *session = strstr(d->answer, "Session: ");
	if (session)
		sscanf(session, "Session: %63[^;\r]", d->session);
	return status;
}

/* Asks and waits. `path`: "cam"; `headers`: whole lines, or "". */
static inline int dialog_ask(
	struct dialog *d, const char *method, const char *path, const char *headers)
{
	char text[2048];
	int n = snprintf(text, sizeof(text), "%s rtsp://127.0.0.1:%d/%s RTSP/1.0\r\nCSeq: %d\r\n",
		method, d->port, path, ++d->cseq);
	if (d->session[0])
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Session: %s\r\n", d->session);
	snprintf(text + n, sizeof(text) - (size_t)n, "%s\r\n", headers);
	dialog_say(d, text);
	return dialog_status(d);
}

/* Up to PLAY over TCP, all of which must go well. */
static inline void dialog_play(struct dialog *d, int port)
{
	assert_int_equal(dialog_open(d, port), 0);
	assert_int_equal(dialog_ask(d, "DESCRIBE", "cam", ""), 200);
	assert_int_equal(dialog_ask(d, "SETUP", "cam/track1",
				 "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"),
		200);
	assert_int_equal(dialog_ask(d, "PLAY", "cam", ""), 200);
}

static inline uint32_t dialog_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}
static inline uint16_t dialog_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* The next RTP packet (channel 0); reports are skipped. */
static inline int dialog_rtp(struct dialog *d, uint8_t ret_packet[2048])
{
	int channel, n;
	while ((n = dialog_packet(d, &channel, ret_packet)) > 0 && channel != 0)
		;
	return n;
}
