#include "av/packet.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct packet_view packet_view(const struct AVPacket *av)
{
	/* AV_NOPTS_VALUE is INT64_MIN. */
	return (struct packet_view){
		.pts_us = av->pts != AV_NOPTS_VALUE ? av->pts : av->dts,
		.dts_us = av->dts != AV_NOPTS_VALUE ? av->dts : av->pts,
		.key = (av->flags & AV_PKT_FLAG_KEY) != 0,
		.unseen = (av->flags & AV_PKT_FLAG_DISCARD) != 0,
	};
}

struct packet *packet_ref(struct packet *packet)
{
	atomic_fetch_add_explicit(&packet->refs, 1, memory_order_relaxed);
	return packet;
}

void packet_unref(struct packet **packet)
{
	struct packet *p = *packet;
	*packet = NULL;
	/* Release: what others did with the bytes is done; acquire: before they go. */
	if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) > 1)
		return;
	packet_codec_unref(&p->codec);
	av_packet_free(&p->av);
	free(p);
}

int packet_codec_create(const struct AVCodecParameters *parameters, const int32_t *matrix,
	struct packet_codec **ret_codec)
{
	struct packet_codec *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	atomic_init(&c->refs, 1);
	c->parameters = avcodec_parameters_alloc();
	if (!c->parameters || avcodec_parameters_copy(c->parameters, parameters) < 0) {
		packet_codec_unref(&c);
		return -ENOMEM;
	}
	snprintf(c->name, sizeof(c->name), "%s", avcodec_get_name(parameters->codec_id));
	c->width_px = parameters->width;
	c->height_px = parameters->height;
	c->extradata = c->parameters->extradata;
	c->extradata_bytes = (size_t)c->parameters->extradata_size;
	c->has_matrix = matrix != NULL;
	if (matrix)
		memcpy(c->matrix, matrix, sizeof(c->matrix));
	*ret_codec = c;
	return 0;
}

struct packet_codec *packet_codec_ref(struct packet_codec *codec)
{
	atomic_fetch_add_explicit(&codec->refs, 1, memory_order_relaxed);
	return codec;
}

void packet_codec_unref(struct packet_codec **codec)
{
	struct packet_codec *c = *codec;
	*codec = NULL;
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) > 1)
		return;
	avcodec_parameters_free(&c->parameters);
	free(c);
}

int packet_create(const struct AVPacket *av, struct packet_codec *codec, struct packet **ret_packet)
{
	struct packet *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	atomic_init(&p->refs, 1);
	p->av = av_packet_clone(av);
	if (!p->av) {
		packet_unref(&p);
		return -ENOMEM;
	}
	p->data = p->av->data;
	p->size_bytes = (size_t)p->av->size;
	p->duration_us = av->duration > 0 ? av->duration : 0;
	p->key = (av->flags & AV_PKT_FLAG_KEY) != 0;
	p->codec = packet_codec_ref(codec);
	*ret_packet = p;
	return 0;
}
