#include "av/codec_watch.h"

#include "av/libav.h"

#include <errno.h>
#include <libavcodec/bsf.h>
#include <stdlib.h>
#include <string.h>

struct codec_watch {
	AVCodecParameters *parameters; /* the latest */
	AVBSFContext *extract; /* NULL: parameter sets are not in the packets */
	AVPacket *packet;
	struct packet_codec *codec; /* made of `parameters`; NULL: they changed */
	bool has_matrix;
	int32_t matrix[9]; /* the container's display matrix */
};

/* Annex B, as networks have it; mp4's way of storing them begins with a 1. */
static bool carries_parameter_sets(const AVCodecParameters *p)
{
	bool known = p->codec_id == AV_CODEC_ID_H264 || p->codec_id == AV_CODEC_ID_HEVC;
	return known && !(p->extradata_size > 0 && p->extradata[0] == 1);
}

static int open_extractor(struct codec_watch *w)
{
	const AVBitStreamFilter *filter = av_bsf_get_by_name("extract_extradata");
	if (!filter || !carries_parameter_sets(w->parameters))
		return 0;
	if (av_bsf_alloc(filter, &w->extract) < 0 ||
		avcodec_parameters_copy(w->extract->par_in, w->parameters) < 0 ||
		av_bsf_init(w->extract) < 0)
		return -ENOMEM;
	return 0;
}

int codec_watch_create(const struct av_demux *demux, struct codec_watch **ret_watch)
{
	struct codec_watch *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	const int32_t *matrix = libav_display_matrix(av_demux_stream(demux));
	w->has_matrix = matrix != NULL;
	if (matrix)
		memcpy(w->matrix, matrix, sizeof(w->matrix));
	w->parameters = avcodec_parameters_alloc();
	w->packet = av_packet_alloc();
	if (!w->parameters || !w->packet ||
		avcodec_parameters_copy(w->parameters, av_demux_stream(demux)->codecpar) < 0 ||
		open_extractor(w) < 0) {
		codec_watch_destroy(&w);
		return -ENOMEM;
	}
	*ret_watch = w;
	return 0;
}

void codec_watch_destroy(struct codec_watch **watch)
{
	struct codec_watch *w = *watch;
	*watch = NULL;
	if (!w)
		return;
	packet_codec_unref(&w->codec);
	av_bsf_free(&w->extract);
	av_packet_free(&w->packet);
	avcodec_parameters_free(&w->parameters);
	free(w);
}

static int take_extradata(struct codec_watch *w, const uint8_t *data, size_t size)
{
	AVCodecParameters *p = w->parameters;
	if ((size_t)p->extradata_size == size && memcmp(p->extradata, data, size) == 0)
		return 0;
	uint8_t *copy = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, size);
	av_freep(&p->extradata);
	p->extradata = copy;
	p->extradata_size = (int)size;
	packet_codec_unref(&w->codec);
	return 0;
}

static int look_for_parameter_sets(struct codec_watch *w, const AVPacket *packet)
{
	int r = 0;
	if (av_packet_ref(w->packet, packet) < 0)
		return -ENOMEM;
	if (av_bsf_send_packet(w->extract, w->packet) < 0) {
		av_packet_unref(w->packet);
		return 0;
	}
	while (av_bsf_receive_packet(w->extract, w->packet) == 0) {
		size_t size = 0;
		const uint8_t *data =
			av_packet_get_side_data(w->packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
		if (data && size > 0 && r == 0)
			r = take_extradata(w, data, size);
		av_packet_unref(w->packet);
	}
	return r;
}

int codec_watch_packet(struct codec_watch *watch, const struct AVPacket *packet, int width_px,
	int height_px, struct packet_codec **ret_codec)
{
	struct codec_watch *w = watch;
	AVCodecParameters *p = w->parameters;
	if (w->extract && (packet->flags & AV_PKT_FLAG_KEY)) {
		int r = look_for_parameter_sets(w, packet);
		if (r < 0)
			return r;
	}
	if (width_px > 0 && (p->width != width_px || p->height != height_px)) {
		p->width = width_px;
		p->height = height_px;
		packet_codec_unref(&w->codec);
	}
	if (!w->codec && packet_codec_create(p, w->has_matrix ? w->matrix : NULL, &w->codec) < 0)
		return -ENOMEM;
	*ret_codec = w->codec;
	return 0;
}
