#include "cameras/recording.h"

#include "base/log.h"
#include "pipeline/session_store.h"
#include "record/clips.h"
#include "record/evidence.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* In the order in which their problems matter. */
enum outlet { OUTLET_ROWS, OUTLET_EVIDENCE, OUTLET_CLIPS, OUTLET_PASSAGES, OUTLET_COUNT };
static const char *const outlet_names[] = {"violations", "pictures", "clips", "passages"};

struct tally {
	int64_t written_count, lost_count;
	char problem[512]; /* the latest was lost, why; else empty */
};

struct recording {
	struct recording_params params;
	struct session_store to;
	struct evidence *evidence; /* NULL: cannot be written */
	struct clips *clips;
	struct frame *last;
	pthread_mutex_t lock;
	struct tally tallies[OUTLET_COUNT]; /* the owner's, who changes them under lock */
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

/* `why` NULL: written. Said where it is not as it was. */
static void account(struct recording *r, enum outlet outlet, int count, const struct err *why)
{
	struct tally *t = &r->tallies[outlet];
	const char *name = outlet_names[outlet];
	if (why && !t->problem[0])
		log_error("%s: %s cannot be written: %s", r->params.device, name, why->text);
	else if (!why && t->problem[0])
		log_info("%s: %s are written again; %lld were lost by now", r->params.device, name,
			(long long)t->lost_count);
	pthread_mutex_lock(&r->lock);
	*(why ? &t->lost_count : &t->written_count) += count;
	snprintf(t->problem, sizeof(t->problem), "%s", why ? why->text : "");
	pthread_mutex_unlock(&r->lock);
}

static int open_evidence(struct recording *r, struct err *err)
{
	int code = evidence_open(r->params.evidence_dir, r->params.device, err, &r->evidence);
	if (code == 0 && r->params.ring)
		evidence_name_clips(r->evidence);
	return code;
}

/* The violation was told of some seconds ago; now there is more to see of it. */
static int clip_written(void *opaque, const struct clip *clip, struct err *err)
{
	struct recording *r = opaque;
	int code = session_store_clip(&r->to, clip->violation, clip->path, err);
	if (code == 0)
		account(r, OUTLET_CLIPS, 1, NULL);
	return code;
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
	struct err err = {0};
	finish(r);
	r->params = *params;
	r->to = (struct session_store){
		params->store, params->device, params->start, params->version};
	if (open_evidence(r, &err) < 0)
		account(r, OUTLET_EVIDENCE, 0, &err);
	if (params->ring)
		open_clips(r);
}

/* The record's path; NULL and why where it could not be written. */
static const char *write_evidence(struct recording *r, const struct frame *frame,
	const struct violation *violation, struct err *err)
{
	const char *path = NULL;
	if (!r->evidence && open_evidence(r, err) < 0)
		return NULL;
	/* Opened anew for the next one, which makes a folder that went. */
	if (evidence_write(r->evidence, frame, violation, r->params.start, err, &path) < 0)
		evidence_close(&r->evidence);
	return path;
}

static void record_one(
	struct recording *r, const struct frame *frame, const struct violation *violation)
{
	struct err why = {0}, err = {0};
	const char *path = write_evidence(r, frame, violation, &why);
	int code = session_store_violation(&r->to, violation, path, path ? &why : &err);
	if (code < 0 && path) {
		path = NULL;
		code = session_store_violation(&r->to, violation, NULL, &err);
	}
	account(r, OUTLET_ROWS, 1, code < 0 ? &err : NULL);
	if (code == 0)
		account(r, OUTLET_EVIDENCE, 1, path ? NULL : &why);
	if (path && r->clips && clips_add(r->clips, path, violation, frame->media, &err) < 0)
		account(r, OUTLET_CLIPS, 1, &err);
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
	int code = session_store_crossings(&r->to, counts, measures, &err);
	account(r, OUTLET_PASSAGES, counts->crossing_count, code < 0 ? &err : NULL);
}

void recording_step(
	struct recording *recording, struct frame *frame, const struct pipeline_result *result)
{
	struct recording *r = recording;
	struct err err = {0};
	record_all(r, frame, &result->violations);
	record_crossings(r, &result->counts, &result->measures);
	if (r->clips && clips_step(r->clips, frame->media, &err) < 0)
		account(r, OUTLET_CLIPS, 1, &err);
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
	while (r->clips && clips_finish(r->clips, &err) < 0)
		account(r, OUTLET_CLIPS, 1, &err);
	finish(r);
}

struct recording_counts recording_counts(struct recording *recording)
{
	struct tally *t = recording->tallies;
	const char *problem = "";
	pthread_mutex_lock(&recording->lock);
	for (int i = 0; i < OUTLET_COUNT && !problem[0]; i++)
		problem = t[i].problem;
	struct recording_counts counts = {
		.violation_count = t[OUTLET_ROWS].written_count,
		.passage_count = t[OUTLET_PASSAGES].written_count,
		.bare_count = t[OUTLET_EVIDENCE].lost_count,
		.lost_count = t[OUTLET_ROWS].lost_count,
		.clip_lost_count = t[OUTLET_CLIPS].lost_count,
		.passage_lost_count = t[OUTLET_PASSAGES].lost_count,
	};
	snprintf(counts.problem, sizeof(counts.problem), "%s", problem);
	pthread_mutex_unlock(&recording->lock);
	return counts;
}
