/*
 * One source, kept alive: the thread that connects, reads, decodes, notices trouble, and comes
 * back.
 *
 *     struct stream_params params;
 *     stream_params_init(&params);
 *     params.source = "rtsp://10.0.0.7/1";
 *     r = stream_create(&params, &err, &stream);
 *     r = stream_start(stream, &err);
 *     ... stream_latest(stream, &frame) or stream_next(stream, deadline, &frame) ...
 *     stream_destroy(&stream);
 *
 * States:
 *
 *     idle -> connecting -> live -> stalled -> backing_off -> connecting ...
 *                 \-> backing_off (refused, lost)      \-> failed (attempts used up, or hopeless)
 *     any -> stopped (stop, or the file's end)
 *
 * `stalled`: connected, but nothing came for stall_timeout_s; the connection is given up. Each
 * failed attempt waits longer: reconnect_delay_s, doubled each time up to reconnect_delay_max_s,
 * each plus or minus a fifth at random, so that cameras behind one switch do not return in step.
 * Within the first step a camera that is not there (refused, reset, no way to it) is asked every
 * half second, so that one that comes back is live within a second; these knocks count as one
 * attempt. A connection that lived for longer than its delay starts over at the first step. What
 * cannot become right by waiting (a kind of URL nobody knows, a missing file) fails at once.
 *
 * Frames: a live source drops the oldest waiting frame when buffer_size are waiting; a file (not
 * paced) waits and loses nothing. Every packet is accounted for:
 *     frames_read    = frames_decoded + dropped_undecodable + held_count
 *     frames_decoded = dropped_rate + dropped_late + delivered_count + waiting_count
 * Gaps: the first frame after a lost connection, a clock jump, or more than gap_s of media time
 * without a frame carries FRAME_GAP; where that frame is dropped the mark passes to the next one
 * that stream_next() gives.
 *
 * Threads: create, start, stop and destroy from one thread at a time; the rest from any. `on_frame`
 * and `on_change` are called by the stream's thread and must not wait, nor call start, stop or
 * destroy. stop returns within 200 ms: a thread that the C library holds longer (a name server
 * that is silent) is left to end by itself, with all that it uses.
 * Memory: buffer_size + 2 frames, the packet ring, the decoder. Nothing while stopped or idle but
 * the last frame.
 */
#pragma once

#include "ingest/input.h"

enum stream_state {
	STREAM_IDLE,
	STREAM_CONNECTING,
	STREAM_LIVE,
	STREAM_STALLED,
	STREAM_BACKING_OFF,
	STREAM_FAILED,
	STREAM_STOPPED,
};

struct stream_params {
	const char *source; /* copied */
	const char *username, *password; /* instead of the URL's; copied; NULL: none */
	enum av_transport transport;
	int buffer_size; /* decoded frames that may wait, 1 to 1000 */
	double target_fps; /* decimation by media time; 0: every frame */
	int reconnect_attempts; /* failed ones in a row before `failed`; -1: for ever */
	double reconnect_delay_s; /* first step; 0: no waiting at all */
	double reconnect_delay_max_s;
	double connect_timeout_s; /* to the first picture */
	double stall_timeout_s; /* without a packet */
	bool loop, paced; /* files */
	double gap_s; /* media time between frames that is marked; 0: 1 s */
	int64_t ring_bytes; /* of the packet ring; 0: none */
	double ring_s;
	int decoder_threads; /* 0: 1 */
	const struct input_kind *const *kinds; /* asked before the built-in ones; ended by NULL */
	/* Every frame that target_fps leaves, borrowed. Where it is set, frames do not wait for
	 * stream_next(); stream_latest() works all the same. */
	void (*on_frame)(void *opaque, struct frame *frame);
	void (*on_change)(void *opaque); /* the state changed */
	void *opaque;
};

struct stream_stats {
	enum stream_state state;
	char reason[256]; /* why it is not live, for people; "" where it is */
	bool is_connected; /* live */
	int64_t frames_read, frames_decoded;
	int64_t dropped_rate; /* by target_fps */
	int64_t dropped_late; /* nobody took them in time */
	int64_t dropped_undecodable; /* they gave no picture, or the connection ended before it */
	int64_t held_count; /* in the decoder, which shows pictures in another order than sent */
	int64_t delivered_count; /* taken by stream_next(), or seen by on_frame where there is one
				  */
	int64_t waiting_count; /* in the buffer, or on the way there, now */
	int64_t corrupt_count, rescaled_count, gap_count;
	int64_t missed_packet_count; /* RTP, on the way */
	int64_t error_count; /* failed attempts, losses and stalls */
	int64_t connect_count, reconnect_count, stall_count, attempt_count; /* attempts in a row */
	int64_t untimed_count, backward_count, clock_jump_count;
	double fps; /* decoded, over the last seconds of media time */
	double jitter_ms; /* of arrivals against timestamps, RFC 3550 6.4.1 */
	double bitrate_bps; /* over the last seconds */
	double read_time_ms; /* mean from a packet's arrival to its frame */
	double decode_ms; /* mean CPU time of decoding one frame */
	struct media last_media;
	struct wall last_wall; /* of the last frame; 0: none yet */
	double last_age_s; /* since it arrived; negative: none yet */
	bool has_camera_clock; /* RTCP says the camera's wall time */
	double camera_clock_offset_s;
	int width_px, height_px; /* as coded, now */
	char codec[32];
	double declared_fps;
	bool b_frames;
	double gop_frames; /* mean distance of key frames */
};

#define STREAM_FOREVER ((struct mono){INT64_MAX / 4})

struct stream;

void stream_params_init(struct stream_params *params);
const char *stream_state_name(enum stream_state state); /* "backing_off" */

/* -EINVAL with the reason, -ENOMEM. Nothing is opened. */
int stream_create(const struct stream_params *params, struct err *err, struct stream **ret_stream);
void stream_destroy(struct stream **stream);
/*
 * Starts the thread. For a camera it returns at once, whatever state the camera is in; a file that
 * cannot be opened is said here. 0 also where it runs already.
 */
int stream_start(struct stream *stream, struct err *err);
/* Within 200 ms. The state becomes `stopped`; waiting frames are dropped. */
void stream_stop(struct stream *stream);
/* Started, and neither failed nor at its end; frames that wait belong to it. */
bool stream_is_running(struct stream *stream);
/* Live, and a frame came within stall_timeout_s. */
bool stream_is_healthy(struct stream *stream);
/*
 * The oldest waiting frame, waiting for one until `deadline`: FLOW_MORE and a reference,
 * `ret_flags` being the frame's with the marks of those dropped before it; -EAGAIN at the deadline,
 * FLOW_END after the last frame of a file or where it was stopped, the errno of what went wrong
 * (and the reason) where it failed.
 */
int stream_next(struct stream *stream, struct mono deadline, struct err *err,
	struct frame **ret_frame, unsigned *ret_flags);
/* A reference to the newest frame, which stays: 0 or -EAGAIN where there was none since start. */
int stream_latest(struct stream *stream, struct frame **ret_frame);
void stream_stats(struct stream *stream, struct stream_stats *ret_stats);
/* The packet ring, which lives as long as the stream; NULL: none. Take a reference to keep it. */
struct packet_ring *stream_ring(struct stream *stream);
/*
 * The encoded video from `before_s` before `at` to `after_s` after it, as far as it is there, as an
 * mp4 file. -ENOENT where `at` is not held.
 */
int stream_write_clip(struct stream *stream, struct media at, double before_s, double after_s,
	const char *path, struct err *err);
/* The source without its secrets. */
const char *stream_name(const struct stream *stream);
