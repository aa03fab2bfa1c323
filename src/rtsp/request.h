/*
 * One RTSP request (RFC 2326) from the bytes of a connection, and the Transport header in it.
 *
 * What a client sends is foreign: every field has fixed room, what does not fit or is no RTSP is
 * refused as a whole. Headers that are not named here are skipped.
 *
 * Threads: any. Memory: plain values.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum rtsp_method {
	RTSP_OPTIONS,
	RTSP_DESCRIBE,
	RTSP_SETUP,
	RTSP_PLAY,
	RTSP_PAUSE,
	RTSP_GET_PARAMETER,
	RTSP_SET_PARAMETER,
	RTSP_TEARDOWN,
	RTSP_METHOD_OTHER,
};
extern const char *const rtsp_method_names[]; /* up to RTSP_METHOD_OTHER */

#define RTSP_REQUEST_MAX_BYTES 8192 /* with headers and body */

struct rtsp_request {
	enum rtsp_method method;
	char method_name[32]; /* as it was written */
	char url[1024];
	int cseq; /* -1: not given */
	char session[64]; /* without ";timeout" */
	char transport[512], authorization[1024], require[128];
};

/*
 * The number of bytes that the first request takes, with its body; -EAGAIN where it is not all
 * there; -EBADMSG for what is no request; -EMSGSIZE for one beyond RTSP_REQUEST_MAX_BYTES.
 */
int rtsp_request_parse(const char *bytes, size_t count, struct rtsp_request *ret_request);

/*
 * The path of a URL as a mount's name: "rtsp://host:554/cam/track1?x" gives "cam". `ret_name` of
 * `size` bytes; false where it does not fit.
 */
bool rtsp_request_mount(const char *url, char *ret_name, size_t size);

struct rtsp_transport {
	bool tcp; /* interleaved with the RTSP connection */
	int rtp, rtcp; /* channels (0 to 255), or the client's UDP ports (1 to 65535) */
};

/* The first of the offered transports that this server can do; -ENOTSUP where there is none. */
int rtsp_transport_parse(const char *header, struct rtsp_transport *ret_transport);
