/*
 * What a stream reads: a kind of source behind a small vtable. Cameras (input_camera.c: URLs,
 * devices, files played at their own pace) and files read as fast as they are taken (input_file.c)
 * are built in. Others are handed in with stream_params.kinds by whoever knows them: ingest must
 * not know the simulator (ARCHITECTURE.md), so "sim:" is pipeline/sim_input.c.
 *
 * Threads: all calls for one input come from its stream's thread.
 */
#pragma once

#include "av/demux.h"
#include "av/packet_ring.h"
#include "base/cancel.h"
#include "base/err.h"
#include "base/frame.h"
#include "ingest/live_clock.h"

struct input_params {
	const char *source;
	struct av_demux_params demux; /* cameras; its `cancel` must end every wait of any input */
	bool loop, paced;
	double gap_s;
	int decoder_threads;
	int buffer_size; /* how many frames may wait */
	struct live_clock *clock; /* the stream's; goes on when the input is opened again */
	struct packet_ring *ring; /* NULL: none */
};

struct input_stats {
	int64_t read_count; /* encoded pictures, or pictures where nothing is encoded */
	int64_t byte_count;
	int64_t decoded_count, corrupt_count, rescaled_count;
	int64_t held_count; /* pictures read that the decoder may still give */
	int64_t missed_count; /* RTP packets lost on the way */
	double decode_s; /* CPU time of decoding, all in all */
	bool has_camera_clock;
	double camera_clock_offset_s; /* the camera's wall clock less ours */
	int coded_width_px, coded_height_px;
	bool b_frames; /* pictures were sent in another order than shown */
	int64_t key_count;
	char codec[32];
	double declared_fps;
};

struct input_kind {
	const char *name; /* for messages */
	bool (*takes)(const char *source, bool paced);
	/* Its end is an end and not a loss, and opening it fails at once where it fails. */
	bool (*is_file)(const char *source);
	int (*open)(const struct input_params *params, struct err *err, void **ret_input);
	void (*close)(void **input);
	/*
	 * enum flow or a negative errno (-ETIMEDOUT: nothing comes). Gives a reference to a frame
	 * with media, wall, arrival and flags that nobody else has seen.
	 */
	int (*read)(void *input, struct err *err, struct frame **ret_frame);
	void (*stats)(const void *input, struct input_stats *ret_stats);
};

extern const struct input_kind input_camera, input_file;
