/*
 * One source through the pipeline into the recorders: what `gantry run` does with each SOURCE. A
 * file is read through, every frame of it; a live source (session_is_live()) is watched.
 *
 * Threads: a session, one thread; several may run at once. Decoding runs in another thread, and so
 * does the analysis of a live source. Memory: one row per road user and per violation is kept for
 * the summary; of live sources the latest ten thousand.
 * Errors: what was written before a failure stays valid; the summary holds what was seen until
 * then.
 */
#pragma once

#include "ingest/source.h"
#include "pipeline/live.h"
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
	/* Live sources: */
	double seconds; /* for so long from the first frame on; 0: until interrupted */
	struct service *service; /* shared with others; borrowed; NULL: one of its own */
	/*
	 * Called after every frame, from the thread that analyses; not 0 ends the run early, in
	 * order. Live sources also ask, with NULLs, while no frame comes.
	 */
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
	int64_t passage_total, violation_total; /* also those that were not kept */
	struct counts counts; /* at the end */
	bool interrupted;
	bool live; /* and then: */
	struct live_stats live_stats;
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
/* A URL, a device or "sim:SCENE" rather than a file. */
bool session_is_live(const char *source);
void session_summary_finish(struct session_summary *summary);
