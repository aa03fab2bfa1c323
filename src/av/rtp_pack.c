#include "av/rtp_pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rtp_pack {
	AVFormatContext *format;
	AVIOContext *io;
	AVPacket *packet;
	AVRational fps;
	av_rtp_sink *sink; /* of the call that goes on */
	void *opaque;
	struct libav_note note;
	bool open; /* the header was written */
};

#if LIBAVFORMAT_VERSION_MAJOR >= 61
typedef const uint8_t io_bytes;
#else
typedef uint8_t io_bytes;
#endif

/* The muxer flushes after each packet, so one call is one packet. */
static int on_packet(void *opaque, io_bytes *bytes, int count)
{
	struct rtp_pack *pack = opaque;
	if (pack->sink && count > AV_RTP_HEADER_BYTES)
		pack->sink(pack->opaque, bytes, count);
	return count;
}

static int open_io(struct rtp_pack *pack)
{
	uint8_t *buffer = av_malloc(AV_RTP_PACKET_MAX_BYTES);
	if (!buffer)
		return -ENOMEM;
	pack->io =
		avio_alloc_context(buffer, AV_RTP_PACKET_MAX_BYTES, 1, pack, NULL, on_packet, NULL);
	if (!pack->io) {
		av_free(buffer);
		return -ENOMEM;
	}
	pack->io->max_packet_size = AV_RTP_PACKET_MAX_BYTES;
	return 0;
}

static int open_muxer(struct rtp_pack *pack, const AVCodecParameters *codec, struct err *err)
{
	int r = avformat_alloc_output_context2(&pack->format, NULL, "rtp", NULL);
	if (r < 0)
		return err_set(err, libav_errno(r), "this libav cannot make RTP packets");
	pack->format->pb = pack->io;
	pack->format->flags |= AVFMT_FLAG_CUSTOM_IO;
	AVStream *stream = avformat_new_stream(pack->format, NULL);
	if (!stream || avcodec_parameters_copy(stream->codecpar, codec) < 0)
		return -ENOMEM;
	stream->codecpar->codec_tag = 0;
	AVDictionary *options = NULL;
	/* Reports speak of wall time, which the sender knows. */
	av_dict_set(&options, "rtpflags", "skip_rtcp", 0);
	r = avformat_write_header(pack->format, &options);
	av_dict_free(&options);
	pack->open = r >= 0;
	return r < 0 ? err_set(err, -ENOTSUP, "%s cannot be sent as RTP: %s",
			       avcodec_get_name(codec->codec_id), libav_reason(r, &pack->note))
		     : 0;
}

int rtp_pack_create(
	const AVCodecParameters *codec, AVRational fps, struct err *err, struct rtp_pack **ret_pack)
{
	struct rtp_pack *pack = calloc(1, sizeof(*pack));
	if (!pack)
		return -ENOMEM;
	pack->fps = fps;
	libav_listen(&pack->note);
	int r = open_io(pack);
	if (r == 0)
		r = open_muxer(pack, codec, err);
	libav_listen(NULL);
	pack->packet = av_packet_alloc();
	if (r == 0 && !pack->packet)
		r = -ENOMEM;
	if (r < 0) {
		rtp_pack_destroy(&pack);
		return r;
	}
	*ret_pack = pack;
	return 0;
}

void rtp_pack_destroy(struct rtp_pack **pack)
{
	struct rtp_pack *p = *pack;
	*pack = NULL;
	if (!p)
		return;
	/* Nothing is sent by it, but the muxer keeps a buffer until then. */
	if (p->open)
		av_write_trailer(p->format);
	avformat_free_context(p->format);
	if (p->io)
		av_freep(&p->io->buffer);
	avio_context_free(&p->io);
	av_packet_free(&p->packet);
	free(p);
}

int rtp_pack_send(struct rtp_pack *pack, const AVPacket *packet, av_rtp_sink *sink, void *opaque)
{
	int r = av_packet_ref(pack->packet, packet);
	if (r < 0)
		return libav_errno(r);
	pack->packet->stream_index = 0;
	pack->packet->time_base = pack->format->streams[0]->time_base;
	pack->sink = sink;
	pack->opaque = opaque;
	r = av_write_frame(pack->format, pack->packet);
	avio_flush(pack->io);
	pack->sink = NULL;
	av_packet_unref(pack->packet);
	return r < 0 ? libav_errno(r) : 0;
}

int rtp_pack_sdp(const struct rtp_pack *pack, char *text, size_t size)
{
	char whole[AV_RTP_SDP_SIZE];
	AVFormatContext *format = pack->format;
	if (av_sdp_create(&format, 1, whole, sizeof(whole)) < 0)
		return -ENOSPC;
	const char *media = strstr(whole, "m=video");
	if (!media)
		return -ENOTSUP;
	int n = snprintf(text, size, "%s", media);
	if (n >= 0 && (size_t)n < size && pack->fps.num > 0)
		n += snprintf(
			text + n, size - (size_t)n, "a=framerate:%.6g\r\n", av_q2d(pack->fps));
	return n < 0 || (size_t)n >= size ? -ENOSPC : 0;
}

static const char *filter_of(const AVCodecParameters *codec)
{
	bool lengths = codec->extradata_size > 0 && codec->extradata[0] == 1;
	if (codec->codec_id == AV_CODEC_ID_H264)
		return lengths ? "h264_mp4toannexb" : "dump_extra";
	if (codec->codec_id == AV_CODEC_ID_HEVC)
		return lengths ? "hevc_mp4toannexb" : "dump_extra";
	return "null";
}

int rtp_pack_filter(const AVCodecParameters *codec, AVRational time_base, AVBSFContext **ret_filter)
{
	AVBSFContext *filter = NULL;
	int r = av_bsf_list_parse_str(filter_of(codec), &filter);
	if (r >= 0)
		r = avcodec_parameters_copy(filter->par_in, codec);
	if (r >= 0) {
		filter->time_base_in = time_base;
		r = av_bsf_init(filter);
	}
	if (r < 0) {
		av_bsf_free(&filter);
		return libav_errno(r);
	}
	*ret_filter = filter;
	return 0;
}
