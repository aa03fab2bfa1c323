/*
 * Coded video as RTP packets (RFC 3550) in the payload format of its codec (H.264: RFC 6184, HEVC:
 * RFC 7798, MJPEG: RFC 2435, MPEG-4: RFC 6416), made by libav's packetiser.
 *
 *     int r = av_rtp_open_file(path, &err, &rtp);
 *     while ((r = av_rtp_next(rtp, &err, &unit)) == FLOW_MORE) {
 *             ... wait until unit.due_us ...
 *             av_rtp_send(rtp, on_packet, opaque, &err);
 *     }
 *
 * A file is not encoded again: its pictures go out as they are, H.264 and HEVC with their parameter
 * sets before each key frame as cameras do. Sequence number, timestamp and SSRC in the headers are
 * the packetiser's own; whoever sends them to somebody writes what it wants there.
 *
 * Threads: one av_rtp, one thread. Memory: packets are borrowed for the length of the call.
 */
#pragma once

#include "av/reader.h"
#include "av/writer.h"
#include "base/err.h"

#include <stddef.h>

#define AV_RTP_HEADER_BYTES 12 /* in front of the payload */
#define AV_RTP_PACKET_MAX_BYTES 1400 /* fits an Ethernet frame with room for tunnels */
#define AV_RTP_SDP_SIZE 8192

/* One coded picture. Times since the first one of the source was due; they increase. */
struct av_rtp_unit {
	int64_t due_us; /* when it has to be decoded, so when to send it */
	int64_t shown_us; /* when it is to be seen; beyond due_us where there are B frames */
	bool key; /* decoding may begin here */
};

struct av_rtp;

/* What av_rtp_send() calls for each packet of a picture, in order. */
typedef void av_rtp_sink(void *opaque, const uint8_t *packet, int count);

/*
 * The first video stream of a file. Errors as av_reader_open(); -ENOTSUP for a codec that has no
 * payload format here.
 */
int av_rtp_open_file(const char *path, struct err *err, struct av_rtp **ret_rtp);
void av_rtp_close(struct av_rtp **rtp);
/* The next picture, which av_rtp_send() then sends. enum flow or a negative errno. */
int av_rtp_next(struct av_rtp *rtp, struct err *err, struct av_rtp_unit *ret_unit);
/* The latest picture of av_rtp_next() as packets. */
int av_rtp_send(struct av_rtp *rtp, av_rtp_sink *sink, void *opaque, struct err *err);
/*
 * The media section of a session description (RFC 4566): "m=video 0 RTP/AVP 96\r\n" and its
 * attributes, without a=control. -ENOSPC where `size` (AV_RTP_SDP_SIZE) does not do.
 */
int av_rtp_sdp(const struct av_rtp *rtp, char *text, size_t size);

/*
 * Frames encoded as they come, without delay and without B frames: what a camera does.
 *
 *     r = av_rtp_frames_open("scene", 1280, 720, &(struct av_writer_params){.fps = 25}, &err,
 * &frames); r = av_rtp_frames_put(frames, frame, &err, &unit);
 *     ... wait until unit.due_us ...
 *     r = av_rtp_frames_send(frames, on_packet, opaque, &err);
 *
 * Threads: one owner. Memory: as av_writer's.
 */
struct av_rtp_frames;

/* `name`: for messages, copied. `fragmented` and `created` mean nothing here. */
int av_rtp_frames_open(const char *name, int width_px, int height_px,
	const struct av_writer_params *params, struct err *err, struct av_rtp_frames **ret_frames);
void av_rtp_frames_close(struct av_rtp_frames **frames);
/*
 * Encodes a frame, whose media time is later than that of the one before and becomes due_us and
 * shown_us.
 */
int av_rtp_frames_put(struct av_rtp_frames *frames, const struct frame *frame, struct err *err,
	struct av_rtp_unit *ret_unit);
/* The latest picture of av_rtp_frames_put() as packets. */
int av_rtp_frames_send(
	struct av_rtp_frames *frames, av_rtp_sink *sink, void *opaque, struct err *err);
int av_rtp_frames_sdp(const struct av_rtp_frames *frames, char *text, size_t size);
