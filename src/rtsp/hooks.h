/*
 * Where a test may make the server behave as bad cameras do. The product leaves them NULL; what the
 * faults are is in tests/rtsp/faults.h.
 *
 * Threads: called by the server's. Any of them may be NULL.
 */
#pragma once

#include "rtsp/request.h"

#include <stdint.h>

enum rtsp_fate {
	RTSP_GO_ON = 0,
	RTSP_DROP, /* this request is not answered, this packet is not sent */
	RTSP_RESET, /* the connection is torn down with a TCP reset */
	/* of a request, 400 to 599: this status is the answer */
};

struct rtsp_outgoing {
	const char *mount;
	int64_t connection; /* 1, 2, 3 in the order of connecting */
	int64_t playing_us, picture_count; /* since this client's PLAY; pictures begun */
	bool tcp, rtcp;
	uint8_t *bytes; /* may be changed in place */
	int count;
};

struct rtsp_hooks {
	void *opaque;
	/* Whether connections are taken at the moment; where not, connecting is refused. */
	bool (*listens)(void *opaque);
	int (*request)(void *opaque, int64_t connection, const struct rtsp_request *request);
	/* The description before it is sent; `size` bytes of room. */
	void (*describe)(
		void *opaque, int64_t connection, const char *mount, char *sdp, size_t size);
	int (*packet)(void *opaque, struct rtsp_outgoing *packet);
	/* How many bytes a TCP client may get, given when its PLAY was and how many it has got
	 * since. */
	int64_t (*allowance_bytes)(
		void *opaque, int64_t connection, int64_t playing_us, int64_t sent_bytes);
};
