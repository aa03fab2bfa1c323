#include "pipeline/session.h"

#include "av/writer.h"
#include "ingest/feed.h"
#include "pipeline/session_shapes.h"
#include "pipeline/session_store.h"
#include "record/annotate.h"
#include "record/csv.h"
#include "record/events.h"
#include "record/evidence.h"
#include "record/trails.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD_COUNT 4

struct session {
	const struct session_params *params;
	struct session_summary *summary;
	enum session_failure failure;
	struct feed *feed;
	struct pipeline *pipeline;
	struct trails *trails;
	struct passages *passages;
	struct passage_list ended;
	struct wall start; /* of media time 0; known with the first frame */
	struct frame *last; /* shows verdicts that come only with the end */

	struct events *events;
	struct csv *csv;
	struct evidence *evidence;
	struct session_store store;
	struct shapes shapes;
	struct annotator *annotator;
	struct av_writer *video;
};

/* "videos/north gate.mp4" is the camera "north gate". */
static void name_device(const struct session_params *params, char *name, size_t size)
{
	const char *given =
		params->device_id ? params->device_id : params->scene->pipeline.device_id;
	const char *slash = strrchr(params->source, '/');
	const char *base = given ? given : slash ? slash + 1 : params->source;
	snprintf(name, size, "%s", base);
	char *dot = given ? NULL : strrchr(name, '.');
	if (dot && dot != name)
		*dot = '\0';
}

static int grow(void **items, int count, int *capacity, size_t size)
{
	if (count < *capacity)
		return 0;
	int more = *capacity ? 2 * *capacity : 64;
	void *grown = realloc(*items, (size_t)more * size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*capacity = more;
	return 0;
}

static int keep_violation(struct session_summary *s, const struct violation *v)
{
	void *items = s->violations;
	if (grow(&items, s->violation_count, &s->violation_capacity, sizeof(*v)) < 0)
		return -ENOMEM;
	s->violations = items;
	s->violations[s->violation_count++] = *v;
	return 0;
}

static int keep_passage(struct session_summary *s, const struct passage *p)
{
	void *items = s->passages;
	if (grow(&items, s->passage_count, &s->passage_capacity, sizeof(*p)) < 0)
		return -ENOMEM;
	s->passages = items;
	s->passages[s->passage_count++] = *p;
	return 0;
}

static struct events_run describe(const struct session *s)
{
	const struct session_summary *sum = s->summary;
	const struct calibration *calibration = pipeline_calibration(s->pipeline);
	return (struct events_run){
		.source = s->params->source,
		.device_id = sum->device_id,
		.detector = sum->detector,
		.width_px = sum->info.video.width_px,
		.height_px = sum->info.video.height_px,
		.duration_s = sum->media_s,
		.calibrated = calibration != NULL,
		.calibration_rms_px = calibration ? calibration->rms_px : 0,
		.frame_count = sum->frame_count,
		.corrupt_count = sum->stats.video.corrupt_count,
		.vehicle_count = sum->passage_count,
		.violation_count = sum->violation_count,
	};
}

static int open_input(struct session *s, struct err *err)
{
	const struct session_params *params = s->params;
	struct source_params source = {
		.url = params->source,
		.target_fps = params->scene->pipeline.target_fps,
		.start_wall = params->start_wall,
	};
	s->failure = SESSION_SOURCE;
	int r = feed_start(
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
	s->failure = SESSION_RUNTIME;
	snprintf(s->summary->detector, sizeof(s->summary->detector), "%s",
		pipeline_detector(s->pipeline));
	s->summary->calibrated = pipeline_calibration(s->pipeline) != NULL;
	if (trails_create(&s->trails) < 0 || passages_create(&s->passages) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int open_video(struct session *s, struct err *err)
{
	const struct av_reader_info *video = &s->summary->info.video;
	shapes_init(&s->shapes, s->params->scene, pipeline_calibration(s->pipeline));
	int r = annotator_create(s->shapes.items, s->shapes.count, err, &s->annotator);
	if (r < 0)
		return r;
	struct av_writer_params params = {
		.fps = video->declared_fps,
		.thread_count = 1,
		.fragmented = true,
		.created = s->summary->info.start_wall,
	};
	return av_writer_open(
		s->params->video_path, video->width_px, video->height_px, &params, err, &s->video);
}

static int open_outputs(struct session *s, struct err *err)
{
	const struct session_params *p = s->params;
	int r = 0;
	s->failure = SESSION_OUTPUT;
	if (p->events_path)
		r = events_open(p->events_path, err, &s->events);
	if (r == 0 && p->csv_path)
		r = csv_open(p->csv_path, err, &s->csv);
	if (r == 0 && p->evidence_dir)
		r = evidence_open(p->evidence_dir, s->summary->device_id, err, &s->evidence);
	if (r == 0 && p->video_path)
		r = open_video(s, err);
	return r;
}

static int begin(struct session *s, const struct frame *frame, struct err *err)
{
	s->start.us = frame->wall.us - frame->media.us;
	s->store = (struct session_store){
		s->params->store, s->summary->device_id, s->start, s->params->config_version};
	struct events_run run = describe(s);
	return s->events ? events_begin(s->events, &run, s->start, err) : 0;
}

static int record_violations(struct session *s, const struct frame *frame,
	const struct violations *violations, struct err *err)
{
	for (int i = 0; i < violations->count; i++) {
		const struct violation *v = &violations->items[i];
		const char *evidence_path = NULL;
		int r = keep_violation(s->summary, v);
		if (r < 0)
			return err_set(err, r, "out of memory");
		if (s->evidence)
			r = evidence_write(s->evidence, frame, v, s->start, err, &evidence_path);
		if (r == 0 && s->events)
			r = events_violation(s->events, v, evidence_path, err);
		if (r == 0)
			r = session_store_violation(&s->store, v, evidence_path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int record_passages(struct session *s, struct err *err)
{
	for (int i = 0; i < s->ended.count; i++) {
		const struct passage *p = &s->ended.items[i];
		int r = keep_passage(s->summary, p);
		if (r < 0)
			return err_set(err, r, "out of memory");
		if (s->events)
			r = events_passage(s->events, p, err);
		if (r == 0 && s->csv)
			r = csv_passage(s->csv, s->summary->device_id, s->start, p, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int record_video(struct session *s, const struct frame *frame,
	const struct pipeline_result *result, struct err *err)
{
	struct frame *drawn;
	int r = annotator_draw(s->annotator, frame, &result->measures, &result->violations,
		s->trails, err, &drawn);
	if (r < 0)
		return r;
	r = av_writer_write(s->video, drawn, err);
	frame_unref(&drawn);
	return r;
}

static int record(struct session *s, const struct frame *frame,
	const struct pipeline_result *result, struct err *err)
{
	int r = 0;
	s->failure = SESSION_OUTPUT;
	if (s->summary->frame_count == 0)
		r = begin(s, frame, err);
	if (r == 0 && (frame->flags & FRAME_GAP) && s->last && s->events)
		r = events_gap(s->events, s->last->media, frame->media, err);
	if (r == 0)
		r = record_violations(s, frame, &result->violations, err);
	if (r < 0)
		return r;
	passages_step(s->passages, &result->measures, &result->violations, &s->ended);
	r = record_passages(s, err);
	if (r == 0)
		r = session_store_crossings(&s->store, &result->counts, &result->measures, err);
	if (r == 0 && s->video)
		r = record_video(s, frame, result, err);
	return r;
}

static void add_cost(struct pipeline_cost *sum, const struct pipeline_cost *cost)
{
	sum->detect_us += cost->detect_us;
	sum->track_us += cost->track_us;
	sum->measure_us += cost->measure_us;
	sum->judge_us += cost->judge_us;
}

static int one_frame(struct session *s, struct frame *frame, struct err *err)
{
	const struct pipeline_result *result;
	s->failure = SESSION_DETECTOR;
	int r = pipeline_step(s->pipeline, frame, err, &result);
	if (r < 0)
		return r;
	trails_step(s->trails, &result->measures);
	r = record(s, frame, result, err);
	if (r < 0)
		return r;
	struct session_summary *sum = s->summary;
	sum->frame_count++;
	sum->media_s = media_seconds(frame->media);
	sum->counts = result->counts;
	add_cost(&sum->cost, &result->cost);
	frame_unref(&s->last);
	s->last = frame_ref(frame);
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

/* Late verdicts, the rows of whoever is still in the picture, the counts, and the end mark. */
static int write_end(struct session *s, bool complete, const char *reason, struct err *err)
{
	if (!s->last)
		return 0;
	const struct violations *late = pipeline_flush(s->pipeline);
	s->summary->counts = *pipeline_counts(s->pipeline);
	int r = record_violations(s, s->last, late, err);
	if (r == 0)
		r = session_store_crossings(&s->store, &s->summary->counts, NULL, err);
	passages_finish(s->passages, late, &s->ended);
	if (r == 0)
		r = record_passages(s, err);
	struct events_run run = describe(s);
	if (r == 0 && s->events)
		r = events_counts(s->events, &s->summary->counts, err);
	if (r == 0 && s->events)
		r = events_end(s->events, &run, complete, reason, err);
	if (r == 0)
		r = session_store_flush(&s->store, err);
	return r;
}

/* Closes every output; the first failure among them is kept. */
static int close_outputs(struct session *s, struct err *err)
{
	struct err other;
	int first = 0, r;
	if (s->events && (r = events_close(&s->events, first ? &other : err)) < 0 && first == 0)
		first = r;
	if (s->csv && (r = csv_close(&s->csv, first ? &other : err)) < 0 && first == 0)
		first = r;
	if (s->video && (r = av_writer_close(&s->video, first ? &other : err)) < 0 && first == 0)
		first = r;
	return first;
}

/* Ends all outputs in order. `r` and `err` are how the run itself ended, and stay so. */
static int finish(struct session *s, int r, struct err *err)
{
	struct err late = {0};
	s->summary->stats = s->feed ? feed_stats(s->feed) : (struct source_stats){0};
	bool output_failed = r < 0 && s->failure == SESSION_OUTPUT;
	bool complete = r == 0 && !s->summary->interrupted;
	int late_r = 0;
	if (s->pipeline && !output_failed)
		late_r = write_end(s, complete, r < 0 ? err->text : NULL, &late);
	int close_r = close_outputs(s, late_r < 0 ? NULL : &late);
	if (late_r == 0)
		late_r = close_r;
	if (r < 0 || late_r == 0)
		return r;
	s->failure = SESSION_OUTPUT;
	*err = late;
	return late_r;
}

static void destroy(struct session *s)
{
	annotator_destroy(&s->annotator);
	shapes_finish(&s->shapes);
	evidence_close(&s->evidence);
	frame_unref(&s->last);
	passages_destroy(&s->passages);
	trails_destroy(&s->trails);
	pipeline_destroy(&s->pipeline);
	feed_stop(&s->feed);
	free(s);
}

int session_run(const struct session_params *params, struct err *err,
	struct session_summary *summary, enum session_failure *ret_failure)
{
	struct err local = {0};
	struct mono begin_at = mono_now();
	memset(summary, 0, sizeof(*summary));
	name_device(params, summary->device_id, sizeof(summary->device_id));
	struct session *s = calloc(1, sizeof(*s));
	if (!s) {
		*ret_failure = SESSION_RUNTIME;
		return err_set(err, -ENOMEM, "out of memory");
	}
	s->params = params;
	s->summary = summary;
	int r = open_input(s, &local);
	if (r == 0)
		r = open_outputs(s, &local);
	if (r == 0)
		r = all_frames(s, &local);
	r = finish(s, r, &local);
	summary->elapsed_s = (double)(mono_now().us - begin_at.us) * 1e-6;
	*ret_failure = r < 0 ? s->failure : SESSION_OK;
	destroy(s);
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
