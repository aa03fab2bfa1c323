/*
 * One encoded picture with its times: what a camera sends, before it is decoded. Read-only and
 * shared, so that a clip or a live view costs a reference and no copy.
 *
 * Time: `pts` and `dts` are media times of the same clock as the frames that the packet decodes to.
 * Threads: ref and unref from any thread. Memory: reference counted; a packet keeps its codec.
 */
#pragma once

#include "base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct AVPacket;
struct AVCodecParameters;

/* What a decoder or a container has to know before the first packet. Never changes; another one is
 * made where the stream changes. */
struct packet_codec {
	char name[32]; /* libav's: "h264", "hevc", "mjpeg" */
	int width_px, height_px; /* 0 until known */
	const uint8_t *extradata; /* parameter sets, as the source gave them; NULL: none */
	size_t extradata_bytes;
	/* How the pictures are to be turned: the container's display matrix, 16.16. */
	bool has_matrix;
	int32_t matrix[9];

	_Atomic int refs;
	struct AVCodecParameters *parameters; /* for src/av/ only */
};

struct packet {
	const uint8_t *data; /* H.264 and H.265 as the source gave them, usually Annex B */
	size_t size_bytes;
	struct media pts, dts;
	int64_t duration_us; /* 0: unknown */
	struct wall wall; /* of pts */
	struct mono arrival;
	bool key; /* decoding can begin here */
	bool gap; /* packets before this one were lost */
	struct packet_codec *codec;

	_Atomic int refs;
	struct AVPacket *av; /* for src/av/ only */
};

/* What is to know of a libav packet whose times are microseconds. */
struct packet_view {
	int64_t pts_us, dts_us; /* INT64_MIN: none */
	bool key;
	bool unseen; /* decoded, but not shown: the file's edit list begins later, at time 0 */
};
struct packet_view packet_view(const struct AVPacket *av);

struct packet *packet_ref(struct packet *packet);
void packet_unref(struct packet **packet);

/* Copies the parameters, and the nine numbers of `matrix` (NULL: none). 0 or -ENOMEM. */
int packet_codec_create(const struct AVCodecParameters *parameters, const int32_t *matrix,
	struct packet_codec **ret_codec);
struct packet_codec *packet_codec_ref(struct packet_codec *codec);
void packet_codec_unref(struct packet_codec **codec);

/*
 * A packet that shares the bytes of `av` and takes a reference to `codec`; its times are the
 * caller's to set. 0 or -ENOMEM.
 */
int packet_create(
	const struct AVPacket *av, struct packet_codec *codec, struct packet **ret_packet);
