/*
 * Decoded frames from anything libav reads. With writer.h and convert.h: the only door to libav.
 *
 *     struct av_reader *reader;
 *     int r = av_reader_open(path, &(struct av_reader_params){.thread_count = 1}, &err, &reader);
 *     while ((r = av_reader_read(reader, &err, &frame)) == FLOW_MORE) { ...; frame_unref(&frame); }
 *     av_reader_close(&reader);
 *
 * The first video stream is used; audio and data are ignored. Rotation metadata is applied, edit
 * lists are honoured by presentation time, pixel formats other than 8-bit 4:2:0 are converted.
 * Frames come in presentation order with strictly increasing media time from the first frame's 0;
 * a frame without a timestamp is placed one frame duration after the one before and counted, a
 * backward one likewise. Damaged frames are delivered with FRAME_CORRUPT, and counted.
 *
 * Threads: one reader, one thread, but for av_reader_interrupt(). Memory: frames reference the
 * decoder's buffers where no conversion is needed, and outlive the reader.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"

enum flow {
	FLOW_MORE = 1, /* something was given */
	FLOW_END = 0,  /* nothing more will come */
	/* negative: errno of a failure */
};

struct av_reader_params {
	int thread_count; /* decoder threads; 0: 1 */
	const char *format;  /* libav's name of the container; NULL: found out */
};

struct av_reader_info {
	char container[32], codec[32], pixel_format[32];
	int width_px, height_px; /* as delivered: after rotation */
	int rotation_deg;        /* clockwise, 0, 90, 180 or 270, that was applied */
	double declared_fps;     /* what the container says; 0 if it says nothing; never for measuring */
	double duration_s;       /* 0 if unknown */
	int64_t declared_frame_count; /* 0 if unknown */
};

struct av_reader_stats {
	int64_t packet_count, frame_count, corrupt_count, untimed_count, backward_count,
		skipped_packet_count; /* packets that the decoder refused */
};

struct av_reader;

/*
 * -ENOENT and other errno of opening, -ENODATA for an empty file or one without a video frame,
 * -EINVAL for something that is not a video, -ENOTSUP for a codec that this libav lacks.
 */
int av_reader_open(const char *url, const struct av_reader_params *params, struct err *err,
	struct av_reader **ret_reader);
void av_reader_close(struct av_reader **reader);
/* enum flow or a negative errno. Gives a reference. A truncated file is an end, not a failure. */
int av_reader_read(struct av_reader *reader, struct err *err, struct frame **ret_frame);
const struct av_reader_info *av_reader_info(const struct av_reader *reader);
struct av_reader_stats av_reader_stats(const struct av_reader *reader);
/* From any thread: a blocking read or open returns -ECANCELED soon. */
void av_reader_interrupt(struct av_reader *reader);
