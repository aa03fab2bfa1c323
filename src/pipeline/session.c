#include "pipeline/session.h"

#include "base/mask.h"
#include "ingest/feed.h"
#include "pipeline/recorder.h"
#include "pipeline/session_live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AHEAD_COUNT 4
/* Between frames of a preview; between them vehicles still overlap where they were. */
#define PREVIEW_STEP_S 0.09

struct session {
	const struct session_params *params;
	struct session_summary *summary;
	enum session_failure failure;
	struct packet_ring *ring; /* NULL: no evidence, so no clips */
	struct feed *feed;
	struct pipeline *pipeline;
	struct recorder *recorder;
};

/* "videos/north gate.mp4" is the camera "north gate". */
static void name_device(const struct session_params *params, char *name, size_t size)
{
	const char *given =
		params->device_id ? params->device_id : params->scene->pipeline.device_id;
	bool live = session_is_live(params->source);
	char source[512];
	mask_secrets(params->source, source, sizeof(source));
	const char *slash = strrchr(source, '/');
	const char *base = given ? given : slash && slash[1] ? slash + 1 : source;
	snprintf(name, size, "%s", base);
	char *dot = given || live ? NULL : strrchr(name, '.');
	if (dot && dot != name)
		*dot = '\0';
}

static int open_input(struct session *s, struct err *err)
{
	const struct session_params *params = s->params;
	struct source_params source = {
		.url = params->source,
		.target_fps = params->scene->pipeline.target_fps,
		.start_wall = params->start_wall,
	};
	int r = params->evidence_dir
			? packet_ring_create(RECORDER_RING_BYTES, RECORDER_RING_S, &s->ring)
			: 0;
	if (r < 0)
		return err_set(err, r, "out of memory");
	source.ring = s->ring;
	s->failure = SESSION_SOURCE;
	r = feed_start(
		&source, params->ahead_count ? params->ahead_count : AHEAD_COUNT, err, &s->feed);
	if (r < 0)
		return r;
	s->summary->info = *feed_info(s->feed);
	const struct av_reader_info *video = &s->summary->info.video;
	enum pipeline_part part = PIPELINE_SCENE;
	r = pipeline_create(
		params->scene, video->width_px, video->height_px, err, &part, &s->pipeline);
	if (r < 0) {
		s->failure = part == PIPELINE_DETECTOR ? SESSION_DETECTOR : SESSION_CONFIG;
		return r;
	}
	snprintf(s->summary->detector, sizeof(s->summary->detector), "%s",
		pipeline_detector(s->pipeline));
	s->summary->calibrated = pipeline_calibration(s->pipeline) != NULL;
	return 0;
}

/* A pipe can be read only once. */
static bool can_be_read_twice(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/*
 * Shows the detector the beginning of the file. What is wrong with the file is for the run itself
 * to say: here it only ends the preview.
 */
static int preview(struct session *s, struct err *err)
{
	const double until_s = pipeline_preview_s(s->pipeline);
	struct av_reader *reader;
	struct frame *frame;
	double next_s = 0;
	const char *source = s->params->source;
	if (until_s <= 0 || !can_be_read_twice(source) ||
		av_reader_open(source, &(struct av_reader_params){0}, err, &reader) < 0)
		return 0;
	int r = 0;
	while (r == 0 && next_s <= until_s && av_reader_read(reader, err, &frame) == FLOW_MORE) {
		double at_s = media_seconds(frame->media);
		if (at_s >= next_s) {
			r = pipeline_preview(s->pipeline, frame, err);
			next_s = at_s + PREVIEW_STEP_S;
		}
		frame_unref(&frame);
	}
	av_reader_close(&reader);
	return r;
}

static int open_recorder(struct session *s, struct err *err)
{
	const struct av_reader_info *video = &s->summary->info.video;
	struct recorder_view view = {
		.width_px = video->width_px,
		.height_px = video->height_px,
		.fps = video->declared_fps,
		.pixel_aspect = video->pixel_aspect,
		.calibration = pipeline_calibration(s->pipeline),
		.created = s->summary->info.start_wall,
		.ring = s->ring,
	};
	s->failure = SESSION_OUTPUT;
	return recorder_open(s->params, &view, s->summary, err, &s->recorder);
}

static int one_frame(struct session *s, struct frame *frame, struct err *err)
{
	const struct pipeline_result *result;
	struct session_summary *sum = s->summary;
	s->failure = SESSION_DETECTOR;
	int r = pipeline_step(s->pipeline, frame, err, &result);
	if (r < 0)
		return r;
	s->failure = SESSION_OUTPUT;
	r = recorder_frame(s->recorder, frame, result, err);
	if (r < 0)
		return r;
	s->failure = SESSION_OK;
	if (s->params->on_frame && s->params->on_frame(s->params->opaque, &sum->info, result) != 0)
		sum->interrupted = true;
	return 0;
}

static int all_frames(struct session *s, struct err *err)
{
	struct frame *frame;
	int r = FLOW_END;
	while (!s->summary->interrupted && (r = feed_next(s->feed, err, &frame)) == FLOW_MORE) {
		r = one_frame(s, frame, err);
		frame_unref(&frame);
		if (r < 0)
			return r;
	}
	if (r < 0)
		s->failure = SESSION_SOURCE;
	return r < 0 ? r : 0;
}

/* Ends all outputs in order. `r` and `err` are how the run itself ended, and stay so. */
static int finish(struct session *s, int r, struct err *err)
{
	struct err late = {0};
	s->summary->stats = s->feed ? feed_stats(s->feed) : (struct source_stats){0};
	bool output_failed = r < 0 && s->failure == SESSION_OUTPUT;
	bool complete = r == 0 && !s->summary->interrupted;
	int late_r = 0;
	if (s->recorder && !output_failed)
		late_r = recorder_end(s->recorder, pipeline_flush(s->pipeline),
			pipeline_counts(s->pipeline), complete, r < 0 ? err->text : NULL, &late);
	int close_r = recorder_close(&s->recorder, late_r < 0 ? NULL : &late);
	if (late_r == 0)
		late_r = close_r;
	if (r < 0 || late_r == 0)
		return r;
	s->failure = SESSION_OUTPUT;
	*err = late;
	return late_r;
}

static int run_file(const struct session_params *params, struct err *err,
	struct session_summary *summary, enum session_failure *ret_failure)
{
	struct session s = {.params = params, .summary = summary, .failure = SESSION_RUNTIME};
	int r = open_input(&s, err);
	if (r == 0)
		r = preview(&s, err);
	if (r == 0)
		r = open_recorder(&s, err);
	if (r == 0)
		r = all_frames(&s, err);
	r = finish(&s, r, err);
	*ret_failure = s.failure;
	pipeline_destroy(&s.pipeline);
	feed_stop(&s.feed);
	packet_ring_unref(&s.ring);
	return r;
}

int session_run(const struct session_params *params, struct err *err,
	struct session_summary *summary, enum session_failure *ret_failure)
{
	struct err local = {0};
	enum session_failure failure = SESSION_RUNTIME;
	struct mono begin_at = mono_now();
	memset(summary, 0, sizeof(*summary));
	name_device(params, summary->device_id, sizeof(summary->device_id));
	bool live = session_is_live(params->source);
	int r = (live ? session_live_run : run_file)(params, &local, summary, &failure);
	summary->elapsed_s = (double)(mono_now().us - begin_at.us) * 1e-6;
	*ret_failure = r < 0 ? failure : SESSION_OK;
	if (r < 0 && err)
		*err = local;
	return r;
}

void session_summary_finish(struct session_summary *summary)
{
	free(summary->passages);
	free(summary->violations);
	summary->passages = NULL;
	summary->violations = NULL;
}
