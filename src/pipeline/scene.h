/*
 * A scene: everything that one camera's configuration file says. With pipeline.c the place that
 * knows all stages; each stage declares its own options next to its own struct.
 *
 *     pipeline:     {device_id: north-gate, detection_model_path: yolox.onnx, target_fps: 25}
 *     image:        {width_px: 1280, height_px: 720}
 *     detector:     {kind: motion}
 *     tracker:      {...}
 *     measure:      {...}
 *     calibration:  {points: [{image: [412, 633], road: [0, 0]}, ...]}
 *     lines:        [{name: stop, points: [[300, 600], [900, 610]]}]
 *     zones:        [{name: bus stop, polygon: [[...], ...]}]
 *     signals:      [{name: main, ...}]
 *     rules:        [{kind: speed_violation, limit_kmh: 50}]
 *
 * `gantry check --reference` prints all of it with defaults, units and ranges.
 *
 * Memory: scene_free() frees what was read. Threads: read-only after loading.
 */
#pragma once

#include "base/err.h"
#include "base/options.h"
#include "detect/detector.h"
#include "judge/judge.h"
#include "measure/calibration.h"
#include "measure/measurer.h"
#include "track/tracker.h"

#define PIPELINE_CONFIDENCE_DEFAULT 0.5

/* The original system's PipelineConfig, by its own names. */
struct pipeline_params {
	char *device_id; /* NULL: from the name of the source */
	char *detection_model_path; /* NULL: the `motion` detector */
	double target_fps; /* 0: 30 for live cameras, every frame for files */
	double confidence_threshold; /* detections at or above it start tracks and are reported */
	bool metrics_enabled;
	bool enable_speed_analysis;
	bool enable_violation_detection;
};

/* The picture size in which the image points of the file were picked; 0: that of the source. */
struct image_params {
	struct option_where where;
	int width_px, height_px;
};

struct scene {
	struct pipeline_params pipeline;
	struct image_params image;
	struct detector_params detector;
	struct tracker_params tracker;
	struct measure_params measure;
	struct calibration_params calibration;
	struct judge_params judge;
};

/* All defaults: no calibration, no rules. */
void scene_defaults(struct scene *scene);
void scene_free(struct scene *scene);

/*
 * Reads YAML into a scene that holds defaults and checks everything about it that can be known
 * without the video: names, geometry, calibration. Problems are collected, never printed.
 * 0 where there is no error among them, -EINVAL where there is, -ENOMEM.
 */
int scene_parse(const char *yaml, size_t length, struct scene *scene, struct problems *problems);
/* The same from a file; also -errno, with the reason in `err`, where it cannot be read. */
int scene_load(const char *path, struct scene *scene, struct problems *problems, struct err *err);

/* The part of these checks that the options' tables cannot say: for whoever reads a scene as a part
 * of something larger. */
void scene_check(const struct scene *scene, struct problems *problems);

/* The contract's environment variables over what the file said: MODEL_PATH, TARGET_FPS. */
int scene_apply_environment(struct scene *scene, struct err *err);
/* One option by its path, as from the command line: "pipeline.target_fps", "15". */
int scene_set(struct scene *scene, const char *path, const char *value, struct err *err);

/* The size in which the scene is drawn must be that of the video. -EINVAL with both sizes. */
int scene_check_size(const struct scene *scene, int width_px, int height_px, struct err *err);
bool scene_is_calibrated(const struct scene *scene);

/* The table behind the file format, for the reference and for those whose files hold a scene. */
extern const struct option_table scene_options;
