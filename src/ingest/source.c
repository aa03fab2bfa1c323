#include "ingest/source.h"

#include "base/log.h"
#include "ingest/thinner.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define GAP_DEFAULT_S 1.0
/* The last frames of streams with B frames have none in containers such as AVI: no news. */
#define UNTIMED_USUAL 16

struct source {
	char *name;
	struct av_reader *reader;
	struct thinner thinner;
	int64_t gap_us;
	struct media before; /* of the last frame read, delivered or not */
	unsigned pending; /* marks of frames left out */
	bool ended;
	struct source_info info;
	struct source_stats stats;
};

static struct wall start_wall(
	const struct source_params *params, const struct av_reader_info *video)
{
	struct stat st;
	if (params->start_wall.us != 0)
		return params->start_wall;
	if (video->created.us != 0)
		return video->created;
	if (stat(params->url, &st) == 0)
		return (struct wall){
			(int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000};
	return (struct wall){0};
}

int source_open(const struct source_params *params, struct err *err, struct source **ret_source)
{
	const struct av_reader_params reader_params = {
		.thread_count = params->decoder_threads,
		.ring = params->ring,
		.ring_start = params->ring_start,
	};
	struct source *s = calloc(1, sizeof(*s));
	int r = -ENOMEM;
	if (!s || !(s->name = strdup(params->url)))
		goto fail;
	r = av_reader_open(params->url, &reader_params, err, &s->reader);
	if (r < 0)
		goto fail;
	thinner_init(&s->thinner, params->target_fps);
	s->gap_us = llround((params->gap_s > 0 ? params->gap_s : GAP_DEFAULT_S) * 1e6);
	s->before = MEDIA_NONE;
	s->info.video = *av_reader_info(s->reader);
	s->info.start_wall = start_wall(params, &s->info.video);
	if (s->info.video.nominal_time)
		log_warning("%s: has no timestamps; times are made of a nominal %.3f frames/s, so "
			    "speeds are "
			    "only as good as that number",
			s->name, s->info.video.declared_fps);
	*ret_source = s;
	return 0;
fail:
	source_close(&s);
	return r;
}

void source_close(struct source **source)
{
	struct source *s = *source;
	*source = NULL;
	if (!s)
		return;
	av_reader_close(&s->reader);
	free(s->name);
	free(s);
}

static void say_what_was_wrong(const struct source *s)
{
	struct av_reader_stats v = av_reader_stats(s->reader);
	if (s->info.video.lost_start_s > 0)
		log_warning("%s: its first %.2f s cannot be decoded: it does not begin with a key "
			    "frame",
			s->name, s->info.video.lost_start_s);
	if (v.ended_early)
		log_warning("%s: ends early: %.2f s of the %.2f s it declares could be read",
			s->name, media_seconds(s->before), s->info.video.duration_s);
	if (v.corrupt_count || v.skipped_packet_count)
		log_warning("%s: is damaged: frames in doubt: %" PRId64 " of %" PRId64
			    ", packets that could not be decoded: %" PRId64,
			s->name, v.corrupt_count, v.frame_count, v.skipped_packet_count);
	if (v.untimed_count > UNTIMED_USUAL || v.backward_count || v.jump_count)
		log_warning("%s: timestamps: %" PRId64 " missing, %" PRId64
			    " impossible, clock jumped %" PRId64 " times",
			s->name, v.untimed_count, v.backward_count, v.jump_count);
	if (v.rescaled_count)
		log_warning("%s: changes its size: %" PRId64
			    " frames were scaled to %dx%d; a calibration holds "
			    "for them only if the view stayed the same",
			s->name, v.rescaled_count, s->info.video.width_px, s->info.video.height_px);
}

static void stamp(struct source *s, struct frame *frame)
{
	frame->flags |= s->pending;
	s->pending = 0;
	frame->sequence = s->stats.delivered_count++;
	frame->wall = (struct wall){s->info.start_wall.us + frame->media.us};
	s->stats.gap_count += (frame->flags & FRAME_GAP) != 0;
	s->stats.last = frame->media;
}

int source_read(struct source *source, struct err *err, struct frame **ret_frame)
{
	struct source *s = source;
	for (;;) {
		struct frame *frame;
		int r = av_reader_read(s->reader, err, &frame);
		if (r == FLOW_END && !s->ended) {
			s->ended = true;
			say_what_was_wrong(s);
		}
		if (r != FLOW_MORE)
			return r;
		if (s->before.us != MEDIA_NONE.us && frame->media.us - s->before.us > s->gap_us)
			frame->flags |= FRAME_GAP;
		s->before = frame->media;
		if (!thinner_leaves_out(&s->thinner, frame->media)) {
			stamp(s, frame);
			*ret_frame = frame;
			return FLOW_MORE;
		}
		s->stats.decimated_count++;
		s->pending |= frame->flags & FRAME_GAP;
		frame_unref(&frame);
	}
}

const struct source_info *source_info(const struct source *source)
{
	return &source->info;
}

struct source_stats source_stats(const struct source *source)
{
	struct source_stats stats = source->stats;
	stats.video = av_reader_stats(source->reader);
	return stats;
}

void source_interrupt(struct source *source)
{
	av_reader_interrupt(source->reader);
}
