/*
 * One live stream of the server: a source played in real time and numbered as one RTP stream
 * (RFC 3550), however many clients watch it.
 *
 * Time: pictures go out when they are due by CLOCK_MONOTONIC; the sender reports say at which wall
 * time each RTP timestamp was seen, as a camera with a good clock does.
 * Threads: that of the server. Memory: none per picture.
 */
#pragma once

#include "base/clock.h"
#include "rtsp/source.h"

#define MOUNT_NAME_MAX 63
#define MOUNT_REPORT_BYTES 64

struct mount {
	char name[MOUNT_NAME_MAX + 1];
	struct rtsp_source *source; /* owned */
	bool keeps_running; /* goes on without clients */
	bool running;
	bool used; /* the source is not at its beginning */
	bool ended; /* once, by itself */
	bool has_unit;
	struct av_rtp_unit unit; /* the next one */
	struct mono start; /* when the first picture was due */
	struct wall start_wall;
	struct mono end; /* when the end is said, after the last picture; 0 before it */
	int64_t delay_us; /* a picture is sent so much after it was seen, where there are B frames
			   */
	uint32_t ssrc, origin; /* origin: RTP timestamp of time 0 */
	uint16_t sequence; /* of the next packet */
	uint32_t packet_count, payload_bytes;
};

/* What a packet of a picture is, for whoever passes it on. */
struct mount_packet {
	struct mount *mount;
	const uint8_t *bytes;
	int count;
	bool key, first; /* of a key picture; the first packet of its picture */
};
typedef void mount_sink(void *opaque, const struct mount_packet *packet);

/* Begins at the source's first picture. 0 or a negative errno. */
int mount_start(struct mount *mount, struct err *err);
/* Back to the beginning. */
void mount_stop(struct mount *mount);
/*
 * Sends whatever is due. FLOW_MORE; FLOW_END at the end of the source, until it is stopped; a
 * negative errno where the source failed, and then the mount has stopped.
 */
int mount_step(struct mount *mount, mount_sink *sink, void *opaque, struct err *err);
/* When mount_step() has something to do. INT64_MAX where it never has. */
struct mono mount_due(const struct mount *mount);
/* A sender report, with a goodbye where `bye`. Returns its size. */
int mount_report(const struct mount *mount, bool bye, uint8_t ret_bytes[MOUNT_REPORT_BYTES]);
