/*
 * Events as JSON Lines (docs/events.md): one object a line, by contract.md's names.
 *
 *     {"event": "run", ...}         first: version, source, device_id, picture size, detector
 *     {"event": "violation", ...}   one per verdict, in the order of the verdicts
 *     {"event": "clip", ...}        when a violation's clip was written, some seconds later
 *     {"event": "vehicle", ...}     one per road user, when its track ends
 *     {"event": "crossing", ...}    one per road user counted on a line, when it is sure
 *     {"event": "gap", ...}         media time that was not seen
 *     {"event": "count", ...}       one per counting line and direction, at the end
 *     {"event": "end", ...}         last: frames, duration, totals, and whether it was complete
 *
 * A run over the same file gives the same bytes. Only whole lines reach the file, so what is there
 * stays valid when the disk fills or the process dies.
 *
 * Threads: one owner. Errors: -errno with a sentence; after one, further writes do nothing and
 * say it again, and so does close.
 */
#pragma once

#include "base/err.h"
#include "judge/counts.h"
#include "judge/violations.h"
#include "record/clips.h"
#include "record/passages.h"

struct events;

/* What the first and the last line say of the run. Strings are borrowed during the call. */
struct events_run {
	const char *source; /* as the user gave it */
	const char *device_id;
	const char *detector; /* its description */
	int width_px, height_px;
	double duration_s; /* 0: unknown; at the end: what was analysed */
	bool calibrated;
	double calibration_rms_px;
	int64_t frame_count; /* at the end */
	int64_t corrupt_count; /* at the end */
	int64_t vehicle_count, violation_count; /* at the end */
};

/* "-": standard output. */
int events_open(const char *path, struct err *err, struct events **ret_events);
/* Once, before all others. `start` is the wall time of media time 0. */
int events_begin(
	struct events *events, const struct events_run *run, struct wall start, struct err *err);
/* `evidence_path` may be NULL. */
int events_violation(struct events *events, const struct violation *violation,
	const char *evidence_path, struct err *err);
int events_clip(struct events *events, const struct clip *clip, struct err *err);
int events_passage(struct events *events, const struct passage *passage, struct err *err);
/* Between two frames nothing was seen. */
int events_gap(struct events *events, struct media from, struct media to, struct err *err);
/* One of `counts`. */
int events_crossing(struct events *events, const struct counts *counts,
	const struct crossing *crossing, struct err *err);
int events_counts(struct events *events, const struct counts *counts, struct err *err);
/* `complete` false: the source ended with an error, said in `reason` (may be NULL). */
int events_end(struct events *events, const struct events_run *run, bool complete,
	const char *reason, struct err *err);
/* Frees in any case. 0 only where everything reached the disk. */
int events_close(struct events **events, struct err *err);
