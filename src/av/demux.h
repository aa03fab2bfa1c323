/*
 * Encoded packets of the first video stream of anything libav opens: files, rtsp:// and rtsps://,
 * http(s) video and MJPEG, V4L2 devices. Decoding is av/decoder.h's.
 *
 *     r = av_demux_open(url, &(struct av_demux_params){.cancel = &cancel}, &err, &demux);
 *     while ((r = av_demux_read(demux, &err)) == FLOW_MORE)
 *             ... av_demux_packet(demux) ...
 *     av_demux_close(&demux);
 *
 * Networks: everything that waits looks at `cancel` and at a deadline at least ten times a second,
 * so a call ends within a tenth of a second of either; only looking up a host's name is the C
 * library's and can last longer. A time out is noticed after the time out, not after twice: libav
 * returns what it had after an interrupted read, so the interruption is remembered here.
 * Credentials of a URL are percent-encoded where they have to be, and are in no message.
 *
 * Threads: one demuxer, one thread, but for `cancel`. Memory: one packet.
 * Time: timestamps of packets are microseconds on the stream's own clock.
 */
#pragma once

#include "av/flow.h"
#include "base/cancel.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct AVPacket;
struct AVStream;

enum av_transport {
	AV_TRANSPORT_TCP, /* RTP inside the RTSP connection */
	AV_TRANSPORT_UDP,
	AV_TRANSPORT_AUTO, /* TCP, and UDP where the server refuses it */
};

enum av_source {
	AV_SOURCE_FILE, /* a path */
	AV_SOURCE_RTSP, /* rtsp:// and rtsps:// */
	AV_SOURCE_HTTP, /* http:// and https:// */
	AV_SOURCE_DEVICE, /* /dev/video* */
	AV_SOURCE_UNKNOWN, /* a URL of another kind */
};

struct av_demux_params {
	const char *format; /* libav's name of the container; NULL: found out */
	enum av_transport transport; /* RTSP only */
	const char *username, *password; /* NULL: those of the URL, if any */
	int64_t open_timeout_us; /* for connecting, up to the first header; 0: no limit */
	int64_t read_timeout_us; /* for each packet; 0: no limit */
	struct cancel *cancel; /* NULL: cannot be cancelled; outlives the demuxer */
};

struct av_demux_info {
	char container[32], codec[32];
	double declared_fps; /* what the container says; 0 if it says nothing */
	double duration_s; /* 0 where it has none, as of a live stream */
	int64_t declared_frame_count; /* 0 if the container does not say */
	bool nominal_time; /* the container has no timestamps: libav makes them of a nominal rate */
	struct wall created; /* creation_time metadata; 0 if there is none */
};

struct av_demux_stats {
	int64_t packet_count, byte_count;
	int64_t missed_count; /* RTP packets that never came */
	bool has_camera_clock; /* RTCP sender reports were seen */
};

struct av_demux;

enum av_source av_source_kind(const char *url);

/*
 * -ENOENT and other errno of opening, -ECONNREFUSED, -ETIMEDOUT, -EACCES (401 and 403), -ENODATA
 * for an empty file, -EINVAL for something that is not a video, -EPROTONOSUPPORT for a URL of a
 * kind that is not in the list above, -ECANCELED.
 */
int av_demux_open(const char *url, const struct av_demux_params *params, struct err *err,
	struct av_demux **ret_demux);
void av_demux_close(struct av_demux **demux);
/*
 * enum flow or a negative errno: -ETIMEDOUT, -ECANCELED, what a disk or the network says. Damage
 * that libav could step over is counted, see av_demux_take_damage().
 */
int av_demux_read(struct av_demux *demux, struct err *err);
/* The packet just read; the caller may change its times. Borrowed until the next read. */
struct AVPacket *av_demux_packet(struct av_demux *demux);
/* True where bytes had to be skipped since the last call. */
bool av_demux_take_damage(struct av_demux *demux);
/* Back to the beginning of a file. 0 or negative errno. */
int av_demux_rewind(struct av_demux *demux);
/* The wall time of the current packet by the camera's clock (RTCP), or 0. */
struct wall av_demux_camera_wall(const struct av_demux *demux);
const struct av_demux_info *av_demux_info(const struct av_demux *demux);
struct av_demux_stats av_demux_stats(const struct av_demux *demux);
/* For src/av/ only. */
const struct AVStream *av_demux_stream(const struct av_demux *demux);
/* What libav complained of while opening or reading; "" for nothing. */
const char *av_demux_complaint(const struct av_demux *demux);
/* The errno, negative, with which reading ended; 0 for an ordinary end. */
int av_demux_read_error(const struct av_demux *demux);
