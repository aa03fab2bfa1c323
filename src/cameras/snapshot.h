/*
 * A camera's latest picture as a JPEG file.
 *
 * Threads: any; may wait for the next frame, SNAPSHOT_WAIT_US at most. Memory: of one encoder,
 * during the call.
 */
#pragma once

#include "cameras/cameras.h"

#define SNAPSHOT_WAIT_US 2000000

/*
 * `annotated`: with what was found drawn on it. The caller frees. -ENOENT where there is no such
 * stream, -EAGAIN where no picture comes, -ENOMEM; with a sentence.
 */
int snapshot_take(struct cameras *cameras, const char *id, bool annotated, struct err *err,
	unsigned char **ret_bytes, size_t *ret_count);
