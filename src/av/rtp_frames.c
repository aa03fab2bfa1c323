/* Frames, encoded as they come, towards the packetiser. */
#include "av/encoder.h"
#include "av/rtp.h"
#include "av/rtp_pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const AVRational rtp_clock = {1, 90000};

struct av_rtp_frames {
	char name[256];
	struct encoder encoder;
	AVPacket *packet;
	AVCodecParameters *parameters;
	AVBSFContext *filter; /* parameter sets before each key frame */
	struct rtp_pack *pack;
	struct libav_note note;
};

static int start(struct av_rtp_frames *f, struct err *err)
{
	const struct encoder_start start = {
		.time_base = rtp_clock, .global_header = true, .no_delay = true};
	int r = encoder_start(&f->encoder, &start, err);
	if (r < 0)
		return r;
	f->packet = av_packet_alloc();
	f->parameters = avcodec_parameters_alloc();
	if (!f->packet || !f->parameters ||
		avcodec_parameters_from_context(f->parameters, f->encoder.context) < 0)
		return -ENOMEM;
	r = rtp_pack_filter(f->parameters, rtp_clock, &f->filter);
	if (r < 0)
		return err_set(err, r, "%s: cannot be sent as RTP", f->name);
	r = rtp_pack_create(f->parameters, f->encoder.context->framerate, err, &f->pack);
	return r < 0 ? err_prefix(err, r, "%s", f->name) : 0;
}

int av_rtp_frames_open(const char *name, int width_px, int height_px,
	const struct av_writer_params *params, struct err *err, struct av_rtp_frames **ret_frames)
{
	libav_init();
	struct av_rtp_frames *f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	snprintf(f->name, sizeof(f->name), "%s", name);
	libav_listen(&f->note);
	int r = encoder_init(&f->encoder, f->name, width_px, height_px, params, &f->note, err);
	if (r == 0)
		r = start(f, err);
	libav_listen(NULL);
	if (r == -ENOMEM)
		err_set(err, r, "%s: out of memory", name);
	if (r < 0) {
		av_rtp_frames_close(&f);
		return r;
	}
	*ret_frames = f;
	return 0;
}

void av_rtp_frames_close(struct av_rtp_frames **frames)
{
	struct av_rtp_frames *f = *frames;
	*frames = NULL;
	if (!f)
		return;
	rtp_pack_destroy(&f->pack);
	av_bsf_free(&f->filter);
	avcodec_parameters_free(&f->parameters);
	av_packet_free(&f->packet);
	encoder_finish(&f->encoder);
	free(f);
}

static int encode(struct av_rtp_frames *f, const struct frame *frame, struct err *err)
{
	int r = encoder_fits(&f->encoder, frame, err);
	int64_t pts = av_rescale_q(frame->media.us, (AVRational){1, 1000000}, rtp_clock);
	if (r == 0)
		r = encoder_send(&f->encoder, frame, pts, err);
	if (r < 0)
		return r;
	av_packet_unref(f->packet);
	r = encoder_receive(&f->encoder, f->packet, err);
	if (r == FLOW_END)
		return err_set(err, -EIO, "%s: the encoder keeps a frame back", f->name);
	if (r < 0)
		return r;
	r = av_bsf_send_packet(f->filter, f->packet);
	if (r >= 0)
		r = av_bsf_receive_packet(f->filter, f->packet);
	return r < 0 ? err_set(err, libav_errno(r), "%s: cannot be sent as RTP", f->name) : 0;
}

int av_rtp_frames_put(struct av_rtp_frames *frames, const struct frame *frame, struct err *err,
	struct av_rtp_unit *ret_unit)
{
	libav_listen(&frames->note);
	int r = encode(frames, frame, err);
	libav_listen(NULL);
	if (r < 0)
		return r;
	*ret_unit = (struct av_rtp_unit){
		.due_us = frame->media.us,
		.shown_us = frame->media.us,
		.key = frames->packet->flags & AV_PKT_FLAG_KEY,
	};
	return 0;
}

int av_rtp_frames_send(
	struct av_rtp_frames *frames, av_rtp_sink *sink, void *opaque, struct err *err)
{
	int r = rtp_pack_send(frames->pack, frames->packet, sink, opaque);
	return r < 0 ? err_set(err, r, "%s: a picture cannot be sent as RTP", frames->name) : 0;
}

int av_rtp_frames_sdp(const struct av_rtp_frames *frames, char *text, size_t size)
{
	return rtp_pack_sdp(frames->pack, text, size);
}
