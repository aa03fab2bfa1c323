/*
 * Live sources: demux, ring, decode, place in time. Files too, where they are played at their own
 * pace, so that a file can stand for a camera.
 */
#include "av/codec_watch.h"
#include "av/decoder.h"
#include "base/mask.h"
#include "ingest/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A camera's clock further off than this is wrong, not precise: ours is used. */
#define CAMERA_CLOCK_OFF_MAX_US 60000000

struct camera {
	char *name;
	struct cancel *cancel;
	struct live_clock *clock;
	struct packet_ring *ring;
	struct av_demux *demux;
	struct av_decoder *decoder;
	struct codec_watch *watch;
	int64_t picture_timeout_us;
	bool is_file, loop, paced, untimed;
	bool draining; /* the file's end was sent to the decoder */
	bool pending; /* the demuxer's packet is not in the ring yet */
	bool ring_gap; /* the next packet in the ring continues nothing */
	struct mono arrival; /* of the packet sent last */
	struct mono picture; /* when the last picture came */
	struct mono pace_start; /* when timestamp pace_us was due */
	int64_t pace_us; /* LIVE_CLOCK_NONE: pace not begun */
	bool has_wall;
	int64_t wall_offset_us; /* the camera's wall time less its timestamp */
	double wall_error_s; /* the camera's wall clock less ours */
	struct packet_view packet; /* the pending one */
	int64_t first_timestamp_us; /* of this connection */
	int64_t last_dts_us; /* media time of the last packet in the ring */
	int64_t key_count, last_timestamp_us;
	bool b_frames;
	double decode_s;
};

static bool camera_takes(const char *source, bool paced)
{
	enum av_source kind = av_source_kind(source);
	return kind == AV_SOURCE_FILE ? paced : kind != AV_SOURCE_UNKNOWN;
}

static bool camera_is_file(const char *source)
{
	return av_source_kind(source) == AV_SOURCE_FILE;
}

static void camera_close(void **input)
{
	struct camera *c = *input;
	*input = NULL;
	if (!c)
		return;
	codec_watch_destroy(&c->watch);
	av_decoder_destroy(&c->decoder);
	av_demux_close(&c->demux);
	free(c->name);
	free(c);
}

static int open_parts(struct camera *c, const struct input_params *params, struct err *err)
{
	int r = av_demux_open(params->source, &params->demux, err, &c->demux);
	if (r < 0)
		return r;
	r = av_decoder_create(c->demux, params->decoder_threads, err, &c->decoder);
	if (r < 0)
		return err_prefix(err, r, "%s", c->name);
	return codec_watch_create(c->demux, &c->watch);
}

static int camera_open(const struct input_params *params, struct err *err, void **ret_input)
{
	struct camera *c = calloc(1, sizeof(*c));
	void *input = c;
	char name[256];
	int r = -ENOMEM;
	mask_secrets(params->source, name, sizeof(name));
	if (!c || !(c->name = strdup(name)))
		goto fail;
	c->cancel = params->demux.cancel;
	c->clock = params->clock;
	c->ring = params->ring;
	r = open_parts(c, params, err);
	if (r < 0)
		goto fail;
	const struct av_demux_info *info = av_demux_info(c->demux);
	c->is_file = camera_is_file(params->source);
	c->loop = params->loop;
	/* A camera has a pace of its own, and never an end. A recording that a web server has is
	 * played like a file. */
	c->paced = c->is_file ? params->paced : info->duration_s > 0;
	c->untimed = info->nominal_time && !c->is_file;
	c->pace_us = LIVE_CLOCK_NONE;
	c->first_timestamp_us = c->last_timestamp_us = LIVE_CLOCK_NONE;
	c->last_dts_us = LIVE_CLOCK_NONE;
	c->picture_timeout_us = params->demux.open_timeout_us > params->demux.read_timeout_us
					? params->demux.open_timeout_us
					: params->demux.read_timeout_us;
	c->picture = mono_now();
	c->ring_gap = c->clock->started;
	live_clock_restart(c->clock);
	*ret_input = c;
	return 0;
fail:
	if (r == -ENOMEM)
		err_set(err, r, "out of memory");
	camera_close(&input);
	return r;
}

/* Until the packet is due. True where cancelled. */
static bool wait_for_pace(struct camera *c, int64_t timestamp_us)
{
	if (timestamp_us == LIVE_CLOCK_NONE)
		return false;
	int64_t ahead_us;
	struct mono now = mono_now();
	bool begin = c->pace_us == LIVE_CLOCK_NONE ||
		     __builtin_sub_overflow(timestamp_us, c->pace_us, &ahead_us) ||
		     llabs(ahead_us - (now.us - c->pace_start.us)) > LIVE_CLOCK_JUMP_US;
	if (begin) {
		c->pace_us = timestamp_us;
		c->pace_start = now;
		return false;
	}
	return cancel_wait_until(c->cancel, mono_after(c->pace_start, ahead_us));
}

static void note_camera_wall(struct camera *c, int64_t timestamp_us)
{
	struct wall wall = av_demux_camera_wall(c->demux);
	if (wall.us == 0 || timestamp_us == LIVE_CLOCK_NONE)
		return;
	int64_t error_us = wall.us - wall_now().us;
	c->wall_error_s = (double)error_us * 1e-6;
	c->has_wall = llabs(error_us) <= CAMERA_CLOCK_OFF_MAX_US;
	c->wall_offset_us = wall.us - timestamp_us;
}

/* Before a first picture the clock is not set yet; then as it will be. */
static struct media packet_media(const struct camera *c, int64_t timestamp_us)
{
	const struct live_clock *clock = c->clock;
	int64_t since_us;
	if (clock->anchored || timestamp_us == LIVE_CLOCK_NONE)
		return live_clock_at(clock, timestamp_us);
	int64_t base_us =
		clock->started ? clock->last_us + c->arrival.us - clock->last_arrival.us : 0;
	if (__builtin_sub_overflow(timestamp_us, c->first_timestamp_us, &since_us) ||
		llabs(since_us) > LIVE_CLOCK_JUMP_US)
		since_us = 0;
	return (struct media){base_us + since_us};
}

static void place_packet(struct camera *c, struct packet *packet)
{
	packet->pts = packet_media(c, c->packet.pts_us);
	packet->dts = packet_media(c, c->packet.dts_us);
	if (packet->dts.us <= c->last_dts_us)
		packet->dts.us = c->last_dts_us + 1;
	c->last_dts_us = packet->dts.us;
	packet->arrival = c->arrival;
	packet->wall = c->has_wall && c->packet.pts_us != LIVE_CLOCK_NONE
			       ? (struct wall){c->packet.pts_us + c->wall_offset_us}
			       : wall_now();
	packet->gap = c->ring_gap;
	c->ring_gap = false;
}

/* The packet that was decoded last goes into the ring, with the times that its picture has. */
static int keep_packet(struct camera *c)
{
	if (!c->pending)
		return 0;
	c->pending = false;
	if (!c->ring)
		return 0;
	struct av_decoder_stats decoder = av_decoder_stats(c->decoder);
	struct packet_codec *codec;
	struct packet *packet;
	int r = codec_watch_packet(c->watch, av_demux_packet(c->demux), decoder.coded_width_px,
		decoder.coded_height_px, &codec);
	if (r == 0)
		r = packet_create(av_demux_packet(c->demux), codec, &packet);
	if (r < 0)
		return r;
	place_packet(c, packet);
	return packet_ring_push(c->ring, &packet);
}

static void look_at_packet(struct camera *c)
{
	c->packet = packet_view(av_demux_packet(c->demux));
	c->pending = true;
	c->key_count += c->packet.key;
	if (c->untimed)
		c->packet.pts_us = c->packet.dts_us = LIVE_CLOCK_NONE;
	int64_t now_us = c->packet.pts_us, before_us = c->last_timestamp_us;
	if (now_us == LIVE_CLOCK_NONE)
		return;
	if (before_us == LIVE_CLOCK_NONE)
		c->first_timestamp_us = c->packet.unseen ? 0 : now_us;
	/* Going back by less than a second, and not as a clock that was set does. */
	else if (now_us < before_us && now_us > before_us - 1000000)
		c->b_frames = true;
	c->last_timestamp_us = now_us;
}

static int end_of_stream(struct camera *c, struct err *err)
{
	if (!c->is_file && !c->paced)
		return err_set(err, -ECONNRESET, "%s: the other side ended the stream", c->name);
	c->draining = true;
	return av_decoder_send(c->decoder, NULL);
}

/* One more packet into the decoder. */
static int feed_decoder(struct camera *c, struct err *err)
{
	int r = keep_packet(c);
	if (r == 0)
		r = av_demux_read(c->demux, err);
	if (r == FLOW_END)
		return end_of_stream(c, err);
	if (r < 0)
		return r;
	look_at_packet(c);
	if (c->paced && wait_for_pace(c, c->packet.dts_us))
		return err_set(err, -ECANCELED, "%s: reading was cancelled", c->name);
	c->arrival = mono_now();
	note_camera_wall(c, c->packet.pts_us);
	if (c->arrival.us - c->picture.us > c->picture_timeout_us && c->picture_timeout_us > 0)
		return err_set(err, -EBADMSG,
			"%s: packets come, but no picture could be made of them for %.1f s",
			c->name, (double)c->picture_timeout_us * 1e-6);
	if (av_demux_take_damage(c->demux))
		av_decoder_note_damage(c->decoder);
	return av_decoder_send(c->decoder, av_demux_packet(c->demux));
}

/* A file's end: once more from the beginning, or FLOW_END. */
static int begin_again(struct camera *c)
{
	if (!c->loop || av_demux_rewind(c->demux) < 0)
		return FLOW_END;
	av_decoder_flush(c->decoder);
	live_clock_restart(c->clock);
	c->draining = false;
	c->ring_gap = true;
	c->last_timestamp_us = LIVE_CLOCK_NONE;
	c->pace_us = LIVE_CLOCK_NONE;
	return FLOW_MORE;
}

static void stamp(struct camera *c, const struct av_decoder_time *time, struct frame *frame)
{
	int64_t timestamp_us = c->untimed ? LIVE_CLOCK_NONE : time->timestamp_us;
	bool gap = false, timed = timestamp_us != LIVE_CLOCK_NONE;
	frame->media = live_clock_place(c->clock, timestamp_us, c->arrival, &gap);
	frame->arrival = c->arrival;
	frame->wall =
		c->has_wall && timed ? (struct wall){timestamp_us + c->wall_offset_us} : wall_now();
	frame->flags |= gap ? FRAME_GAP : 0;
	c->picture = c->arrival;
}

static int decode_some(struct camera *c, struct err *err, struct frame **ret_frame)
{
	struct av_decoder_time time;
	int r;
	while ((r = av_decoder_receive(c->decoder, err, ret_frame, &time)) == -EAGAIN)
		if ((r = feed_decoder(c, err)) < 0)
			return r;
	if (r == FLOW_MORE)
		stamp(c, &time, *ret_frame);
	return r;
}

static int camera_read(void *input, struct err *err, struct frame **ret_frame)
{
	struct camera *c = input;
	int64_t before_us = clock_thread_cpu_us();
	int r;
	while ((r = decode_some(c, err, ret_frame)) == FLOW_END && c->draining) {
		r = begin_again(c);
		if (r == FLOW_END)
			break;
	}
	c->decode_s += (double)(clock_thread_cpu_us() - before_us) * 1e-6;
	if (r == FLOW_END && !c->draining)
		return err_set(err, -EBADMSG, "%s: what comes cannot be decoded", c->name);
	return r;
}

static void camera_stats(const void *input, struct input_stats *ret_stats)
{
	const struct camera *c = input;
	struct av_demux_stats demux = av_demux_stats(c->demux);
	struct av_decoder_stats decoder = av_decoder_stats(c->decoder);
	const struct av_demux_info *info = av_demux_info(c->demux);
	*ret_stats = (struct input_stats){
		.read_count = demux.packet_count,
		.byte_count = demux.byte_count,
		.decoded_count = decoder.decoded_count,
		.corrupt_count = decoder.corrupt_count,
		.rescaled_count = decoder.rescaled_count,
		.held_count = decoder.held_count,
		.missed_count = demux.missed_count,
		.decode_s = c->decode_s,
		.has_camera_clock = demux.has_camera_clock,
		.camera_clock_offset_s = c->wall_error_s,
		.coded_width_px = decoder.coded_width_px,
		.coded_height_px = decoder.coded_height_px,
		.b_frames = c->b_frames,
		.key_count = c->key_count,
		.declared_fps = info->declared_fps,
	};
	memcpy(ret_stats->codec, info->codec, sizeof(ret_stats->codec));
}

const struct input_kind input_camera = {
	.name = "camera",
	.takes = camera_takes,
	.is_file = camera_is_file,
	.open = camera_open,
	.close = camera_close,
	.read = camera_read,
	.stats = camera_stats,
};
