#include "cameras/recording.h"

#include "base/log.h"
#include "pipeline/session_store.h"
#include "record/clips.h"
#include "record/evidence.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct recording {
	struct recording_params params;
	struct session_store to;
	struct evidence *evidence; /* NULL: cannot be written */
	struct clips *clips;
	struct frame *last;
	bool failing; /* and said so */
	pthread_mutex_t lock;
	struct recording_counts counts; /* under lock */
};

int recording_create(struct recording **ret_recording)
{
	struct recording *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	pthread_mutex_init(&r->lock, NULL);
	*ret_recording = r;
	return 0;
}

static void finish(struct recording *r)
{
	clips_destroy(&r->clips);
	evidence_close(&r->evidence);
	frame_unref(&r->last);
}

void recording_destroy(struct recording **recording)
{
	struct recording *r = *recording;
	*recording = NULL;
	if (!r)
		return;
	finish(r);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* Said once, until it works again. */
static void say_failure(struct recording *r, const struct err *err)
{
	if (!r->failing)
		log_error("%s: evidence cannot be written: %s", r->params.device, err->text);
	r->failing = true;
}

static void open_evidence(struct recording *r)
{
	struct err err = {0};
	if (evidence_open(r->params.evidence_dir, r->params.device, &err, &r->evidence) < 0)
		say_failure(r, &err);
	else if (r->params.ring)
		evidence_name_clips(r->evidence);
}

/* The violation was told of some seconds ago; now there is more to see of it. */
static int clip_written(void *opaque, const struct clip *clip, struct err *err)
{
	const struct recording *r = opaque;
	return session_store_clip(&r->to, clip->violation, clip->path, err);
}

static void open_clips(struct recording *r)
{
	const struct clips_params params = {
		.ring = r->params.ring, .written = clip_written, .opaque = r};
	if (clips_create(&params, &r->clips) < 0)
		log_error("%s: out of memory: there will be no clips", r->params.device);
}

void recording_begin(struct recording *recording, const struct recording_params *params)
{
	struct recording *r = recording;
	finish(r);
	r->params = *params;
	r->to = (struct session_store){
		params->store, params->device, params->start, params->version};
	open_evidence(r);
	if (params->ring)
		open_clips(r);
}

/* The record's path; NULL where it could not be written. */
static const char *write_evidence(
	struct recording *r, const struct frame *frame, const struct violation *violation)
{
	struct err err = {0};
	const char *path = NULL;
	if (!r->evidence)
		open_evidence(r);
	if (!r->evidence)
		return NULL;
	if (evidence_write(r->evidence, frame, violation, r->params.start, &err, &path) < 0) {
		say_failure(r, &err);
		return NULL;
	}
	if (r->failing)
		log_info("%s: evidence is written again", r->params.device);
	r->failing = false;
	return path;
}

static void record_one(
	struct recording *r, const struct frame *frame, const struct violation *violation)
{
	struct err err = {0};
	const char *path = write_evidence(r, frame, violation);
	int code = session_store_violation(&r->to, violation, path, &err);
	if (code < 0 && path) {
		say_failure(r, &err);
		path = NULL;
		code = session_store_violation(&r->to, violation, NULL, &err);
	}
	if (code < 0)
		log_error("%s: a violation is lost: %s", r->params.device, err.text);
	if (path && r->clips && clips_add(r->clips, path, violation, frame->media, &err) < 0)
		say_failure(r, &err);
	pthread_mutex_lock(&r->lock);
	r->counts.violation_count += code == 0;
	r->counts.bare_count += code == 0 && !path;
	r->counts.lost_count += code < 0;
	pthread_mutex_unlock(&r->lock);
}

static void record_all(
	struct recording *r, const struct frame *frame, const struct violations *violations)
{
	for (int i = 0; i < violations->count; i++)
		record_one(r, frame, &violations->items[i]);
}

static void record_crossings(
	struct recording *r, const struct counts *counts, const struct measures *measures)
{
	struct err err = {0};
	if (counts->crossing_count == 0)
		return;
	if (session_store_crossings(&r->to, counts, measures, &err) < 0)
		log_error("%s: passages are lost: %s", r->params.device, err.text);
	pthread_mutex_lock(&r->lock);
	r->counts.passage_count += counts->crossing_count;
	pthread_mutex_unlock(&r->lock);
}

void recording_step(
	struct recording *recording, struct frame *frame, const struct pipeline_result *result)
{
	struct recording *r = recording;
	struct err err = {0};
	record_all(r, frame, &result->violations);
	record_crossings(r, &result->counts, &result->measures);
	if (r->clips && clips_step(r->clips, frame->media, &err) < 0)
		say_failure(r, &err);
	frame_unref(&r->last);
	r->last = frame_ref(frame);
}

void recording_end(
	struct recording *recording, const struct violations *late, const struct counts *counts)
{
	struct recording *r = recording;
	struct err err = {0};
	if (!r->last)
		return;
	record_all(r, r->last, late);
	record_crossings(r, counts, NULL);
	if (r->clips && clips_finish(r->clips, &err) < 0)
		say_failure(r, &err);
	finish(r);
}

struct recording_counts recording_counts(struct recording *recording)
{
	pthread_mutex_lock(&recording->lock);
	struct recording_counts counts = recording->counts;
	pthread_mutex_unlock(&recording->lock);
	return counts;
}
