/*
 * One source of frames, kept alive: a file, a network camera, a V4L2 device or the simulator.
 *
 *     struct gantry_stream_config config;
 *     gantry_stream_config_init(&config);
 *     gantry_stream_create("rtsp://10.0.0.7/1", &config, &stream, &error);
 *     gantry_stream_start(stream, &error);
 *     while ((frame = gantry_stream_next_frame(stream)))
 *             ...
 *     gantry_stream_destroy(&stream);
 *
 * Sources: the path of a video or image file; rtsp:// and rtsps:// (basic and digest
 * authentication); http:// and https:// (video and MJPEG); /dev/video0; "sim:" for the built-in
 * road scene and "sim:SCENE.yaml" for another. docs/streams.md says what happens when.
 *
 * Files (not paced) wait for whoever takes their frames and lose none. Everything else is live: the
 * oldest waiting frame gives way to a new one, and is counted.
 *
 * Threads: every stream has one of its own. A stream's create, start, stop and destroy, and
 * gantry_stream_next_frame() with gantry_stream_latest_frame(), are called by one thread at a time;
 * the rest by any. Memory: buffer_size + 4 frames and the clip buffer, while it runs.
 */
#pragma once

#include "gantry/frame.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum gantry_transport {
	GANTRY_TRANSPORT_TCP, /* RTP inside the RTSP connection: nothing is lost on the way */
	GANTRY_TRANSPORT_UDP,
	GANTRY_TRANSPORT_AUTO, /* TCP, and UDP where the camera refuses it */
};

enum gantry_stream_state {
	GANTRY_STREAM_IDLE, /* never started */
	GANTRY_STREAM_CONNECTING,
	GANTRY_STREAM_LIVE,
	GANTRY_STREAM_STALLED, /* connected, but nothing comes: the connection is given up */
	GANTRY_STREAM_BACKING_OFF, /* waiting before the next attempt */
	GANTRY_STREAM_FAILED, /* given up; start begins anew */
	GANTRY_STREAM_STOPPED, /* by stop, or at the end of a file */
};

/* The original system's StreamConfig and more. Defaults by gantry_stream_config_init(). */
struct gantry_stream_config {
	int buffer_size; /* decoded frames held ready, 1 to 1000; 10 */
	double target_fps; /* at most so many frames a second of media time; 0: all; 30 */
	int reconnect_attempts; /* failed ones in a row before giving up; -1: for ever; 5 */
	/* Seconds of the first step of waiting, doubled each time; 2.0. In the first step one that
	 * is not there is asked every half second. */
	double reconnect_delay;
	double reconnect_delay_max; /* seconds; 60 */
	enum gantry_transport transport; /* RTSP; TCP */
	const char *username, *password; /* instead of those in the URL; copied; NULL */
	double connect_timeout; /* seconds to the first picture; 10 */
	double stall_timeout; /* seconds without a packet; 5 */
	bool loop; /* files and simulator: again from the beginning; false */
	bool paced; /* files and simulator: at their own pace, like a camera; false */
	double clip_seconds; /* of encoded video kept for gantry_stream_write_clip(); 0: none; 15 */
	int clip_megabytes; /* and at most so many; 32 */
	int decoder_threads; /* 1 */
};

struct gantry_stream_statistics {
	enum gantry_stream_state state;
	char reason[256]; /* why it is not live, a sentence without secrets; "" where it is */
	bool is_connected; /* live */
	/* Every frame is accounted for: read = decoded + dropped_undecodable + in the decoder;
	 * decoded = dropped_rate + dropped_late + given + waiting. */
	int64_t frames_read, frames_decoded;
	int64_t frames_dropped; /* the sum of the next three */
	int64_t dropped_rate; /* left out by target_fps */
	int64_t dropped_late; /* nobody took them in time */
	int64_t dropped_undecodable; /* they gave no picture */
	int64_t frames_given, frames_waiting;
	int64_t frames_corrupt; /* decoded, with damage concealed */
	int64_t gaps; /* frames before which time is missing */
	int64_t lost_packets; /* RTP packets that never came */
	int64_t total_errors; /* lost connections, failed attempts, stalls; corrupt frames of files
			       */
	int64_t reconnects, stalls;
	int64_t clock_jumps, backward_timestamps, missing_timestamps;
	double fps; /* of media time, lately; of a file, all of it */
	double jitter_ms; /* of arrivals (RFC 3550) */
	double bitrate_kbps; /* lately */
	double avg_read_time_ms; /* from a packet's arrival to its frame */
	double decode_ms; /* CPU time for one frame */
	int64_t last_frame_time_us; /* media time */
	int64_t last_frame_wall_us; /* since 1970; 0: none yet */
	double last_frame_age; /* seconds since the newest frame arrived; negative: none yet */
	bool has_camera_clock; /* the camera sends its wall time (RTCP) */
	double camera_clock_offset; /* seconds that it is ahead of this machine's clock */
	char codec[32];
	int width_px, height_px;
};

struct gantry_stream;

GANTRY_API void gantry_stream_config_init(struct gantry_stream_config *config);
/* Nothing is opened yet. -EINVAL, -EPROTONOSUPPORT for a kind of source that is not listed above.
 */
GANTRY_API int gantry_stream_create(const char *source, const struct gantry_stream_config *config,
	struct gantry_stream **ret_stream, struct gantry_error *error);
GANTRY_API void gantry_stream_destroy(struct gantry_stream **stream);

/*
 * Starts reading ahead. What is wrong with a file is said here (-ENOENT, -EINVAL and others, with a
 * sentence); a camera may be dead, and the stream waits for it.
 */
GANTRY_API int gantry_stream_start(struct gantry_stream *stream, struct gantry_error *error);
/* Within 200 ms, whatever the network does. */
GANTRY_API void gantry_stream_stop(struct gantry_stream *stream);
/* True from start until the last frame was given, it was given up, or stop was called. */
GANTRY_API bool gantry_stream_is_running(const struct gantry_stream *stream);
/* Live, and a frame came within stall_timeout. */
GANTRY_API bool gantry_stream_is_healthy(const struct gantry_stream *stream);
GANTRY_API const char *gantry_stream_state_name(enum gantry_stream_state state);

/*
 * The next frame, waiting for it, through lost connections too; borrowed until the next call of
 * this or gantry_stream_latest_frame(). NULL at the end, after stop, and where it was given up:
 * gantry_stream_error() then says why.
 */
GANTRY_API const struct gantry_frame *gantry_stream_next_frame(struct gantry_stream *stream);
/* The newest frame, without waiting, and without taking it from gantry_stream_next_frame();
 * borrowed until the next call of either. NULL where there was none since start. */
GANTRY_API const struct gantry_frame *gantry_stream_latest_frame(struct gantry_stream *stream);
/* Of the last gantry_stream_next_frame() or start; "" while all is well. */
GANTRY_API const char *gantry_stream_error(const struct gantry_stream *stream);
GANTRY_API void gantry_stream_get_statistics(
	const struct gantry_stream *stream, struct gantry_stream_statistics *ret_statistics);
/*
 * Writes the encoded video from `before` seconds before a frame's media time to `after` seconds
 * after it into an mp4 file, from the key frame on and without encoding anything. What is not here
 * yet is not in it: call when it is. -ENOENT where that moment is not held (it is too old, or the
 * source has no encoded video: simulators, files that are not paced).
 */
GANTRY_API int gantry_stream_write_clip(struct gantry_stream *stream, int64_t media_time_us,
	double before, double after, const char *path, struct gantry_error *error);

#ifdef __cplusplus
}
#endif
