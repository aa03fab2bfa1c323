/*
 * What shows a violation: two JPEG pictures (the scene with the vehicle marked, and the vehicle as
 * the camera saw it) and a JSON record with every measured quantity and the pictures' SHA-256
 * (docs/events.md). A caption stands below the scene, never on it.
 *
 * Files appear whole or not at all: written under a temporary name, synced, renamed; the record
 * last, so that a record never names a picture that is not there; where one of them cannot be
 * written the others are taken away. Names are made of device, time,
 * rule and track, so that a second run over the same file replaces them by the same.
 *
 * Threads: one owner. Memory: buffers are kept between violations.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"
#include "judge/violations.h"

struct evidence;

/* Makes the directory if it is missing. -errno with a sentence where it cannot be written to. */
int evidence_open(
	const char *dir, const char *device_id, struct err *err, struct evidence **ret_evidence);
void evidence_close(struct evidence **evidence);
/* From now on records name the clip that clips.h will write beside them. */
void evidence_name_clips(struct evidence *evidence);
/*
 * `frame` is the one that decided, whose box the violation carries. `start` is the wall time of
 * media time 0. `ret_path` (borrowed until the next call) is the JSON record's path; the pictures
 * stand beside it.
 */
int evidence_write(struct evidence *evidence, const struct frame *frame,
	const struct violation *violation, struct wall start, struct err *err,
	const char **ret_path);
