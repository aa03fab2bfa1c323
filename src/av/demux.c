#include "av/demux.h"

#include "av/address.h"
#include "av/libav.h"
#include "base/log.h"
#include "base/mask.h"

#include <errno.h>
#include <libavdevice/avdevice.h>
#include <libavutil/avstring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Containers that hold video or one picture. Left out on purpose: playlists (they open whatever
 * file or address they name), text that libav would draw as a picture, and numbered file lists.
 */
static const char containers[] =
	"mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,vvc,mjpeg,"
	"mpjpeg,ivf,obu,av1,flv,asf,ogg,nut,yuv4mpegpipe,dv,mxf,gif,apng,dhav,h261,h263,vc1,rm,wtv,"
	"image2pipe,jpeg_pipe,png_pipe,bmp_pipe,webp_pipe,tiff_pipe,ppm_pipe,pgm_pipe,pbm_pipe,"
	"pam_pipe,image2,j2k_pipe,jpegxl_pipe,qoi_pipe,sgi_pipe";

/* A codec's bare stream: libav makes up times at a nominal rate. */
static const char bare_streams[] =
	"h264,hevc,vvc,m4v,mpegvideo,mjpeg,mpjpeg,h261,h263,vc1,obu,av1,dirac,cavsvideo";

/* What a server may make us open, whatever its description says. */
static const char network_protocols[] = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,httpproxy";

/* That many unreadable packets in a row: the rest is not a video. */
#define BAD_IN_A_ROW_MAX 256
/* How long packets that overtook each other on the way are waited for. */
#define REORDER_US "200000"
#define GOODBYE_US 50000
/* A device cannot be waited for and stopped at once, so it is asked so often. */
#define DEVICE_POLL_US 2000

struct av_demux {
	char name[256]; /* the URL without its secrets */
	enum av_source kind;
	AVFormatContext *format;
	AVStream *stream;
	AVPacket *packet;
	struct libav_note note;
	struct cancel *cancel;
	struct mono deadline; /* of the call that is going on; 0: none */
	bool timed_out; /* the deadline interrupted it */
	int64_t read_timeout_us;
	bool damaged;
	int bad_in_a_row;
	int read_error; /* negative errno with which reading ended */
	struct wall camera_wall;
	struct av_demux_info info;
	struct av_demux_stats stats;
};

/* Called by libav from within whatever waits. */
static int interrupted(void *opaque)
{
	struct av_demux *d = opaque;
	if (d->cancel && cancel_is_set(d->cancel))
		return 1;
	if (d->deadline.us != 0 && mono_now().us >= d->deadline.us)
		d->timed_out = true;
	return d->timed_out;
}

static void set_deadline(struct av_demux *d, int64_t timeout_us)
{
	d->timed_out = false;
	d->deadline = timeout_us > 0 ? mono_after(mono_now(), timeout_us) : (struct mono){0};
}

/* What an interruption makes of a libav error, or of its success. */
static int verdict(struct av_demux *d, int r)
{
	if (d->cancel && cancel_is_set(d->cancel))
		return -ECANCELED;
	return d->timed_out ? -ETIMEDOUT : r;
}

enum av_source av_source_kind(const char *url)
{
	if (av_strstart(url, "rtsp://", NULL) || av_strstart(url, "rtsps://", NULL))
		return AV_SOURCE_RTSP;
	if (av_strstart(url, "http://", NULL) || av_strstart(url, "https://", NULL))
		return AV_SOURCE_HTTP;
	if (av_strstart(url, "/dev/video", NULL))
		return AV_SOURCE_DEVICE;
	return strstr(url, "://") ? AV_SOURCE_UNKNOWN : AV_SOURCE_FILE;
}

static int check_file(const char *path, struct err *err)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return err_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, "%s: is a directory; give a video file", path);
	if (S_ISREG(st.st_mode) && st.st_size == 0)
		return err_set(err, -ENODATA, "%s: is empty (0 bytes)", path);
	return 0;
}

/* A camera's beginning is looked at no longer than to find its codec, else the first frame would
 * come a second late; its parameter sets come again with each key frame. */
static void rtsp_options(const struct av_demux_params *params, AVDictionary **options)
{
	static const char *const transports[] = {
		[AV_TRANSPORT_TCP] = "tcp",
		[AV_TRANSPORT_UDP] = "udp",
		[AV_TRANSPORT_AUTO] = NULL,
	};
	if (transports[params->transport])
		av_dict_set(options, "rtsp_transport", transports[params->transport], 0);
	else
		av_dict_set(options, "rtsp_flags", "prefer_tcp", 0);
	av_dict_set(options, "allowed_media_types", "video", 0);
	av_dict_set(options, "probesize", "32", 0);
	av_dict_set(options, "analyzeduration", "0", 0);
	av_dict_set(options, "max_delay", REORDER_US, 0);
	av_dict_set(options, "protocol_whitelist", network_protocols, 0);
}

/* The address as libav wants it, the container where it is not to be guessed, and the options. */
static int prepare(const char *url, const struct av_demux_params *params, struct av_demux *d,
	char *ret_address, const AVInputFormat **ret_format, AVDictionary **ret_options,
	struct err *err)
{
	int r = 0;
	switch (d->kind) {
	case AV_SOURCE_FILE:
		r = check_file(url, err);
		if (r < 0)
			return r;
		/* Without the prefix a path such as "cam:1.mp4" would name a protocol. */
		if (snprintf(ret_address, ADDRESS_SIZE, "file:%s", url) >= ADDRESS_SIZE)
			return err_set(err, -ENAMETOOLONG, "%s: path is too long", d->name);
		av_dict_set(ret_options, "format_whitelist", containers, 0);
		/* One image is one file: a '%' or '*' in its name is no pattern. */
		av_dict_set(ret_options, "pattern_type", "none", 0);
		return 0;
	case AV_SOURCE_RTSP:
		rtsp_options(params, ret_options);
		*ret_format = av_find_input_format("rtsp");
		break;
	case AV_SOURCE_HTTP:
		av_dict_set(ret_options, "format_whitelist", containers, 0);
		av_dict_set(ret_options, "protocol_whitelist", network_protocols, 0);
		break;
	case AV_SOURCE_DEVICE:
		avdevice_register_all();
		*ret_format = av_find_input_format("video4linux2");
		snprintf(ret_address, ADDRESS_SIZE, "%s", url);
		return 0;
	case AV_SOURCE_UNKNOWN:
		return err_set(err, -EPROTONOSUPPORT,
			"%s: is no source that can be opened; give a file, rtsp://, rtsps://, "
			"http://, "
			"https:// or /dev/video0",
			d->name);
	}
	r = address_complete(url, params->username, params->password, ret_address);
	return r < 0 ? err_set(err, r, "%s: address is too long", d->name) : 0;
}

static const char *connect_reason(struct av_demux *d, int error)
{
	switch (error) {
	case AVERROR_HTTP_UNAUTHORIZED:
		return "the server refused the user name or password (401)";
	case AVERROR_HTTP_FORBIDDEN:
		return "the server forbids it (403)";
	case AVERROR_HTTP_NOT_FOUND:
		return "the server has no such stream (404)";
	case AVERROR(ECONNREFUSED):
		return "nothing listens there (connection refused)";
	case AVERROR(EPROTONOSUPPORT):
		return "the server refuses this transport; try the other of tcp and udp";
	default:
		return libav_reason(error, &d->note);
	}
}

static int open_failed(struct av_demux *d, int r, int64_t timeout_us, struct err *err)
{
	int interruption = verdict(d, 0);
	if (interruption == -ECANCELED)
		return err_set(err, -ECANCELED, "%s: opening was cancelled", d->name);
	if (interruption == -ETIMEDOUT)
		return err_set(err, -ETIMEDOUT, "%s: %s within %.1f s", d->name,
			d->format ? "answered, but sent no video" : "did not answer",
			(double)timeout_us * 1e-6);
	if (r == AVERROR(ENOMEM))
		return -ENOMEM;
	bool network = d->kind == AV_SOURCE_RTSP || d->kind == AV_SOURCE_HTTP;
	if (r == AVERROR(EINVAL) && strstr(d->note.text, "whitelist"))
		return err_set(err, -EINVAL, "%s: is not a video", d->name);
	if (network)
		return err_set(err, libav_errno(r), "%s: cannot be opened: %s", d->name,
			connect_reason(d, r));
	return err_set(err, libav_errno(r), "%s: is not a video that can be read: %s", d->name,
		libav_reason(r, &d->note));
}

static void report_leftovers(const struct av_demux *d, const AVDictionary *options)
{
	const AVDictionaryEntry *e = NULL;
	while ((e = av_dict_get(options, "", e, AV_DICT_IGNORE_SUFFIX)))
		if (d->kind == AV_SOURCE_RTSP)
			log_debug("%s: this libav does not know the option %s", d->name, e->key);
}

static int open_container(
	struct av_demux *d, const char *url, const struct av_demux_params *params, struct err *err)
{
	char address[ADDRESS_SIZE];
	AVDictionary *options = NULL;
	const AVInputFormat *format = NULL;
	int r = prepare(url, params, d, address, &format, &options, err);
	if (r == 0 && params->format && !(format = av_find_input_format(params->format)))
		r = err_set(err, -EINVAL, "%s: libav has no container format '%s'", d->name,
			params->format);
	if (r == 0 && !(d->format = avformat_alloc_context()))
		r = -ENOMEM;
	if (r < 0)
		goto end;
	if (format)
		av_dict_set(&options, "format_whitelist", NULL, 0);
	d->format->interrupt_callback = (AVIOInterruptCB){interrupted, d};
	if (d->kind == AV_SOURCE_DEVICE)
		d->format->flags |= AVFMT_FLAG_NONBLOCK;
	r = avformat_open_input(&d->format, address, format, &options);
	if (verdict(d, r) < 0)
		r = open_failed(d, r, params->open_timeout_us, err);
	else
		report_leftovers(d, options);
end:
	av_dict_free(&options);
	return r;
}

static AVStream *first_video(AVFormatContext *format)
{
	AVStream *video = NULL;
	for (unsigned i = 0; i < format->nb_streams; i++) {
		AVStream *s = format->streams[i];
		bool usable = s->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
			      !(s->disposition & AV_DISPOSITION_ATTACHED_PIC);
		if (usable && !video)
			video = s;
		else
			s->discard = AVDISCARD_ALL;
	}
	return video;
}

static int find_stream(struct av_demux *d, int64_t timeout_us, struct err *err)
{
	AVFormatContext *format = d->format;
	/* A device says all at once, and may never send a picture to find out more from. */
	int r = d->kind == AV_SOURCE_DEVICE ? 0 : avformat_find_stream_info(format, NULL);
	if (verdict(d, 0) < 0)
		return open_failed(d, r, timeout_us, err);
	d->stream = first_video(format);
	if (d->stream)
		return 0;
	return err_set(err, -EINVAL, "%s: has no video stream, and %u of other kinds", d->name,
		format->nb_streams);
}

static struct wall creation_time(const struct av_demux *d)
{
	struct wall created = {0};
	const AVDictionaryEntry *e = av_dict_get(d->stream->metadata, "creation_time", NULL, 0);
	if (!e)
		e = av_dict_get(d->format->metadata, "creation_time", NULL, 0);
	/* Recorders without a clock write the beginning of an epoch. */
	if (!e || wall_parse(e->value, &created) < 0 || created.us <= 0)
		return (struct wall){0};
	return created;
}

static void describe(struct av_demux *d)
{
	struct av_demux_info *info = &d->info;
	const AVStream *stream = d->stream;
	const AVRational *fps =
		stream->avg_frame_rate.num > 0 ? &stream->avg_frame_rate : &stream->r_frame_rate;
	snprintf(info->container, sizeof(info->container), "%s", d->format->iformat->name);
	snprintf(info->codec, sizeof(info->codec), "%s",
		avcodec_get_name(stream->codecpar->codec_id));
	info->declared_fps = fps->num > 0 && fps->den > 0 ? av_q2d(*fps) : 0;
	info->nominal_time = av_match_name(d->format->iformat->name, bare_streams) != 0;
	info->declared_frame_count = stream->nb_frames;
	info->created = creation_time(d);
	if (stream->duration > 0)
		info->duration_s = (double)stream->duration * av_q2d(stream->time_base);
	else if (d->format->duration > 0)
		info->duration_s = (double)d->format->duration / AV_TIME_BASE;
}

int av_demux_open(const char *url, const struct av_demux_params *params, struct err *err,
	struct av_demux **ret_demux)
{
	libav_init();
	struct av_demux *d = calloc(1, sizeof(*d));
	int r = -ENOMEM;
	if (!d)
		goto fail;
	mask_secrets(url, d->name, sizeof(d->name));
	d->kind = av_source_kind(url);
	d->cancel = params->cancel;
	d->read_timeout_us = params->read_timeout_us;
	if (!(d->packet = av_packet_alloc()))
		goto fail;
	set_deadline(d, params->open_timeout_us);
	libav_listen(&d->note);
	r = open_container(d, url, params, err);
	if (r >= 0)
		r = find_stream(d, params->open_timeout_us, err);
	libav_listen(NULL);
	if (r < 0)
		goto fail;
	describe(d);
	*ret_demux = d;
	return 0;
fail:
	if (r == -ENOMEM)
		err_set(err, r, "%s: out of memory", d ? d->name : "a source");
	av_demux_close(&d);
	return r;
}

void av_demux_close(struct av_demux **demux)
{
	struct av_demux *d = *demux;
	*demux = NULL;
	if (!d)
		return;
	/* Cameras have few sessions, so they are told; one that is gone is not waited for. */
	d->cancel = NULL;
	set_deadline(d, GOODBYE_US);
	av_packet_free(&d->packet);
	avformat_close_input(&d->format);
	free(d);
}

/* RTCP sender reports: libav hands on the camera's wall time of the picture. */
static void note_camera_wall(struct av_demux *d)
{
	size_t size = 0;
	const uint8_t *data = av_packet_get_side_data(d->packet, AV_PKT_DATA_PRFT, &size);
	d->camera_wall = (struct wall){0};
	if (!data || size < sizeof(AVProducerReferenceTime))
		return;
	AVProducerReferenceTime reference;
	memcpy(&reference, data, sizeof(reference));
	d->camera_wall.us = reference.wallclock;
	d->stats.has_camera_clock = true;
}

/* A device's packets are the driver's own buffers, which go with the device: a copy stays. */
static int keep(struct av_demux *d)
{
	AVBufferRef *own = av_buffer_alloc((size_t)d->packet->size + AV_INPUT_BUFFER_PADDING_SIZE);
	if (!own)
		return -ENOMEM;
	memcpy(own->data, d->packet->data, (size_t)d->packet->size);
	memset(own->data + d->packet->size, 0, AV_INPUT_BUFFER_PADDING_SIZE);
	av_buffer_unref(&d->packet->buf);
	d->packet->buf = own;
	d->packet->data = own->data;
	return 0;
}

static int accept(struct av_demux *d)
{
	if (d->kind == AV_SOURCE_DEVICE && keep(d) < 0)
		return -ENOMEM;
	d->stats.packet_count++;
	d->stats.byte_count += d->packet->size;
	d->packet->time_base = d->stream->time_base;
	av_packet_rescale_ts(d->packet, d->stream->time_base, AV_TIME_BASE_Q);
	note_camera_wall(d);
	return FLOW_MORE;
}

/* The end: an ordinary one, or that of a disk that cannot be read on. */
static int finish(struct av_demux *d, int r)
{
	const AVIOContext *io = d->format->pb;
	if (r == AVERROR_EOF && io && io->error < 0 && io->error != AVERROR_EOF)
		r = io->error;
	d->read_error = r == AVERROR_EOF ? 0 : libav_errno(r);
	return d->read_error < 0 ? d->read_error : FLOW_END;
}

/* Nothing is there yet. */
static void wait_for_device(struct av_demux *d)
{
	if (d->cancel)
		cancel_wait_until(d->cancel, mono_after(mono_now(), DEVICE_POLL_US));
	else
		nanosleep(&(struct timespec){.tv_nsec = DEVICE_POLL_US * 1000}, NULL);
	interrupted(d);
}

static int read_packet(struct av_demux *d)
{
	for (;;) {
		av_packet_unref(d->packet);
		int r = av_read_frame(d->format, d->packet);
		if (r == AVERROR(EAGAIN) && d->kind == AV_SOURCE_DEVICE)
			wait_for_device(d);
		int interruption = verdict(d, 0);
		if (interruption < 0)
			return interruption;
		if (r >= 0 && d->packet->stream_index == d->stream->index) {
			d->bad_in_a_row = 0;
			return accept(d);
		}
		if (r >= 0 || r == AVERROR(EAGAIN))
			continue;
		if (r != AVERROR_INVALIDDATA || ++d->bad_in_a_row >= BAD_IN_A_ROW_MAX)
			return finish(d, r);
		d->damaged = true;
	}
}

int av_demux_read(struct av_demux *demux, struct err *err)
{
	struct av_demux *d = demux;
	set_deadline(d, d->read_timeout_us);
	libav_listen(&d->note);
	int r = read_packet(d);
	libav_listen(NULL);
	d->stats.missed_count += d->note.missed_count;
	d->note.missed_count = 0;
	if (r == -ETIMEDOUT)
		err_set(err, r, "%s: sent no picture for %.1f s", d->name,
			(double)d->read_timeout_us * 1e-6);
	else if (r == -ECANCELED)
		err_set(err, r, "%s: reading was cancelled", d->name);
	else if (r < 0)
		err_set(err, r, "%s: cannot be read any more: %s", d->name, strerror(-r));
	return r;
}

struct AVPacket *av_demux_packet(struct av_demux *demux)
{
	return demux->packet;
}

bool av_demux_take_damage(struct av_demux *demux)
{
	bool damaged = demux->damaged;
	demux->damaged = false;
	return damaged;
}

int av_demux_rewind(struct av_demux *demux)
{
	int r = av_seek_frame(demux->format, demux->stream->index, 0, AVSEEK_FLAG_BACKWARD);
	return r < 0 ? libav_errno(r) : 0;
}

struct wall av_demux_camera_wall(const struct av_demux *demux)
{
	return demux->camera_wall;
}

const struct av_demux_info *av_demux_info(const struct av_demux *demux)
{
	return &demux->info;
}

struct av_demux_stats av_demux_stats(const struct av_demux *demux)
{
	return demux->stats;
}

const struct AVStream *av_demux_stream(const struct av_demux *demux)
{
	return demux->stream;
}

const char *av_demux_complaint(const struct av_demux *demux)
{
	return demux->note.text;
}

int av_demux_read_error(const struct av_demux *demux)
{
	return demux->read_error;
}
