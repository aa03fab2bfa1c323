/*
 * Frames from a video file, at the caller's pace: every frame, none twice, with its own time.
 */
#pragma once

#include "gantry/frame.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The original system's StreamConfig. Defaults by gantry_stream_config_init(). */
struct gantry_stream_config {
	int buffer_size; /* decoded frames held ready, 1 to 1000; 10 */
	double target_fps; /* at most so many frames a second of media time; 0: all; 30 */
	int reconnect_attempts; /* cameras only; 5 */
	double reconnect_delay; /* seconds, cameras only; 2.0 */
};

struct gantry_stream_statistics {
	int64_t frames_read, frames_dropped, total_errors;
	double fps; /* frames over the media time they cover */
	bool is_connected;
	int64_t last_frame_time_us; /* media time */
};

struct gantry_stream;

GANTRY_API void gantry_stream_config_init(struct gantry_stream_config *config);
/* Nothing is opened yet. `source`: path of a video or image file. */
GANTRY_API int gantry_stream_create(const char *source, const struct gantry_stream_config *config,
	struct gantry_stream **ret_stream, struct gantry_error *error);
GANTRY_API void gantry_stream_destroy(struct gantry_stream **stream);

/* Opens the source and starts decoding ahead. -ENOENT, -EINVAL and others with a sentence. */
GANTRY_API int gantry_stream_start(struct gantry_stream *stream, struct gantry_error *error);
/* Ends decoding; returns at once also where a read blocks. */
GANTRY_API void gantry_stream_stop(struct gantry_stream *stream);
/* True from start until the last frame was given or stop was called. */
GANTRY_API bool gantry_stream_is_running(const struct gantry_stream *stream);

/*
 * The next frame, waiting for it; borrowed until the next call on the stream. NULL at the end, and
 * where decoding failed: gantry_stream_error() then says why.
 */
GANTRY_API const struct gantry_frame *gantry_stream_next_frame(struct gantry_stream *stream);
/* "" while all is well. */
GANTRY_API const char *gantry_stream_error(const struct gantry_stream *stream);
GANTRY_API void gantry_stream_get_statistics(
	const struct gantry_stream *stream, struct gantry_stream_statistics *ret_statistics);

#ifdef __cplusplus
}
#endif
