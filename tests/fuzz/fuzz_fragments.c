/*
 * What a camera sends for a live view: parameter sets and packets, whatever they are. First a byte
 * that says which codec, then the length of the parameter sets and they, then packets: length,
 * flags and time, bytes.
 */
#include "av/fragments.h"

#include <libavcodec/avcodec.h>
#include <libavutil/mem.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static unsigned byte(struct input *in)
{
	if (in->size == 0)
		return 0;
	in->size--;
	return *in->data++;
}

/* At most `count` bytes. */
static const uint8_t *bytes(struct input *in, size_t count, size_t *ret_count)
{
	const uint8_t *start = in->data;
	*ret_count = count < in->size ? count : in->size;
	in->data += *ret_count;
	in->size -= *ret_count;
	return start;
}

static struct packet_codec *read_codec(struct input *in)
{
	struct packet_codec *codec = NULL;
	AVCodecParameters *p = avcodec_parameters_alloc();
	size_t count;
	p->codec_type = AVMEDIA_TYPE_VIDEO;
	p->codec_id = byte(in) & 1 ? AV_CODEC_ID_HEVC : AV_CODEC_ID_H264;
	p->width = 64;
	p->height = 48;
	const uint8_t *sets = bytes(in, byte(in), &count);
	p->extradata = av_mallocz(count + AV_INPUT_BUFFER_PADDING_SIZE);
	memcpy(p->extradata, sets, count);
	p->extradata_size = (int)count;
	if (packet_codec_create(p, NULL, &codec) < 0)
		abort();
	avcodec_parameters_free(&p);
	return codec;
}

static struct packet *read_packet(struct input *in, struct packet_codec *codec)
{
	AVPacket *av = av_packet_alloc();
	struct packet *packet;
	size_t count;
	size_t wanted = byte(in) * 4;
	unsigned flags = byte(in);
	int64_t time_us = (int64_t)byte(in) * 10000 - 100000;
	const uint8_t *payload = bytes(in, wanted, &count);
	if (av_new_packet(av, (int)count) < 0)
		abort();
	memcpy(av->data, payload, count);
	av->flags = flags & 1 ? AV_PKT_FLAG_KEY : 0;
	if (packet_create(av, codec, &packet) < 0)
		abort();
	packet->dts.us = time_us;
	packet->pts.us = time_us + (flags >> 1) * 1000;
	av_packet_free(&av);
	return packet;
}

static void play(struct input *in, struct fragments *fragments, struct packet_codec *codec)
{
	const struct media zero = {0};
	struct fragments_bytes out;
	if (fragments_head(fragments, &out) == 0)
		free(out.memory);
	while (in->size > 0) {
		struct packet *packet = read_packet(in, codec);
		fragments_push(fragments, packet, zero, &out);
		packet_unref(&packet);
		free(out.memory);
	}
	fragments_end(fragments, zero, &out);
	free(out.memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct fragments *fragments;
	struct packet_codec *codec = read_codec(&in);
	if (fragments_create(codec, NULL, &fragments) == 0) {
		play(&in, fragments, codec);
		fragments_destroy(&fragments);
	}
	packet_codec_unref(&codec);
	return 0;
}
