/*
 * One source through the pipeline into the recorders: what `gantry run` does with each SOURCE.
 *
 * Threads: call from one thread; decoding runs ahead in another. Memory: one row per road user and
 * per violation is kept for the summary.
 * Errors: what was written before a failure stays valid; the summary holds what was seen until
 * then.
 */
#pragma once

#include "ingest/source.h"
#include "pipeline/pipeline.h"
#include "record/passages.h"
#include "store/store.h"

struct session_params {
	const char *source;
	const char *device_id; /* NULL: the scene's, else the source's name without its suffix */
	const struct scene *scene; /* borrowed */
	const char *events_path; /* JSON Lines; NULL: none */
	const char *csv_path; /* NULL: none */
	const char *video_path; /* annotated video; NULL: none */
	const char *evidence_dir; /* NULL: none */
	struct store *store; /* violations and passages go there too; borrowed; NULL: none */
	int64_t config_version; /* which the store notes with each violation; 0: none */
	struct wall start_wall; /* wall time of the first frame; 0: what the file says */
	int ahead_count; /* decoded frames read ahead; 0: 4 */
	/* Called after every frame, from the calling thread; not 0 ends the run early, in order. */
	int (*on_frame)(
		void *opaque, const struct source_info *info, const struct pipeline_result *result);
	void *opaque;
};

/* What came out, for the table that a person reads. Free with session_summary_finish(). */
struct session_summary {
	char device_id[64];
	struct source_info info;
	struct source_stats stats;
	char detector[160];
	bool calibrated;
	int64_t frame_count;
	double media_s; /* from the first frame to the last */
	double elapsed_s; /* on the wall */
	struct pipeline_cost cost;
	struct passage *passages; /* in the order in which tracks ended */
	int passage_count, passage_capacity;
	struct violation *violations; /* in the order of verdicts */
	int violation_count, violation_capacity;
	struct counts counts; /* at the end */
	bool interrupted;
};

/* What failed, so that a program can say so with its exit status. */
enum session_failure {
	SESSION_OK,
	SESSION_SOURCE, /* the source cannot be opened or read */
	SESSION_CONFIG, /* the scene does not fit the source, or its calibration is degenerate */
	SESSION_DETECTOR, /* the detector cannot be made, or failed on a frame */
	SESSION_OUTPUT, /* something could not be written */
	SESSION_RUNTIME, /* the machine refused: no memory, no thread */
};

/*
 * 0 or a negative errno with a sentence; `ret_failure` says which part failed. The summary is
 * filled in both cases and must be finished.
 */
int session_run(const struct session_params *params, struct err *err,
	struct session_summary *summary, enum session_failure *ret_failure);
void session_summary_finish(struct session_summary *summary);
