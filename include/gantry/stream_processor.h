/*
 * Many live cameras analysed at once, with one detection service for all of them: the original
 * system's StreamProcessor.
 *
 *     struct gantry_stream_processor_config config;
 *     gantry_stream_processor_config_init(&config);
 *     config.on_result = print_result;
 *     gantry_stream_processor_create(&config, &processor, &error);
 *     gantry_stream_processor_add_camera_stream(
 *             processor, "north", "rtsp://10.0.0.7/1", NULL, &pipeline_config, &error);
 *     ...
 *     gantry_stream_processor_destroy(&processor);
 *
 * Each camera is read and tracked by threads of its own, every frame in order. Finding road users
 * is shared: one single-threaded session of the network per core, which looks at the newest frame
 * of the camera that has waited longest. A camera is looked at max_hz times a second where the
 * machine can, less often where it cannot, never below min_hz; between looks its tracks are
 * predicted. With motion_gate a camera in whose picture nothing moves is looked at once a second.
 * Cameras without a network detect motion in their own threads, in every frame.
 * docs/live.md says what is shed when there is too much to do, and the statistics count it.
 *
 * Threads: all functions from any thread, destroy by the owner. The callback comes from the
 * cameras' threads, of several at the same time, of one in the order of its frames; while it runs
 * that camera's frames wait. It must not add, remove or destroy.
 * Memory: for each camera that of its stream and some 2 MB; for each core the network's.
 */
#pragma once

#include "gantry/pipeline.h"
#include "gantry/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_stream_processor_config {
	double max_hz, min_hz; /* looks a second and camera: wanted, and at least; 10 and 2 */
	bool motion_gate; /* true */
	/*
	 * One frame's result; all is borrowed for the length of the call. `frame` is NULL for the
	 * verdicts that come with a camera's end. NULL: nobody listens.
	 */
	void (*on_result)(void *opaque, const char *id, const struct gantry_frame *frame,
		const struct gantry_result *result);
	void *opaque;
};

struct gantry_processing_statistics {
	struct gantry_stream_statistics stream;
	/*
	 * Every frame is accounted for: stream.frames_decoded = stream.dropped_rate +
	 * stream.dropped_late + frames_looked_at + frames_predicted + frames_still + dropped_late +
	 * dropped_refused + frames_waiting + unaccounted, and unaccounted is 0, but for the moment
	 * in which a frame is on its way from one thread to another.
	 */
	int64_t frames_looked_at; /* tracked with detections */
	int64_t frames_predicted; /* tracked by prediction: nobody looked */
	int64_t frames_still; /* nothing moved */
	int64_t frames_waiting;
	int64_t dropped_late; /* a newer frame needed the room: buffer_size were waiting */
	int64_t dropped_refused; /* media time did not increase, or a stage failed */
	int64_t unaccounted;
	int64_t looks_replaced; /* shed: a newer frame came before the service had time */
	int64_t looks_failed;
	int64_t violations;
	double look_rate_hz; /* that the machine holds now for this camera; 0: it looks itself */
	double look_ms, analyse_ms; /* CPU time of one look; of the rest, a frame */
	/* From the arrival of a frame's last packet to its result. */
	double latency_p50_ms, latency_p95_ms, latency_p99_ms;
};

struct gantry_aggregated_metrics {
	int64_t total_streams, active_streams; /* added; running */
	int64_t total_frames; /* analysed */
	int64_t total_violations;
	int64_t total_looks, total_looks_replaced;
	int64_t total_frames_dropped; /* late, refused, undecodable; not those of target_fps */
	double average_fps; /* of the streams that are live */
};

struct gantry_stream_processor;

GANTRY_API void gantry_stream_processor_config_init(struct gantry_stream_processor_config *config);
/* -EINVAL for rates out of order, -ENOMEM. */
GANTRY_API int gantry_stream_processor_create(const struct gantry_stream_processor_config *config,
	struct gantry_stream_processor **ret_processor, struct gantry_error *error);
/* Stops and removes all. */
GANTRY_API void gantry_stream_processor_destroy(struct gantry_stream_processor **processor);

/*
 * Adds and starts. `stream_config` NULL: the defaults, with reconnecting for ever; buffer_size must
 * be 2 or more. `pipeline_config` NULL: the defaults; its target_fps means nothing here, and its
 * device_id is `id` where neither it nor its scene names one. `id`: 1 to 63 characters. -EEXIST,
 * -EINVAL, -EPROTONOSUPPORT, -ENOMEM, what is wrong with a scene, a model or a file.
 */
GANTRY_API int gantry_stream_processor_add_camera_stream(struct gantry_stream_processor *processor,
	const char *id, const char *source, const struct gantry_stream_config *stream_config,
	const struct gantry_pipeline_config *pipeline_config, struct gantry_error *error);
/* Stops it first; no result comes afterwards. -ENOENT. */
GANTRY_API int gantry_stream_processor_remove_camera_stream(
	struct gantry_stream_processor *processor, const char *id, struct gantry_error *error);

/* -ENOENT. */
GANTRY_API int gantry_stream_processor_get_statistics(struct gantry_stream_processor *processor,
	const char *id, struct gantry_processing_statistics *ret_statistics);
GANTRY_API void gantry_stream_processor_get_aggregated_metrics(
	struct gantry_stream_processor *processor, struct gantry_aggregated_metrics *ret_metrics);

#ifdef __cplusplus
}
#endif
