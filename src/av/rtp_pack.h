/*
 * libav's RTP muxer behind a callback instead of a socket. Inside src/av only: it speaks of libav's
 * types.
 *
 * Threads: one owner. Memory: one packet buffer.
 */
#pragma once

#include "av/libav.h"
#include "av/rtp.h"

#include <libavcodec/bsf.h>

struct rtp_pack;

/* `fps`: for the session description, {0, 1} where unknown. -ENOTSUP for a codec without format. */
int rtp_pack_create(const AVCodecParameters *codec, AVRational fps, struct err *err,
	struct rtp_pack **ret_pack);
void rtp_pack_destroy(struct rtp_pack **pack);
/* `packet`: times in 1/90000 s, dts increasing. Borrowed. */
int rtp_pack_send(struct rtp_pack *pack, const AVPacket *packet, av_rtp_sink *sink, void *opaque);
/* As av_rtp_sdp(). */
int rtp_pack_sdp(const struct rtp_pack *pack, char *text, size_t size);

/*
 * Packets as cameras send them: H.264 and HEVC with start codes instead of lengths, and with their
 * parameter sets before each key frame.
 */
int rtp_pack_filter(
	const AVCodecParameters *codec, AVRational time_base, AVBSFContext **ret_filter);
