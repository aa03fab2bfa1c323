/*
 * Decoded frames from files and whatever else libav reads to its end: demux.h and decoder.h joined,
 * with a timeline.h behind them.
 *
 *     struct av_reader *reader;
 *     int r = av_reader_open(path, &(struct av_reader_params){.thread_count = 1}, &err, &reader);
 *     while ((r = av_reader_read(reader, &err, &frame)) == FLOW_MORE) { ...; frame_unref(&frame); }
 *     av_reader_close(&reader);
 *
 * The first video stream is used; cover art, audio and data are ignored. Rotation metadata is
 * applied, edit lists are honoured, pixels other than 8-bit 4:2:0 are converted; non-square pixels
 * stay as they are coded, and the info says what shape they have. Where the stream changes its
 * size, later pictures are scaled to the size of the first one and marked FRAME_RESCALED, so that
 * image coordinates mean one thing from beginning to end; whether the view is still the same only a
 * person can say.
 *
 * Time: frames come in presentation order with strictly increasing media time from the first
 * frame's 0; timeline.h says what happens to timestamps that are missing or false.
 * Damage: a frame that the decoder had to patch up is delivered with FRAME_CORRUPT, and so are
 * those after it up to the next clean key frame, because they build on it.
 *
 * Threads: one reader, one thread, but for av_reader_interrupt(). Memory: frames reference the
 * decoder's buffers where no conversion is needed, and outlive the reader.
 */
#pragma once

#include "av/flow.h"
#include "av/packet_ring.h"
#include "base/err.h"
#include "base/frame.h"

struct av_reader_params {
	int thread_count; /* decoder threads; 0: 1. On damaged streams only 1 is reproducible */
	const char *format; /* libav's name of the container; NULL: found out */
	struct packet_ring *ring; /* gets every packet, with its picture's media time; NULL: none */
	struct media ring_start; /* added to those; not 0: the first packet continues nothing */
};

struct av_reader_info {
	char container[32], codec[32], pixel_format[32];
	int width_px, height_px; /* as delivered: after rotation */
	int rotation_deg; /* clockwise, 0, 90, 180 or 270, that was applied */
	bool mirrored; /* left and right were exchanged before that */
	double pixel_aspect; /* a pixel's width over its height; 1: square */
	double declared_fps; /* what the container says; 0 if it says nothing; never for measuring
			      */
	bool nominal_time; /* the container has no timestamps: media time is made of declared_fps */
	double duration_s; /* 0 if unknown */
	double lost_start_s; /* the stream's time before its first frame that could be decoded */
	int64_t declared_frame_count; /* 0 if unknown */
	struct wall created; /* the container's creation_time; 0 if unknown */
};

struct av_reader_stats {
	int64_t packet_count, frame_count, corrupt_count, untimed_count, backward_count;
	int64_t jump_count; /* the stream's clock jumped and was followed */
	int64_t skipped_packet_count; /* packets that the decoder refused */
	int64_t rescaled_count;
	bool ended_early; /* the file ended before the duration it declares, or could not be read on
			   */
};

struct av_reader;

/*
 * Decodes the first frame, so that what succeeds has a picture. -ENOENT and other errno of opening,
 * -ENODATA for an empty file or one without a video frame, -EINVAL for something that is not a
 * video, -ENOTSUP for a codec that this libav lacks. `url`: a path.
 */
int av_reader_open(const char *url, const struct av_reader_params *params, struct err *err,
	struct av_reader **ret_reader);
void av_reader_close(struct av_reader **reader);
/*
 * enum flow or a negative errno. Gives a reference. A truncated or damaged file is an end
 * (`ended_early`), not a failure; a disk that cannot be read is one, after the frames before it.
 */
int av_reader_read(struct av_reader *reader, struct err *err, struct frame **ret_frame);
/* The first picture of a file, an image as well as a video: open, read, close. Gives a reference.
 */
int av_reader_read_picture(const char *path, struct err *err, struct frame **ret_frame);
const struct av_reader_info *av_reader_info(const struct av_reader *reader);
struct av_reader_stats av_reader_stats(const struct av_reader *reader);
/* From any thread: a blocking read returns -ECANCELED soon, and so do all later ones. */
void av_reader_interrupt(struct av_reader *reader);
