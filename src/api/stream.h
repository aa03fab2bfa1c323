/* What the rest of the library needs of a public stream. */
#pragma once

#include "base/frame.h"
#include "gantry/stream.h"
#include "ingest/stream.h"

/* A reference to the newest frame: 0 or -EAGAIN. From any thread. */
int api_stream_latest(struct gantry_stream *stream, struct frame **ret_frame);
/* What a configuration asks for; borrows its strings and `source`. -EINVAL with the reason. */
int api_stream_params(const char *source, const struct gantry_stream_config *config,
	struct err *err, struct stream_params *ret_params);
void api_stream_statistics(
	const struct stream_stats *stats, struct gantry_stream_statistics *ret_statistics);
