/*
 * One camera's frames through detection, tracking, measuring and judging.
 */
#pragma once

#include "gantry/frame.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The original system's PipelineConfig by its own names. Set defaults with
 * gantry_pipeline_config_init(). Strings are copied by create. What is changed from its default
 * here wins over the scene.
 */
struct gantry_pipeline_config {
	const char
		*detection_model_path; /* ONNX; NULL: what the scene says, else motion detection */
	double target_fps; /* 30; kept for streams, a pipeline takes every frame given */
	double confidence_threshold; /* 0 to 1; 0.5 */
	bool metrics_enabled; /* true */
	bool enable_speed_analysis; /* true */
	bool enable_violation_detection; /* true */
	const char *device_id; /* NULL: the scene's, else "camera" */
	const char *scene_path; /* YAML file: calibration, zones, rules; NULL: none */
	const char *scene_text; /* the same as text; not both */
};

struct gantry_detection {
	float bbox[4]; /* x1 y1 x2 y2, source pixels */
	float confidence; /* 0 to 1 */
	const char *class_name; /* "car", ...; static string */
};

struct gantry_point {
	float x, y; /* source pixels */
};

#define GANTRY_TRAJECTORY_MAX 64

struct gantry_tracked_vehicle {
	uint32_t track_id; /* from 1, never reused by a pipeline */
	float bbox[4];
	float confidence;
	const char *class_name;
	const struct gantry_point *trajectory; /* ground points, oldest first */
	int trajectory_count; /* 1 to GANTRY_TRAJECTORY_MAX */
	const char *speed_status; /* "ok", or why there is no speed: "uncalibrated", "too_short",
				   * "occluded", "turning", "outside_area", "implausible" */
	double speed_kmh; /* where the status is "ok", else NAN */
	double speed_uncertainty_kmh; /* half width of the 95 % interval; NAN likewise */
	bool lost; /* not seen in this frame: the box is predicted */
};

struct gantry_violation {
	const char *violation_type; /* "speed_violation", "red_light", ... */
	const char *device_id;
	char timestamp[32]; /* ISO 8601, milliseconds, UTC; of the deed, not of the verdict */
	int64_t media_time_us; /* the same in media time */
	const char *severity; /* "low", "medium", "high", "critical" */
	const char *evidence_path; /* NULL: this pipeline does not write evidence */
	uint32_t track_id;
	float bbox[4];
	const char *class_name;
	const char *rule; /* its name in the scene */
	double measured, uncertainty, limit, tolerance; /* in `unit`; uncertainty: 95 % */
	const char *unit; /* "km/h", "s", "m", "deg" */
	const char *explanation; /* a sentence: what was measured, against what, over which times */
};

/* Everything about one frame. Arrays are borrowed until the next call on the pipeline. */
struct gantry_result {
	bool success;
	double processing_time_ms;
	int64_t media_time_us;
	int detection_count;
	const struct gantry_detection *detections;
	int tracked_vehicle_count; /* confirmed and lost tracks */
	const struct gantry_tracked_vehicle *tracked_vehicles;
	int violation_count;
	const struct gantry_violation *violations;
};

struct gantry_pipeline_metrics {
	int64_t frames_processed;
	double fps; /* frames over the media time they cover */
	int64_t violations_count;
	double processing_time_ms; /* mean per frame */
};

/* What get_status says. Strings are borrowed until the pipeline is destroyed. */
struct gantry_pipeline_status {
	const char *device_id;
	bool is_running;
	struct gantry_pipeline_metrics metrics;
	struct {
		const char *detector; /* "motion", "onnx: ..."; NULL before the first frame */
		bool calibrated;
		int rule_count;
	} components;
	struct gantry_pipeline_config configuration;
};

struct gantry_pipeline;

GANTRY_API void gantry_pipeline_config_init(struct gantry_pipeline_config *config);

/*
 * Reads and checks the scene. -EINVAL for a configuration that is wrong (the first problem and how
 * many more in `error`), -ENOENT and other errno values of files. The model is loaded here too.
 */
GANTRY_API int gantry_pipeline_create(const struct gantry_pipeline_config *config,
	struct gantry_pipeline **ret_pipeline, struct gantry_error *error);
GANTRY_API void gantry_pipeline_destroy(struct gantry_pipeline **pipeline);

/* A pipeline is created running; stop makes process_frame refuse (-ECANCELED) until start. */
GANTRY_API int gantry_pipeline_start(struct gantry_pipeline *pipeline);
GANTRY_API void gantry_pipeline_stop(struct gantry_pipeline *pipeline);
GANTRY_API bool gantry_pipeline_is_running(const struct gantry_pipeline *pipeline);
GANTRY_API int64_t gantry_pipeline_frame_counter(const struct gantry_pipeline *pipeline);
GANTRY_API void gantry_pipeline_get_status(
	const struct gantry_pipeline *pipeline, struct gantry_pipeline_status *ret_status);

/*
 * One frame. All frames of a pipeline have the size of the first, and increasing media times.
 * -EINVAL for a frame that breaks this or is malformed; the pipeline can go on afterwards.
 * gantry_pipeline_error() says what was wrong; `result->success` is false then.
 */
GANTRY_API int gantry_pipeline_process_frame(struct gantry_pipeline *pipeline,
	const struct gantry_frame *frame, struct gantry_result *ret_result);
/* The sentence of the last failed process_frame; "" where none failed. */
GANTRY_API const char *gantry_pipeline_error(const struct gantry_pipeline *pipeline);

#ifdef __cplusplus
}
#endif
