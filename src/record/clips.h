/*
 * The video around each violation: from five seconds before the deed to five seconds after it, as
 * the camera encoded it, beside the evidence record and under its name (NAME.json, NAME.mp4).
 *
 * A clip is written once its end has come by, so that it appears some seconds after its record. A
 * verdict that comes so late that the deed is not in the ring any more gets the video around the
 * verdict instead. Where there is none of that either, a warning says so.
 *
 * Threads: one owner. Memory: CLIPS_PENDING_MAX paths and violations. Time: media time.
 */
#pragma once

#include "av/packet_ring.h"
#include "base/clock.h"
#include "base/err.h"
#include "judge/violations.h"

#define CLIPS_PENDING_MAX 64
#define CLIPS_BEFORE_S 5
#define CLIPS_AFTER_S 5

struct clips;

/* One that was written. Borrowed during the call. */
struct clip {
	const char *path, *record_path;
	const struct violation *violation;
	struct media from, to; /* of the first and the last picture */
};

struct clips_params {
	struct packet_ring *ring; /* a reference is taken */
	/* From add, step and finish, after each clip; a negative errno is theirs. May be NULL. */
	int (*written)(void *opaque, const struct clip *clip, struct err *err);
	void *opaque;
};

/* 0 or -ENOMEM. */
int clips_create(const struct clips_params *params, struct clips **ret_clips);
void clips_destroy(struct clips **clips);
/*
 * A clip for the record at `record_path`, of a violation judged at `now`; both are copied. Where
 * too many wait the one that waited longest is written as far as it goes: 0, or why it could not
 * be.
 */
int clips_add(struct clips *clips, const char *record_path, const struct violation *violation,
	struct media now, struct err *err);
/* Writes those that are due. 0, or why one could not be written. */
int clips_step(struct clips *clips, struct media now, struct err *err);
/*
 * Writes all, with what there is. Ends at the first that could not be written, which is away then:
 * call it again for the rest.
 */
int clips_finish(struct clips *clips, struct err *err);
