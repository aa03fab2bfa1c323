/*
 * One camera's frames through all stages: detect, track, measure, judge.
 *
 * The stages do not know each other; this is the one place that knows them all and their order.
 *
 * Threads: one pipeline, one thread. Memory: everything at creation; none per frame but what the
 * detector's library allocates by itself. Time: results speak of the frame's own media time.
 */
#pragma once

#include "judge/counts.h"
#include "pipeline/scene.h"

/* Wall-clock cost of each stage in one frame, microseconds; for metrics, never for results. */
struct pipeline_cost {
	int64_t detect_us, track_us, measure_us, judge_us;
};

/*
 * All of it about one frame; plain values, owned by the pipeline. `tracks.coasted` where nobody
 * looked; there are no detections then.
 */
struct pipeline_result {
	struct detections detections;
	struct tracks tracks;
	struct measures measures;
	struct violations violations;
	struct counts counts;
	struct pipeline_cost cost;
};

struct pipeline;

/* Which of the things that a pipeline is made from was wrong. */
enum pipeline_part {
	PIPELINE_SCENE, /* calibration, picture size, contradicting parameters */
	PIPELINE_DETECTOR, /* model, labels, or the library that runs it */
};

/*
 * For frames of this size. The scene is borrowed until destroy. Fails with a sentence where the
 * model cannot be loaded, the calibration is degenerate, or the scene is drawn for another size;
 * `ret_part` (may be NULL) then says which.
 */
int pipeline_create(const struct scene *scene, int width_px, int height_px, struct err *err,
	enum pipeline_part *ret_part, struct pipeline **ret_pipeline);
/*
 * The same without a detector of its own: whoever calls pipeline_analyse() brings what was found.
 * For live cameras, which share one detection service.
 */
int pipeline_create_apart(const struct scene *scene, int width_px, int height_px, struct err *err,
	enum pipeline_part *ret_part, struct pipeline **ret_pipeline);
void pipeline_destroy(struct pipeline **pipeline);

/* What its detector wants to see of a file beforehand; see detector_preview(). */
double pipeline_preview_s(const struct pipeline *pipeline);
int pipeline_preview(struct pipeline *pipeline, const struct frame *frame, struct err *err);

/* One frame. The result is borrowed until the next step. Media time must increase (-EINVAL). */
int pipeline_step(struct pipeline *pipeline, const struct frame *frame, struct err *err,
	const struct pipeline_result **ret_result);

/* Who looked at a frame, and why nobody did. */
enum pipeline_look {
	PIPELINE_LOOKED,
	PIPELINE_NOT_LOOKED, /* tracks are predicted */
	PIPELINE_STILL, /* nothing moved since the last look: tracks stay where they are */
};

/*
 * The stages after detection. `found` is what was found in this frame, and read only where
 * PIPELINE_LOOKED. Otherwise as pipeline_step().
 */
int pipeline_analyse(struct pipeline *pipeline, const struct frame *frame, enum pipeline_look look,
	const struct detections *found, struct err *err, const struct pipeline_result **ret_result);

/* At the end of the source: verdicts that waited for what would come next. Borrowed likewise. */
const struct violations *pipeline_flush(struct pipeline *pipeline);
/* As of the latest step or flush. */
const struct counts *pipeline_counts(const struct pipeline *pipeline);

/* The detector that a scene asks for, with strings borrowed from it; uncalibrated. */
struct detector_params pipeline_detector_params(const struct scene *scene);

/* NULL where it has none of its own. */
const char *pipeline_detector(const struct pipeline *pipeline);
/* NULL where the scene is not calibrated. */
const struct calibration *pipeline_calibration(const struct pipeline *pipeline);
