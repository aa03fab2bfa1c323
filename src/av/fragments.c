#include "av/fragments.h"

#include "av/libav.h"

#include <errno.h>
#include <libavcodec/bsf.h>
#include <libavutil/opt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IO_BUFFER_BYTES 4096
#define TICKS_PER_S 90000
/* Of a picture of which nothing better is known, 40 ms. */
#define DURATION_TICKS 3600
#define CODEC_TEXT_SIZE 64

struct fragments {
	AVFormatContext *format;
	AVIOContext *io;
	AVPacket *av;
	struct packet *waiting; /* until it is known how long it lasts */
	int64_t waiting_dts, last_dts, duration; /* ticks */
	bool follows; /* the next fragment begins where the last one ends */
	/* What the muxer wrote since it was last taken. */
	unsigned char *memory;
	size_t length, capacity;
	struct fragments_bytes head;
	char codec[CODEC_TEXT_SIZE];
};

static int append(struct fragments *f, const uint8_t *bytes, size_t count)
{
	size_t needed = FRAGMENTS_ROOM_BYTES + f->length + count;
	if (needed > f->capacity) {
		size_t capacity = needed + needed / 4 + 1024;
		unsigned char *memory = realloc(f->memory, capacity);
		if (!memory)
			return -ENOMEM;
		f->memory = memory;
		f->capacity = capacity;
	}
	memcpy(f->memory + FRAGMENTS_ROOM_BYTES + f->length, bytes, count);
	f->length += count;
	return 0;
}

#if LIBAVFORMAT_VERSION_MAJOR >= 61
static int io_write(void *opaque, const uint8_t *bytes, int count)
#else
static int io_write(void *opaque, uint8_t *bytes, int count)
#endif
{
	return append(opaque, bytes, (size_t)count) < 0 ? AVERROR(ENOMEM) : count;
}

static void take(struct fragments *f, struct fragments_bytes *ret_bytes)
{
	*ret_bytes = (struct fragments_bytes){f->length ? f->memory : NULL, f->length};
	if (f->length == 0)
		return;
	f->memory = NULL;
	f->length = f->capacity = 0;
}

static void put_back(struct fragments *f)
{
	f->length = 0;
}

/* The codec's own box in the head, behind its name; NULL where it is not there. */
static const uint8_t *find_box(const struct fragments *f, const char *name, size_t bytes_min)
{
	const uint8_t *start = f->memory + FRAGMENTS_ROOM_BYTES;
	const uint8_t *box = memmem(start, f->length, name, 4);
	return box && (size_t)(start + f->length - box) >= 4 + bytes_min ? box + 4 : NULL;
}

/* ISO/IEC 14496-15, 5.3.3.1.2: profile, constraints and level of AVCDecoderConfigurationRecord. */
static int name_h264(struct fragments *f)
{
	const uint8_t *box = find_box(f, "avcC", 4);
	if (!box || box[0] != 1)
		return -EINVAL;
	snprintf(f->codec, sizeof(f->codec), "avc1.%02X%02X%02X", box[1], box[2], box[3]);
	return 0;
}

static uint32_t reversed(uint32_t bits)
{
	uint32_t r = 0;
	for (int i = 0; i < 32; i++)
		r |= (bits >> i & 1u) << (31 - i);
	return r;
}

/* ISO/IEC 14496-15, annex E.3: from HEVCDecoderConfigurationRecord. */
static int name_hevc(struct fragments *f)
{
	static const char *const spaces[] = {"", "A", "B", "C"};
	const uint8_t *box = find_box(f, "hvcC", 13);
	if (!box)
		return -EINVAL;
	uint32_t compatible =
		(uint32_t)box[2] << 24 | (uint32_t)box[3] << 16 | (uint32_t)box[4] << 8 | box[5];
	int n = snprintf(f->codec, sizeof(f->codec), "hvc1.%s%d.%X.%c%d", spaces[box[1] >> 6],
		box[1] & 31, reversed(compatible), box[1] & 32 ? 'H' : 'L', box[12]);
	int last = 11;
	while (last >= 6 && box[last] == 0)
		last--;
	for (int i = 6; i <= last && n < CODEC_TEXT_SIZE; i++)
		n += snprintf(f->codec + n, sizeof(f->codec) - (size_t)n, ".%X", box[i]);
	return 0;
}

static int add_stream(struct fragments *f, const struct packet_codec *codec)
{
	AVStream *stream = avformat_new_stream(f->format, NULL);
	if (!stream || avcodec_parameters_copy(stream->codecpar, codec->parameters) < 0)
		return AVERROR(ENOMEM);
	if (codec->has_matrix && libav_set_display_matrix(stream, codec->matrix) < 0)
		return AVERROR(ENOMEM);
	/* The muxer's own for H.264; for HEVC the one that browsers know. */
	stream->codecpar->codec_tag =
		codec->parameters->codec_id == AV_CODEC_ID_HEVC ? MKTAG('h', 'v', 'c', '1') : 0;
	stream->time_base = (AVRational){1, TICKS_PER_S};
	return 0;
}

static int open_muxer(struct fragments *f, const struct packet_codec *codec)
{
	uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
	f->io = buffer ? avio_alloc_context(buffer, IO_BUFFER_BYTES, 1, f, NULL, io_write, NULL)
		       : NULL;
	if (!f->io) {
		av_free(buffer);
		return AVERROR(ENOMEM);
	}
	f->io->seekable = 0;
	f->av = av_packet_alloc();
	int r = avformat_alloc_output_context2(&f->format, NULL, "mp4", NULL);
	if (r < 0 || !f->av)
		return AVERROR(ENOMEM);
	f->format->pb = f->io;
	f->format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
	f->format->avoid_negative_ts = 0; /* times are as they are given */
	return add_stream(f, codec);
}

static int write_head(struct fragments *f)
{
	AVDictionary *options = NULL;
	av_dict_set(&options, "movflags",
		"empty_moov+default_base_moof+frag_custom+frag_discont+negative_cts_offsets", 0);
	av_dict_set(&options, "use_editlist", "0", 0);
	int r = avformat_write_header(f->format, &options);
	av_dict_free(&options);
	avio_flush(f->io);
	return r < 0 ? r : f->io->error;
}

/* Parameter sets of HEVC for other layers than the base one (nuh_layer_id, H.265 7.3.1.2), which
 * libav's readers pass over and its muxer does not. */
static bool has_layers(const struct packet_codec *codec)
{
	const uint8_t *d = codec->extradata;
	for (size_t i = 0; i + 4 < codec->extradata_bytes; i++)
		if (d[i] == 0 && d[i + 1] == 0 && d[i + 2] == 1 &&
			((d[i + 3] & 1) || d[i + 4] >> 3))
			return true;
	return false;
}

/*
 * Whether every number in the parameter sets is one that may stand there, which libav's readers of
 * syntax elements check and its muxer does not: it counts to whatever a false one says, for
 * minutes.
 */
static int check_parameter_sets(const struct packet_codec *codec)
{
	bool hevc = codec->parameters->codec_id == AV_CODEC_ID_HEVC;
	const AVBitStreamFilter *filter =
		av_bsf_get_by_name(hevc ? "hevc_metadata" : "h264_metadata");
	AVBSFContext *reader = NULL;
	if (hevc && has_layers(codec))
		return AVERROR_INVALIDDATA;
	int r = filter ? av_bsf_alloc(filter, &reader) : AVERROR_BSF_NOT_FOUND;
	if (r >= 0)
		r = avcodec_parameters_copy(reader->par_in, codec->parameters);
	if (r >= 0)
		r = av_bsf_init(reader);
	av_bsf_free(&reader);
	return r;
}

static int open_all(struct fragments *f, const struct packet_codec *codec, struct err *err)
{
	struct libav_note note = {0};
	libav_init();
	libav_listen(&note);
	int r = check_parameter_sets(codec);
	if (r >= 0)
		r = open_muxer(f, codec);
	if (r >= 0)
		r = write_head(f);
	libav_listen(NULL);
	if (r < 0)
		return err_set(err, libav_errno(r), "%s cannot be put into mp4: %s", codec->name,
			libav_reason(r, &note));
	r = codec->parameters->codec_id == AV_CODEC_ID_H264 ? name_h264(f) : name_hevc(f);
	if (r < 0)
		return err_set(err, r, "the parameter sets of %s are wrong", codec->name);
	take(f, &f->head);
	return 0;
}

int fragments_create(struct packet_codec *codec, struct err *err, struct fragments **ret_fragments)
{
	enum AVCodecID id = codec->parameters->codec_id;
	if (id != AV_CODEC_ID_H264 && id != AV_CODEC_ID_HEVC)
		return err_set(err, -ENOTSUP, "%s is not H.264 or HEVC", codec->name);
	if (codec->extradata_bytes == 0 || codec->width_px < 1 || codec->height_px < 1)
		return err_set(err, -EINVAL, "the parameter sets of %s have not come", codec->name);
	struct fragments *f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(err, -ENOMEM, "out of memory");
	f->duration = DURATION_TICKS;
	int r = open_all(f, codec, err);
	if (r < 0)
		fragments_destroy(&f);
	else
		*ret_fragments = f;
	return r;
}

void fragments_destroy(struct fragments **fragments)
{
	struct fragments *f = *fragments;
	*fragments = NULL;
	if (!f)
		return;
	avformat_free_context(f->format);
	if (f->io)
		av_freep(&f->io->buffer);
	avio_context_free(&f->io);
	av_packet_free(&f->av);
	packet_unref(&f->waiting);
	free(f->head.memory);
	free(f->memory);
	free(f);
}

const char *fragments_codec(const struct fragments *fragments)
{
	return fragments->codec;
}

int fragments_head(struct fragments *fragments, struct fragments_bytes *ret_bytes)
{
	if (fragments->head.length == 0)
		return -EINVAL;
	*ret_bytes = fragments->head;
	fragments->head = (struct fragments_bytes){NULL, 0};
	return 0;
}

static int64_t ticks(struct media time, struct media zero)
{
	return av_rescale(time.us - zero.us, TICKS_PER_S, 1000000);
}

/* The packet that waits, as one fragment. */
static int write_waiting(struct fragments *f, struct media zero, int64_t duration)
{
	if (av_packet_ref(f->av, f->waiting->av) < 0)
		return AVERROR(ENOMEM);
	if (!f->follows)
		av_opt_set(f->format->priv_data, "movflags", "+frag_discont", 0);
	f->av->stream_index = 0;
	f->av->pos = -1;
	f->av->dts = f->waiting_dts;
	f->av->pts = ticks(f->waiting->pts, zero);
	f->av->duration = duration;
	av_packet_rescale_ts(f->av, (AVRational){1, TICKS_PER_S}, f->format->streams[0]->time_base);
	int r = av_write_frame(f->format, f->av);
	av_packet_unref(f->av);
	if (r >= 0)
		r = av_write_frame(f->format, NULL);
	avio_flush(f->io);
	return r < 0 ? r : f->io->error;
}

static int give_waiting(
	struct fragments *f, struct media zero, int64_t duration, struct fragments_bytes *ret_bytes)
{
	int r = write_waiting(f, zero, duration);
	packet_unref(&f->waiting);
	f->follows = r >= 0;
	f->duration = duration;
	if (r >= 0) {
		take(f, ret_bytes);
		return 0;
	}
	put_back(f);
	return r == AVERROR(ENOMEM) ? -ENOMEM : -EINVAL;
}

int fragments_push(struct fragments *fragments, struct packet *packet, struct media zero,
	struct fragments_bytes *ret_bytes)
{
	struct fragments *f = fragments;
	int64_t dts = ticks(packet->dts, zero);
	int r = 0;
	*ret_bytes = (struct fragments_bytes){NULL, 0};
	/* Streams with reordering bring decoding times that hardly differ. */
	if ((f->waiting || f->follows) && dts <= f->last_dts)
		dts = f->last_dts + 1;
	if (f->waiting)
		r = give_waiting(f, zero, dts - f->waiting_dts, ret_bytes);
	f->waiting = packet_ref(packet);
	f->waiting_dts = f->last_dts = dts;
	return r;
}

int fragments_end(struct fragments *fragments, struct media zero, struct fragments_bytes *ret_bytes)
{
	struct fragments *f = fragments;
	*ret_bytes = (struct fragments_bytes){NULL, 0};
	int r = f->waiting ? give_waiting(f, zero, f->duration, ret_bytes) : 0;
	f->follows = false;
	return r;
}
