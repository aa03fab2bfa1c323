/*
 * Encoded packets into an mp4 file, as they are: no picture is decoded or encoded.
 *
 * Threads: any, one call at a time for one path. Memory: none is kept.
 */
#pragma once

#include "av/packet_ring.h"
#include "base/err.h"

/*
 * All packets of one codec, the first a key frame (packet_ring_take()). Time 0 is the first
 * picture shown. Written beside `path` and moved there when whole, so that nobody reads half a
 * clip. -EINVAL for an empty list, -ENOTSUP for a codec that mp4 does not hold, -ENOSPC and others
 * of writing.
 */
int clip_write(const char *path, const struct packet_list *list, struct err *err);
