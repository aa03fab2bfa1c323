/*
 * Which struct packet_codec a stream's packets belong to. Cameras put their parameter sets into the
 * stream, leave them out of the description or give wrong ones there, and change size while they
 * run; a clip or a live view needs those that fit its packets. So they are taken from each key
 * frame that carries them.
 *
 * Threads: one owner. Memory: the latest codec.
 */
#pragma once

#include "av/demux.h"
#include "av/packet.h"
#include "base/err.h"

struct codec_watch;

int codec_watch_create(const struct av_demux *demux, struct codec_watch **ret_watch);
void codec_watch_destroy(struct codec_watch **watch);
/*
 * The codec of a packet whose pictures have that size (0: not known yet). Borrowed until the next
 * call. 0 or -ENOMEM.
 */
int codec_watch_packet(struct codec_watch *watch, const struct AVPacket *packet, int width_px,
	int height_px, struct packet_codec **ret_codec);
