/* A file's pictures, as they are, towards the packetiser. */
#include "av/libav.h"
#include "av/rtp.h"
#include "av/rtp_pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const AVRational rtp_clock = {1, 90000};

struct av_rtp {
	char name[256];
	AVFormatContext *format;
	AVStream *stream;
	AVBSFContext *filter; /* to the form that goes over the wire */
	AVPacket *packet;
	struct rtp_pack *pack;
	struct libav_note note;
	bool draining, started;
	int64_t first_dts, last_dts; /* rtp_clock */
	int64_t step; /* rtp_clock: between pictures that have no time */
};

static int open_container(struct av_rtp *rtp, const char *path, struct err *err)
{
	char url[4096];
	if (snprintf(url, sizeof(url), "file:%s", path) >= (int)sizeof(url))
		return err_set(err, -ENAMETOOLONG, "%s: path is too long", rtp->name);
	int r = avformat_open_input(&rtp->format, url, NULL, NULL);
	if (r >= 0)
		r = avformat_find_stream_info(rtp->format, NULL);
	if (r < 0)
		return err_set(err, libav_errno(r), "%s: is not a video that can be read: %s",
			rtp->name, libav_reason(r, &rtp->note));
	int index = av_find_best_stream(rtp->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
	if (index < 0)
		return err_set(err, -EINVAL, "%s: has no video stream", rtp->name);
	rtp->stream = rtp->format->streams[index];
	for (unsigned i = 0; i < rtp->format->nb_streams; i++)
		if ((int)i != index)
			rtp->format->streams[i]->discard = AVDISCARD_ALL;
	return 0;
}

static int open_filter(struct av_rtp *rtp, struct err *err)
{
	int r = rtp_pack_filter(rtp->stream->codecpar, rtp->stream->time_base, &rtp->filter);
	return r < 0 ? err_set(err, r, "%s: cannot be sent as RTP: %s", rtp->name,
			       libav_reason(r, &rtp->note))
		     : 0;
}

static int open_all(struct av_rtp *rtp, const char *path, struct err *err)
{
	int r = open_container(rtp, path, err);
	if (r == 0)
		r = open_filter(rtp, err);
	if (r < 0)
		return r;
	AVRational fps = rtp->stream->avg_frame_rate;
	rtp->step = fps.num > 0 ? av_rescale_q(1, av_inv_q(fps), rtp_clock) : 3600;
	rtp->packet = av_packet_alloc();
	if (!rtp->packet)
		return -ENOMEM;
	r = rtp_pack_create(rtp->filter->par_out, fps, err, &rtp->pack);
	return r < 0 ? err_prefix(err, r, "%s", rtp->name) : 0;
}

int av_rtp_open_file(const char *path, struct err *err, struct av_rtp **ret_rtp)
{
	libav_init();
	struct av_rtp *rtp = calloc(1, sizeof(*rtp));
	if (!rtp)
		return err_set(err, -ENOMEM, "%s: out of memory", path);
	snprintf(rtp->name, sizeof(rtp->name), "%s", path);
	libav_listen(&rtp->note);
	int r = open_all(rtp, path, err);
	libav_listen(NULL);
	if (r == -ENOMEM)
		err_set(err, r, "%s: out of memory", path);
	if (r < 0) {
		av_rtp_close(&rtp);
		return r;
	}
	*ret_rtp = rtp;
	return 0;
}

void av_rtp_close(struct av_rtp **rtp)
{
	struct av_rtp *p = *rtp;
	*rtp = NULL;
	if (!p)
		return;
	rtp_pack_destroy(&p->pack);
	av_packet_free(&p->packet);
	av_bsf_free(&p->filter);
	avformat_close_input(&p->format);
	free(p);
}

/* Gives the filter one more packet of the file, or its end. */
static void feed_filter(struct av_rtp *rtp)
{
	int r;
	do {
		av_packet_unref(rtp->packet);
		r = av_read_frame(rtp->format, rtp->packet);
	} while (r == AVERROR(EAGAIN) ||
		 (r >= 0 && rtp->packet->stream_index != rtp->stream->index));
	/* A damaged or truncated file is at its end where it cannot be read on. */
	rtp->draining = r < 0;
	/* What the filter cannot understand goes nowhere; the next one may do. */
	if (av_bsf_send_packet(rtp->filter, r < 0 ? NULL : rtp->packet) < 0)
		av_packet_unref(rtp->packet);
}

/* Times that increase, whatever the file says. */
static void place(struct av_rtp *rtp, struct av_rtp_unit *unit)
{
	AVPacket *p = rtp->packet;
	av_packet_rescale_ts(p, rtp->filter->time_base_out, rtp_clock);
	if (p->dts == AV_NOPTS_VALUE)
		p->dts = rtp->started ? rtp->last_dts + rtp->step : 0;
	if (rtp->started && p->dts <= rtp->last_dts)
		p->dts = rtp->last_dts + 1;
	if (p->pts == AV_NOPTS_VALUE || p->pts < p->dts)
		p->pts = p->dts;
	if (!rtp->started)
		rtp->first_dts = p->dts;
	rtp->started = true;
	rtp->last_dts = p->dts;
	const AVRational us = {1, 1000000};
	*unit = (struct av_rtp_unit){
		.due_us = av_rescale_q(p->dts - rtp->first_dts, rtp_clock, us),
		.shown_us = av_rescale_q(p->pts - rtp->first_dts, rtp_clock, us),
		.key = p->flags & AV_PKT_FLAG_KEY,
	};
}

int av_rtp_next(struct av_rtp *rtp, struct err *err, struct av_rtp_unit *ret_unit)
{
	for (;;) {
		av_packet_unref(rtp->packet);
		int r = av_bsf_receive_packet(rtp->filter, rtp->packet);
		if (r == 0) {
			place(rtp, ret_unit);
			return FLOW_MORE;
		}
		if (r == AVERROR_EOF)
			return FLOW_END;
		if (r == AVERROR(ENOMEM))
			return err_set(err, -ENOMEM, "%s: out of memory", rtp->name);
		if (r != AVERROR(EAGAIN) && rtp->draining)
			return FLOW_END;
		feed_filter(rtp);
	}
}

int av_rtp_send(struct av_rtp *rtp, av_rtp_sink *sink, void *opaque, struct err *err)
{
	int r = rtp_pack_send(rtp->pack, rtp->packet, sink, opaque);
	return r < 0 ? err_set(err, r, "%s: a picture cannot be sent as RTP", rtp->name) : 0;
}

int av_rtp_sdp(const struct av_rtp *rtp, char *text, size_t size)
{
	return rtp_pack_sdp(rtp->pack, text, size);
}
