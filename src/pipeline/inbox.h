/*
 * A live camera's frames between its stream and its analysis, each with what became of the look at
 * it. The analysis takes every frame in order, and waits only for one that somebody is still
 * looking at.
 *
 *     stream's thread:   inbox_put(), service_offer(), and where nobody took it inbox_settle()
 *     service's worker:  inbox_settle()
 *     analysis:          inbox_take()
 *
 * Where it is full a frame goes, and is counted: the oldest that nobody looks at, else the oldest;
 * but none that marks a gap, since tracks must hear of it.
 *
 * Threads: put from one, take from one, the rest from any. Memory: 16 KB a frame, at creation; the
 * frames are references.
 */
#pragma once

#include "pipeline/pipeline.h"

struct inbox_stats {
	int64_t put_count, dropped_count, taken_count;
	int waiting_count;
};

struct inbox;

/* `capacity_count` 2 to 1000. 0, -EINVAL, -ENOMEM. */
int inbox_create(int capacity_count, struct inbox **ret_inbox);
/* Drops what is in it. */
void inbox_destroy(struct inbox **inbox);
/* Takes a reference; sequences increase. Nobody else has the frame yet. */
void inbox_put(struct inbox *inbox, struct frame *frame);
/* What came of a look. `found` is copied where PIPELINE_LOOKED. Frames that have gone are ignored.
 */
void inbox_settle(struct inbox *inbox, int64_t sequence, enum pipeline_look look,
	const struct detections *found);
/*
 * The oldest frame, once it is settled: true and a reference; `ret_found` is filled where
 * PIPELINE_LOOKED. False where the inbox is closed and empty.
 */
bool inbox_take(struct inbox *inbox, struct frame **ret_frame, enum pipeline_look *ret_look,
	struct detections *ret_found);
/* No more frames will be put; those inside can still be taken. */
void inbox_close(struct inbox *inbox);
/* As new; it is empty, nothing is being put. */
void inbox_open(struct inbox *inbox);
struct inbox_stats inbox_stats(struct inbox *inbox);
