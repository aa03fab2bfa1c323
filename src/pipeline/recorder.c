#include "pipeline/recorder.h"

#include "av/writer.h"
#include "base/mask.h"
#include "pipeline/session_shapes.h"
#include "pipeline/session_store.h"
#include "record/annotate.h"
#include "record/clips.h"
#include "record/csv.h"
#include "record/events.h"
#include "record/evidence.h"
#include "record/trails.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct recorder {
	const struct session_params *params;
	struct recorder_view view;
	struct session_summary *summary;
	struct trails *trails;
	struct passages *passages;
	struct congestion *congestion; /* NULL: there is no store */
	struct passage_list ended;
	char source[512]; /* without passwords */
	struct wall start; /* of media time 0; known with the first frame */
	struct frame *last; /* shows verdicts that come only with the end */

	struct events *events;
	struct csv *csv;
	struct evidence *evidence;
	struct clips *clips; /* NULL: no evidence, or no encoded video */
	struct session_store store;
	struct shapes shapes;
	struct annotator *annotator;
	struct av_writer *video;
};

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

/* The oldest quarter goes, so that this is seldom. */
static void make_room(const struct recorder *s, void *items, int *count, size_t size)
{
	const int some = RECORDER_ROWS_MAX / 4;
	if (!s->view.endless || *count < RECORDER_ROWS_MAX)
		return;
	memmove(items, (char *)items + size * some, size * (size_t)(*count - some));
	*count -= some;
}

static int keep_violation(struct recorder *recorder, const struct violation *v)
{
	struct session_summary *s = recorder->summary;
	void *items = s->violations;
	make_room(recorder, items, &s->violation_count, sizeof(*v));
	s->violation_total++;
	if (grow(&items, s->violation_count, &s->violation_capacity, sizeof(*v)) < 0)
		return -ENOMEM;
	s->violations = items;
	s->violations[s->violation_count++] = *v;
	return 0;
}

static int keep_passage(struct recorder *recorder, const struct passage *p)
{
	struct session_summary *s = recorder->summary;
	void *items = s->passages;
	make_room(recorder, items, &s->passage_count, sizeof(*p));
	s->passage_total++;
	if (grow(&items, s->passage_count, &s->passage_capacity, sizeof(*p)) < 0)
		return -ENOMEM;
	s->passages = items;
	s->passages[s->passage_count++] = *p;
	return 0;
}

static struct events_run describe(const struct recorder *s)
{
	const struct session_summary *sum = s->summary;
	const struct calibration *calibration = s->view.calibration;
	return (struct events_run){
		.source = s->source,
		.device_id = sum->device_id,
		.detector = sum->detector,
		.width_px = s->view.width_px,
		.height_px = s->view.height_px,
		.duration_s = sum->media_s,
		.calibrated = calibration != NULL,
		.calibration_rms_px = calibration ? calibration->rms_px : 0,
		.frame_count = sum->frame_count,
		.corrupt_count = sum->stats.video.corrupt_count,
		.vehicle_count = sum->passage_total,
		.violation_count = sum->violation_total,
	};
}

static int open_video(struct recorder *s, struct err *err)
{
	shapes_init(&s->shapes, s->params->scene, s->view.calibration);
	int r = annotator_create(s->shapes.items, s->shapes.count, err, &s->annotator);
	if (r < 0)
		return r;
	struct av_writer_params params = {
		.fps = s->view.fps,
		.pixel_aspect = s->view.pixel_aspect,
		.thread_count = 1,
		.fragmented = true,
		.created = s->view.created,
	};
	return av_writer_open(s->params->video_path, s->view.width_px, s->view.height_px, &params,
		err, &s->video);
}

/* The violation was told of long ago; now there is more to see of it. */
static int clip_written(void *opaque, const struct clip *clip, struct err *err)
{
	struct recorder *s = opaque;
	int r = s->events ? events_clip(s->events, clip, err) : 0;
	return r < 0 ? r : session_store_clip(&s->store, clip->violation, clip->path, err);
}

static int open_clips(struct recorder *s, struct err *err)
{
	const struct clips_params params = {
		.ring = s->view.ring, .written = clip_written, .opaque = s};
	evidence_name_clips(s->evidence);
	return clips_create(&params, &s->clips) < 0 ? err_set(err, -ENOMEM, "out of memory") : 0;
}

static int open_outputs(struct recorder *s, struct err *err)
{
	const struct session_params *p = s->params;
	int r = 0;
	if (p->events_path)
		r = events_open(p->events_path, err, &s->events);
	if (r == 0 && p->csv_path)
		r = csv_open(p->csv_path, err, &s->csv);
	if (r == 0 && p->evidence_dir)
		r = evidence_open(p->evidence_dir, s->summary->device_id, err, &s->evidence);
	if (r == 0 && s->evidence && s->view.ring)
		r = open_clips(s, err);
	if (r == 0 && p->video_path)
		r = open_video(s, err);
	return r;
}

static int begin(struct recorder *s, const struct frame *frame, struct err *err)
{
	s->start.us = frame->wall.us - frame->media.us;
	s->store = (struct session_store){
		s->params->store, s->summary->device_id, s->start, s->params->config_version};
	if (s->store.store && congestion_create(s->start.us, &s->congestion) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	struct events_run run = describe(s);
	return s->events ? events_begin(s->events, &run, s->start, err) : 0;
}

static int record_violations(struct recorder *s, const struct frame *frame,
	const struct violations *violations, struct err *err)
{
	for (int i = 0; i < violations->count; i++) {
		const struct violation *v = &violations->items[i];
		const char *evidence_path = NULL;
		int r = keep_violation(s, v);
		if (r < 0)
			return err_set(err, r, "out of memory");
		if (s->evidence)
			r = evidence_write(s->evidence, frame, v, s->start, err, &evidence_path);
		if (r == 0 && s->clips)
			r = clips_add(s->clips, evidence_path, v, frame->media, err);
		if (r == 0 && s->events)
			r = events_violation(s->events, v, evidence_path, err);
		if (r == 0)
			r = session_store_violation(&s->store, v, evidence_path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* `measures` NULL: those that came only with the end. */
static int record_crossings(struct recorder *s, const struct counts *counts,
	const struct measures *measures, struct err *err)
{
	int r = 0;
	for (int i = 0; r == 0 && s->events && i < counts->crossing_count; i++)
		r = events_crossing(s->events, counts, &counts->crossings[i], err);
	return r < 0 ? r : session_store_crossings(&s->store, counts, measures, err);
}

static int record_passages(struct recorder *s, struct err *err)
{
	for (int i = 0; i < s->ended.count; i++) {
		const struct passage *p = &s->ended.items[i];
		int r = keep_passage(s, p);
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

static int record_video(struct recorder *s, const struct frame *frame,
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

static int record_minute(struct recorder *s, const struct measures *measures, struct err *err)
{
	struct congestion_minute minute;
	if (!s->congestion || !congestion_step(s->congestion, measures, &minute))
		return 0;
	return session_store_minute(&s->store, &minute, err);
}

static int record_last_minute(struct recorder *s, struct err *err)
{
	struct congestion_minute minute;
	if (!s->congestion || !congestion_finish(s->congestion, &minute))
		return 0;
	return session_store_minute(&s->store, &minute, err);
}

static int record(struct recorder *s, const struct frame *frame,
	const struct pipeline_result *result, struct err *err)
{
	int r = 0;
	if (s->summary->frame_count == 0)
		r = begin(s, frame, err);
	if (r == 0 && (frame->flags & FRAME_GAP) && s->last && s->events)
		r = events_gap(s->events, s->last->media, frame->media, err);
	if (r == 0)
		r = record_violations(s, frame, &result->violations, err);
	if (r == 0)
		r = record_crossings(s, &result->counts, &result->measures, err);
	if (r < 0)
		return r;
	passages_step(s->passages, &result->measures, &result->violations, &s->ended);
	r = record_passages(s, err);
	if (r == 0)
		r = record_minute(s, &result->measures, err);
	if (r == 0 && s->clips)
		r = clips_step(s->clips, frame->media, err);
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

int recorder_open(const struct session_params *params, const struct recorder_view *view,
	struct session_summary *summary, struct err *err, struct recorder **ret_recorder)
{
	struct recorder *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	s->params = params;
	s->view = *view;
	mask_secrets(params->source, s->source, sizeof(s->source));
	s->summary = summary;
	int r = 0;
	if (trails_create(&s->trails) < 0 || passages_create(&s->passages) < 0)
		r = err_set(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = open_outputs(s, err);
	if (r < 0) {
		recorder_close(&s, NULL);
		return r;
	}
	*ret_recorder = s;
	return 0;
}

int recorder_frame(struct recorder *recorder, struct frame *frame,
	const struct pipeline_result *result, struct err *err)
{
	struct recorder *s = recorder;
	struct session_summary *sum = s->summary;
	trails_step(s->trails, &result->measures);
	int r = record(s, frame, result, err);
	if (r < 0)
		return r;
	sum->frame_count++;
	sum->media_s = media_seconds(frame->media);
	sum->counts = result->counts;
	add_cost(&sum->cost, &result->cost);
	frame_unref(&s->last);
	s->last = frame_ref(frame);
	return 0;
}

int recorder_end(struct recorder *recorder, const struct violations *late,
	const struct counts *counts, bool complete, const char *reason, struct err *err)
{
	struct recorder *s = recorder;
	if (!s->last)
		return 0;
	s->summary->counts = *counts;
	int r = record_violations(s, s->last, late, err);
	if (r == 0)
		r = record_crossings(s, counts, NULL, err);
	if (r == 0)
		r = record_last_minute(s, err);
	passages_finish(s->passages, late, &s->ended);
	if (r == 0)
		r = record_passages(s, err);
	if (r == 0 && s->clips)
		r = clips_finish(s->clips, err);
	struct events_run run = describe(s);
	if (r == 0 && s->events)
		r = events_counts(s->events, counts, err);
	if (r == 0 && s->events)
		r = events_end(s->events, &run, complete, reason, err);
	if (r == 0)
		r = session_store_flush(&s->store, err);
	return r;
}

/* Closes every output; the first failure among them is kept. */
static int close_outputs(struct recorder *s, struct err *err)
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

int recorder_close(struct recorder **recorder, struct err *err)
{
	struct recorder *s = *recorder;
	*recorder = NULL;
	if (!s)
		return 0;
	int r = close_outputs(s, err);
	annotator_destroy(&s->annotator);
	shapes_finish(&s->shapes);
	clips_destroy(&s->clips);
	evidence_close(&s->evidence);
	frame_unref(&s->last);
	congestion_destroy(&s->congestion);
	passages_destroy(&s->passages);
	trails_destroy(&s->trails);
	free(s);
	return r;
}
