/*
 * One connection of the server: its bytes in and out, and where its packets go.
 *
 * Threads: that of the server. Memory: an input buffer, and a backlog that grows up to
 * RTSP_BACKLOG_MAX_BYTES and is kept.
 */
#pragma once

#include "rtsp/auth.h"
#include "rtsp/hooks.h"
#include "rtsp/mount.h"
#include "rtsp/request.h"

#include <netinet/in.h>

struct client {
	int fd;
	struct sockaddr_in peer;
	int64_t number; /* 1, 2, 3 in the order of connecting */
	const struct rtsp_hooks *hooks; /* or NULL */
	char nonce[RTSP_NONCE_SIZE];
	char session[17]; /* "": nothing was set up */
	struct mount *mount; /* of the session */
	struct rtsp_transport transport;
	int udp_fd[2]; /* RTP and RTCP, or -1 */
	bool playing;
	bool wants_key; /* nothing is sent before the next key frame */
	bool closing; /* once the backlog is sent */
	bool gone; /* to be destroyed */
	struct mono leave_by; /* closed then, after a goodbye; 0: none was said */
	struct mono play_start, last_heard, last_report;
	int64_t picture_count, played_bytes; /* since PLAY */
	char in[RTSP_REQUEST_MAX_BYTES];
	size_t in_count;
	uint8_t *out;
	size_t out_count, out_capacity;
};

/* Takes the socket in any case. */
int client_create(int fd, const struct sockaddr_in *peer, struct client **ret_client);
void client_destroy(struct client **client);

/* Reads what has come; `gone` is set where the peer has closed. */
void client_receive(struct client *client);
/* Reads what has come to the UDP sockets; only that something has come matters. */
void client_hear(struct client *client);
/* The first request of the input: its bytes are consumed. -EAGAIN, -EBADMSG, -EMSGSIZE. */
int client_request(struct client *client, struct rtsp_request *ret_request);

/* Appends to the backlog; the connection is given up where that is full. */
void client_write(struct client *client, const char *text, size_t length);
/* Sends as much of the backlog as the socket takes. */
void client_flush(struct client *client);

/* The two UDP sockets of a session, even and odd. 0 or a negative errno. */
int client_open_udp(struct client *client, struct in_addr local, int ret_ports[2]);
void client_play(struct client *client);
void client_end_session(struct client *client);
/* A packet of the client's mount, and a report where one is due. */
void client_send_packet(struct client *client, const struct mount_packet *packet);
/* The mount has ended: says so, and leaves a moment to the client to go by itself. */
void client_say_goodbye(struct client *client);
/* Closes with a TCP reset. */
void client_reset(struct client *client);
