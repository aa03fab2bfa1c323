/*
 * Many streams under names of their own: the original system's MultiStreamManager.
 *
 * Threads: all functions may be called from any thread; one stream's calls may wait for each
 * other. Memory: what its streams use; a stream that is not started costs a few kilobytes.
 */
#pragma once

#include "gantry/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_stream_manager;

struct gantry_aggregated_statistics {
	int64_t total_streams, active_streams; /* configured; running */
	int64_t healthy_streams;
	int64_t total_frames_read, total_frames_dropped, total_errors, total_reconnects;
	double average_fps; /* of the streams that are live */
	double drop_rate; /* dropped of read, 0 to 1 */
};

/* What became of one stream in gantry_stream_manager_start_all(). */
struct gantry_start_result {
	const char *id; /* valid until the stream is removed */
	int result; /* 0 or a negative errno */
	struct gantry_error error;
};

GANTRY_API int gantry_stream_manager_create(
	struct gantry_stream_manager **ret_manager, struct gantry_error *error);
/* Stops and removes all. */
GANTRY_API void gantry_stream_manager_destroy(struct gantry_stream_manager **manager);

/* Not started yet. -EEXIST for an id that is there, -EINVAL, -EPROTONOSUPPORT, -ENOMEM. `id`: 1 to
 * 63 characters. */
GANTRY_API int gantry_stream_manager_add(struct gantry_stream_manager *manager, const char *id,
	const char *source, const struct gantry_stream_config *config, struct gantry_error *error);
/* Stops it first. -ENOENT. */
GANTRY_API int gantry_stream_manager_remove(
	struct gantry_stream_manager *manager, const char *id, struct gantry_error *error);
/* -ENOENT, and what gantry_stream_start() says. */
GANTRY_API int gantry_stream_manager_start(
	struct gantry_stream_manager *manager, const char *id, struct gantry_error *error);
GANTRY_API int gantry_stream_manager_stop(
	struct gantry_stream_manager *manager, const char *id, struct gantry_error *error);
/*
 * Starts all that do not run. Fills at most `result_count` results (which may be 0) in the order of
 * adding; the number of streams that could not be started.
 */
GANTRY_API int gantry_stream_manager_start_all(struct gantry_stream_manager *manager,
	struct gantry_start_result *results, int result_count);
GANTRY_API void gantry_stream_manager_stop_all(struct gantry_stream_manager *manager);

/* The ids of all streams, or of those that run, in the order of adding: fills at most `count`, and
 * returns how many there are. Each is valid until its stream is removed. */
GANTRY_API int gantry_stream_manager_ids(
	const struct gantry_stream_manager *manager, const char **ids, int count);
GANTRY_API int gantry_stream_manager_active_ids(
	const struct gantry_stream_manager *manager, const char **ids, int count);
/*
 * The newest frame of a stream: a copy of nothing, held until gantry_frame_free(). -ENOENT, or
 * -EAGAIN where there was none since start.
 */
GANTRY_API int gantry_stream_manager_latest_frame(struct gantry_stream_manager *manager,
	const char *id, struct gantry_frame **ret_frame, struct gantry_error *error);
/* -ENOENT. */
GANTRY_API int gantry_stream_manager_get_statistics(const struct gantry_stream_manager *manager,
	const char *id, struct gantry_stream_statistics *ret_statistics);
GANTRY_API void gantry_stream_manager_get_aggregated(const struct gantry_stream_manager *manager,
	struct gantry_aggregated_statistics *ret_statistics);

#ifdef __cplusplus
}
#endif
