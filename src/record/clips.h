/*
 * The video around each violation: from five seconds before the deed to five seconds after it, as
 * the camera encoded it, beside the evidence record and under its name (NAME.json, NAME.mp4).
 *
 * A clip is written once its end has come by, so that it appears some seconds after its record. A
 * verdict that comes so late that the deed is not in the ring any more gets the video around the
 * verdict instead. Where there is none of that either, a warning says so.
 *
 * Threads: one owner. Memory: CLIPS_PENDING_MAX paths. Time: media time.
 */
#pragma once

#include "av/packet_ring.h"
#include "base/clock.h"
#include "base/err.h"

#define CLIPS_PENDING_MAX 64
#define CLIPS_BEFORE_S 5
#define CLIPS_AFTER_S 5

struct clips;

/* Takes a reference to the ring. 0 or -ENOMEM. */
int clips_create(struct packet_ring *ring, struct clips **ret_clips);
void clips_destroy(struct clips **clips);
/*
 * A clip for the record at `record_path`, of a deed `at`, judged at `now`. Where too many wait the
 * one that waited longest is written as far as it goes.
 */
void clips_add(struct clips *clips, const char *record_path, struct media at, struct media now);
/* Writes those that are due. 0, or why one could not be written. */
int clips_step(struct clips *clips, struct media now, struct err *err);
/* Writes all, with what there is. */
int clips_finish(struct clips *clips, struct err *err);
