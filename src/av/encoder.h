/*
 * The encoder behind av/writer.h and av/rtp.h: frames in, packets out. Inside src/av only: it
 * speaks of libav's types.
 *
 * Threads: one owner. Memory: none of its own per frame; the encoder may hold references to frames
 * for a while.
 */
#pragma once

#include "av/flow.h"
#include "av/libav.h"
#include "av/writer.h"

struct encoder_kind {
	const char *name;
	enum AVCodecID id;
	bool pairs; /* codes whole 4:2:0 pairs only */
	bool crf; /* has x264's constant quality */
	int ticks_max; /* most time base ticks per second */
};

struct encoder {
	const char *name; /* of what is written, for messages; borrowed */
	struct av_writer_params params;
	int width_px, height_px; /* of the frames */
	const struct encoder_kind *kind;
	const AVCodec *codec;
	AVCodecContext *context; /* NULL until it was started */
	AVFrame *av;
	struct libav_note *note; /* borrowed */
};

/* What the picture's numbers mean, and how its packets are wanted. */
struct encoder_start {
	AVRational time_base;
	enum color_matrix matrix;
	bool full_range;
	bool global_header; /* parameter sets in the context, not in the packets */
	bool no_delay; /* each frame's packet comes at once */
};

/* Checks the parameters and finds the codec. -EINVAL, -ENOTSUP, -ENOMEM. */
int encoder_init(struct encoder *encoder, const char *name, int width_px, int height_px,
	const struct av_writer_params *params, struct libav_note *note, struct err *err);
void encoder_finish(struct encoder *encoder);
double encoder_fps(const struct encoder *encoder);
int encoder_start(struct encoder *encoder, const struct encoder_start *start, struct err *err);
/* Whether the frame has the right size: 0 or -EINVAL. */
int encoder_fits(const struct encoder *encoder, const struct frame *frame, struct err *err);
/* Takes a frame that fits. `pts`: in the time base, increasing. */
int encoder_send(struct encoder *encoder, const struct frame *frame, int64_t pts, struct err *err);
/* No frame will come any more. */
int encoder_drain(struct encoder *encoder, struct err *err);
/* The next packet: enum flow (FLOW_END: not before another frame) or a negative errno. */
int encoder_receive(struct encoder *encoder, AVPacket *packet, struct err *err);
