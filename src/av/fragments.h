/*
 * Encoded packets as fragmented mp4 (ISO/IEC 14496-12, 8.8) in memory, as they come: what a
 * browser's MediaSource plays. Nothing is decoded or encoded.
 *
 *     r = fragments_create(packet->codec, &err, &fragments);
 *     r = fragments_head(fragments, &bytes);             // ftyp and moov, before all else
 *     while (... a packet of the same codec ...)
 *             r = fragments_push(fragments, packet, zero, &bytes);
 *     r = fragments_end(fragments, &bytes);
 *
 * Time: a fragment holds one picture and says its own decoding time, counted from the media time
 * `zero`, and how long the picture lasts: until the next one. So a picture leaves when the one
 * after it has come, and one before a jump with fragments_end().
 *
 * Threads: one owner. Memory: bytes belong to whoever they are given to.
 */
#pragma once

#include "av/packet.h"
#include "base/err.h"

/* In front of the bytes there is so much room: a transport may put its own head there. */
#define FRAGMENTS_ROOM_BYTES 64

struct fragments_bytes {
	unsigned char *memory; /* free() it; the bytes begin FRAGMENTS_ROOM_BYTES behind */
	size_t length; /* 0: none, and no memory */
};

struct fragments;

/* -ENOTSUP for a codec that is not H.264 or HEVC, -EINVAL where its parameter sets are missing or
 * cannot be understood, -ENOMEM. */
int fragments_create(struct packet_codec *codec, struct err *err, struct fragments **ret_fragments);
void fragments_destroy(struct fragments **fragments);
/* For MediaSource, as RFC 6381 has it: "avc1.64001F", "hvc1.1.6.L93.B0". */
const char *fragments_codec(const struct fragments *fragments);

/* The head, once. */
int fragments_head(struct fragments *fragments, struct fragments_bytes *ret_bytes);
/* Takes a reference; gives the picture pushed before, if there is one. -EINVAL for a packet that
 * cannot be understood, which is left out; -ENOMEM. */
int fragments_push(struct fragments *fragments, struct packet *packet, struct media zero,
	struct fragments_bytes *ret_bytes);
/* The last picture, lasting as long as the one before it. The next one may be of any time. */
int fragments_end(
	struct fragments *fragments, struct media zero, struct fragments_bytes *ret_bytes);
