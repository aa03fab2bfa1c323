/*
 * What is kept of one source: events, a row per road user, evidence, the annotated video, and the
 * summary that a person reads. Of a file (session.c) and of a live camera (session_live.c) alike.
 *
 * Threads: one at a time. Memory: one row per road user and per violation; of an endless source at
 * most RECORDER_ROWS_MAX of each: the oldest go then, and are still counted.
 * Errors: after one, what was written before stays valid; close says it again.
 */
#pragma once

#include "pipeline/session.h"

#define RECORDER_ROWS_MAX 10000
/* Of encoded video for clips: ten seconds, a group of pictures, and a verdict that comes late. */
#define RECORDER_RING_S 30
#define RECORDER_RING_BYTES (INT64_C(96) << 20)

/* What must be known before the first frame. Borrowed until close. */
struct recorder_view {
	int width_px, height_px;
	double fps; /* declared; for the annotated video */
	double pixel_aspect; /* of the source, for the annotated video; 0: square */
	const struct calibration *calibration; /* NULL: not calibrated */
	struct wall created; /* for the annotated video */
	struct packet_ring *ring; /* for clips with the evidence; NULL: none */
	bool endless; /* no end is in sight: at most RECORDER_ROWS_MAX rows are kept */
};

struct recorder;

/* `summary` is filled from now on; it names the device and the detector already. */
int recorder_open(const struct session_params *params, const struct recorder_view *view,
	struct session_summary *summary, struct err *err, struct recorder **ret_recorder);
/* One frame with its result, in the order of media time. */
int recorder_frame(struct recorder *recorder, struct frame *frame,
	const struct pipeline_result *result, struct err *err);
/*
 * Late verdicts, the rows of whoever is still in the picture, the counts, and the end mark.
 * `complete` false: the source ended with an error, said in `reason` (may be NULL).
 */
int recorder_end(struct recorder *recorder, const struct violations *late,
	const struct counts *counts, bool complete, const char *reason, struct err *err);
/* Frees in any case. 0 only where everything reached the disk; the first failure is said. */
int recorder_close(struct recorder **recorder, struct err *err);
