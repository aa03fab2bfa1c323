/* What the rest of the library needs of a public stream. */
#pragma once

#include "base/frame.h"
#include "gantry/stream.h"

/* A reference to the newest frame: 0 or -EAGAIN. From any thread. */
int api_stream_latest(struct gantry_stream *stream, struct frame **ret_frame);
