/*
 * An RTSP server (RFC 2326): live streams over RTP, by UDP or interleaved in the TCP connection.
 *
 *     struct rtsp_server *server;
 *     r = rtsp_server_create(&(struct rtsp_server_params){.port = 8554}, &err, &server);
 *     r = rtsp_source_files(&path, 1, true, &err, &source);
 *     r = rtsp_server_mount(server, "cam", &source, false, &err);
 *     r = rtsp_server_run(server, &err);         // until rtsp_server_stop()
 *     rtsp_server_destroy(&server);
 *
 * It does OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER (which sets nothing)
 * and TEARDOWN, Basic and Digest authentication, and RTCP sender reports with wall time. Streams
 * are live: all clients of a mount see the same, a later one from the next key frame on. It does
 * not do multicast, TLS, audio, seeking or recording. A session lives as long as its connection.
 *
 * A mount begins with its first PLAY. When its last client has gone it stops, and begins anew with
 * the next one, unless it keeps running. Where its source ends, clients are told so by RTCP BYE.
 *
 * Slow clients lose whole packets, up to the next key frame, never others' time or much memory
 * (RTSP_BACKLOG_MAX_BYTES each).
 *
 * Threads: rtsp_server_run() is the server's one thread (poll); rtsp_server_stop() may be called
 * from any thread and from a signal handler, the rest before or after the run.
 */
#pragma once

#include "base/err.h"
#include "rtsp/auth.h"
#include "rtsp/hooks.h"
#include "rtsp/source.h"

#define RTSP_MOUNTS_MAX 64
#define RTSP_CLIENTS_MAX 256
#define RTSP_BACKLOG_MAX_BYTES (2 << 20)
/* A client not heard of for so long has gone; one that plays over TCP need not say anything. */
#define RTSP_SESSION_TIMEOUT_S 60

struct rtsp_server_params {
	const char *bind; /* an IPv4 address; NULL: 127.0.0.1 */
	int port; /* 0: the kernel chooses */
	struct rtsp_auth auth;
	bool until_end; /* the run ends when all mounts have, and their clients have gone */
	const struct rtsp_hooks *hooks; /* NULL: none; must outlive the server */
};

struct rtsp_server;

/* Listens at once. -EINVAL for an address that is none, or the errno of binding. */
int rtsp_server_create(
	const struct rtsp_server_params *params, struct err *err, struct rtsp_server **ret_server);
void rtsp_server_destroy(struct rtsp_server **server);
/* Takes the source on success. `name`: letters, digits, '-', '_' and '.'. */
int rtsp_server_mount(struct rtsp_server *server, const char *name, struct rtsp_source **source,
	bool keeps_running, struct err *err);
int rtsp_server_port(const struct rtsp_server *server);
/*
 * 0 after rtsp_server_stop() or at the end (`until_end`), and may be called again; a negative errno
 * where it cannot go on.
 */
int rtsp_server_run(struct rtsp_server *server, struct err *err);
void rtsp_server_stop(struct rtsp_server *server);
