/*
 * What a camera's verdicts leave behind: evidence on the disk, then the violation's row in the
 * store; a passage for each crossing of a counting line; a clip some seconds later.
 *
 * Nothing here ends a camera: evidence that cannot be written is counted, and its violation is
 * recorded without; rows wait in the store's queue for the disk. Each violation tries again, so
 * that it goes on by itself. The log has a line where it begins to fail and one where it works
 * again.
 *
 * Threads: one owner; recording_counts() from any. Memory: one frame, for verdicts that come late.
 */
#pragma once

#include "av/packet_ring.h"
#include "pipeline/pipeline.h"
#include "store/store.h"

struct recording_params {
	struct store *store; /* borrowed, as are the texts */
	const char *evidence_dir, *device;
	int64_t version; /* of the configuration that judges */
	struct wall start; /* of media time 0 */
	struct packet_ring *ring; /* for clips; NULL: none */
};

struct recording_counts {
	int64_t violation_count; /* handed to the store */
	int64_t passage_count;
	int64_t bare_count; /* of the violations, those without evidence: it could not be written */
	int64_t lost_count; /* the store did not take them */
	int64_t clip_lost_count; /* their violation is there, with its pictures */
	int64_t passage_lost_count;
	char problem[512]; /* why the latest of something was not written; empty: all was */
};

struct recording;

int recording_create(struct recording **ret_recording);
void recording_destroy(struct recording **recording);
/* What follows is told with these; between begin and end one camera's media time increases. */
void recording_begin(struct recording *recording, const struct recording_params *params);
void recording_step(
	struct recording *recording, struct frame *frame, const struct pipeline_result *result);
void recording_end(
	struct recording *recording, const struct violations *late, const struct counts *counts);
struct recording_counts recording_counts(struct recording *recording);
