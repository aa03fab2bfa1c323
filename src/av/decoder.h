/*
 * Pictures out of encoded packets, one stream's, as struct frame: upright, 8-bit 4:2:0.
 *
 * Pixels other than 8-bit 4:2:0 are converted, rotation metadata is applied, and where the stream
 * changes its size later pictures are scaled to the size of the first one and marked
 * FRAME_RESCALED, so that image coordinates mean one thing from beginning to end; whether the view
 * is still the same only a person can say.
 * Damage: a frame that the decoder had to patch up is marked FRAME_CORRUPT, and so are those after
 * it up to the next clean key frame, because they build on it.
 *
 *     for (each packet) {
 *             av_decoder_send(decoder, packet);
 *             while ((r = av_decoder_receive(decoder, &err, &frame, &time)) == FLOW_MORE)
 *                     ...
 *     }
 *
 * Threads: one decoder, one thread. Memory: frames reference the decoder's buffers where no
 * conversion is needed, and outlive it.
 */
#pragma once

#include "av/demux.h"
#include "base/frame.h"

/* Packets in a row from which nothing could be decoded, after which av_decoder_receive() says the
 * end: this is not video, or not that codec. */
#define AV_DECODER_BAD_MAX 256

struct av_decoder_time {
	int64_t timestamp_us; /* the packets' clock; INT64_MIN where there is none */
	int64_t duration_us; /* 0: unknown */
	/* The packets only say when they are decoded, and pictures are shown up to so many later.
	 */
	int late_count;
	bool key;
};

struct av_decoder_stats {
	int64_t decoded_count;
	int64_t refused_count; /* packets that the decoder could not use at all */
	int64_t corrupt_count, rescaled_count;
	int64_t held_count; /* sent, and may still come out */
	int coded_width_px, coded_height_px; /* of the latest picture, before scaling and turning */
};

struct av_decoder;

/*
 * For the demuxer's stream; the demuxer may be closed before the decoder. `thread_count` 0: 1.
 * -ENOTSUP for a codec that this libav lacks, -EINVAL and others of starting it, -ENOMEM.
 */
int av_decoder_create(const struct av_demux *demux, int thread_count, struct err *err,
	struct av_decoder **ret_decoder);
void av_decoder_destroy(struct av_decoder **decoder);
/*
 * A packet, or NULL: no more will come, give what is left. Takes no reference. 0 also for packets
 * that are of no use (counted); -ENOMEM.
 */
int av_decoder_send(struct av_decoder *decoder, const struct AVPacket *packet);
/*
 * FLOW_MORE: a picture with neither media time nor arrival nor sequence; -EAGAIN: it wants another
 * packet; FLOW_END; other negative errno. Gives a reference.
 */
int av_decoder_receive(struct av_decoder *decoder, struct err *err, struct frame **ret_frame,
	struct av_decoder_time *ret_time);
/* The bytes before the next packet were damaged: what builds on them is. */
void av_decoder_note_damage(struct av_decoder *decoder);
/* Forgets what came before: after a gap, a loop. */
void av_decoder_flush(struct av_decoder *decoder);
struct av_decoder_stats av_decoder_stats(const struct av_decoder *decoder);

/* Of what is delivered; complete once a picture was received. */
struct av_decoder_info {
	char pixel_format[32];
	int width_px, height_px;
	int rotation_deg; /* clockwise, 0, 90, 180 or 270, that was applied */
	bool mirrored; /* left and right were exchanged before that */
	double pixel_aspect; /* a pixel's width over its height, as delivered; 1: square */
};
const struct av_decoder_info *av_decoder_info(const struct av_decoder *decoder);
/* For src/av/: what the decoder complained of, "" for nothing. */
const char *av_decoder_complaint(const struct av_decoder *decoder);
