#include "pipeline/pipeline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct pipeline {
	const struct scene *scene;
	int width_px, height_px;
	bool calibrated;
	struct calibration calibration;
	struct detector *detector;
	struct tracker *tracker;
	struct measurer *measurer;
	struct judge *judge;
	struct media last; /* MEDIA_NONE before the first frame */
	struct pipeline_result result;
};

struct detector_params pipeline_detector_params(const struct scene *scene)
{
	struct detector_params params = scene->detector;
	params.detection_model_path = scene->pipeline.detection_model_path;
	params.confidence_threshold = scene->pipeline.confidence_threshold;
	return params;
}

/* The lens is left out: classes by size need no more than the homography. */
static int create_detector(struct pipeline *p, struct err *err)
{
	struct detector_params params = pipeline_detector_params(p->scene);
	params.road_from_image = p->calibrated ? &p->calibration.road_from_image : NULL;
	params.up_column =
		p->calibrated && p->calibration.has_camera ? p->calibration.up_column : NULL;
	return detector_create(&params, err, &p->detector);
}

/* A confidence_threshold of the user's own says what may start a track. */
static struct tracker_params tracker_params_of(const struct scene *scene)
{
	struct tracker_params params = scene->tracker;
	double threshold = scene->pipeline.confidence_threshold;
	if (threshold != PIPELINE_CONFIDENCE_DEFAULT) {
		params.start_confidence = threshold;
		params.high_confidence = fmin(params.high_confidence, threshold);
		params.low_confidence = fmin(params.low_confidence, threshold);
	}
	return params;
}

static int create_stages(
	struct pipeline *p, bool with_detector, struct err *err, enum pipeline_part *part)
{
	*part = PIPELINE_SCENE;
	const struct scene *scene = p->scene;
	int r = scene_check_size(scene, p->width_px, p->height_px, err);
	if (r < 0)
		return r;
	if (scene_is_calibrated(scene)) {
		r = calibration_solve(
			&scene->calibration, p->width_px, p->height_px, err, &p->calibration);
		if (r < 0)
			return err_prefix(err, r, "calibration");
		p->calibrated = true;
	}
	*part = PIPELINE_DETECTOR;
	r = with_detector ? create_detector(p, err) : 0;
	if (r < 0)
		return r;
	*part = PIPELINE_SCENE;
	struct tracker_params tracker = tracker_params_of(scene);
	r = tracker_create(&tracker, err, &p->tracker);
	if (r < 0)
		return r;
	bool measured = p->calibrated && scene->pipeline.enable_speed_analysis;
	r = measurer_create(&scene->measure, measured ? &p->calibration : NULL, err, &p->measurer);
	if (r < 0)
		return r;
	struct judge_params rules = scene->judge;
	rules.calibration = p->calibrated ? &p->calibration : NULL;
	if (!scene->pipeline.enable_violation_detection)
		rules.rules.count = 0;
	return judge_create(&rules, err, &p->judge);
}

static int create(const struct scene *scene, int width_px, int height_px, bool with_detector,
	struct err *err, enum pipeline_part *ret_part, struct pipeline **ret_pipeline)
{
	enum pipeline_part part = PIPELINE_SCENE;
	struct pipeline *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(err, -ENOMEM, "out of memory");
	p->scene = scene;
	p->width_px = width_px;
	p->height_px = height_px;
	p->last = MEDIA_NONE;
	int r = create_stages(p, with_detector, err, &part);
	if (r < 0) {
		if (ret_part)
			*ret_part = part;
		pipeline_destroy(&p);
		return r;
	}
	*ret_pipeline = p;
	return 0;
}

int pipeline_create(const struct scene *scene, int width_px, int height_px, struct err *err,
	enum pipeline_part *ret_part, struct pipeline **ret_pipeline)
{
	return create(scene, width_px, height_px, true, err, ret_part, ret_pipeline);
}

int pipeline_create_apart(const struct scene *scene, int width_px, int height_px, struct err *err,
	enum pipeline_part *ret_part, struct pipeline **ret_pipeline)
{
	return create(scene, width_px, height_px, false, err, ret_part, ret_pipeline);
}

void pipeline_destroy(struct pipeline **pipeline)
{
	struct pipeline *p = *pipeline;
	*pipeline = NULL;
	if (!p)
		return;
	judge_destroy(&p->judge);
	measurer_destroy(&p->measurer);
	tracker_destroy(&p->tracker);
	detector_destroy(&p->detector);
	free(p);
}

double pipeline_preview_s(const struct pipeline *pipeline)
{
	return pipeline->detector ? detector_preview_s(pipeline->detector) : 0;
}

int pipeline_preview(struct pipeline *pipeline, const struct frame *frame, struct err *err)
{
	return detector_preview(pipeline->detector, frame, err);
}

/* Microseconds since `*since`, which moves on to now. */
static int64_t lap_us(struct mono *since)
{
	struct mono now = mono_now();
	int64_t us = now.us - since->us;
	*since = now;
	return us;
}

static int check_time(const struct pipeline *p, const struct frame *frame, struct err *err)
{
	if (frame->media.us > p->last.us)
		return 0;
	return err_set(err, -EINVAL, "frame %lld: media time %.6f s does not come after %.6f s",
		(long long)frame->sequence, media_seconds(frame->media), media_seconds(p->last));
}

static int track(struct pipeline *p, enum pipeline_look look)
{
	struct pipeline_result *result = &p->result;
	if (look == PIPELINE_LOOKED)
		return tracker_step(p->tracker, &result->detections, &result->tracks);
	return tracker_coast(
		p->tracker, &result->detections, look == PIPELINE_STILL, &result->tracks);
}

/* What is after detection; result->detections are this frame's. */
static int analyse(struct pipeline *pipeline, const struct frame *frame, enum pipeline_look look,
	struct err *err, const struct pipeline_result **ret_result)
{
	struct pipeline_result *result = &pipeline->result;
	struct mono since = mono_now();
	int r = track(pipeline, look);
	if (r < 0)
		return err_set(
			err, r, "frame %lld could not be tracked", (long long)frame->sequence);
	pipeline->last = frame->media;
	result->cost.track_us = lap_us(&since);
	r = measurer_step(pipeline->measurer, &result->tracks, &result->measures);
	if (r < 0)
		return err_set(
			err, r, "frame %lld could not be measured", (long long)frame->sequence);
	result->cost.measure_us = lap_us(&since);
	r = judge_step(
		pipeline->judge, frame, &result->measures, &result->violations, &result->counts);
	if (r < 0)
		return err_set(
			err, r, "frame %lld could not be judged", (long long)frame->sequence);
	result->cost.judge_us = lap_us(&since);
	*ret_result = result;
	return 0;
}

int pipeline_step(struct pipeline *pipeline, const struct frame *frame, struct err *err,
	const struct pipeline_result **ret_result)
{
	struct pipeline_result *result = &pipeline->result;
	struct mono since = mono_now();
	int r = check_time(pipeline, frame, err);
	if (r == 0)
		r = detector_detect(pipeline->detector, frame, &result->detections, err);
	if (r < 0)
		return r;
	result->cost.detect_us = lap_us(&since);
	return analyse(pipeline, frame, PIPELINE_LOOKED, err, ret_result);
}

int pipeline_analyse(struct pipeline *pipeline, const struct frame *frame, enum pipeline_look look,
	const struct detections *found, struct err *err, const struct pipeline_result **ret_result)
{
	struct detections *own = &pipeline->result.detections;
	int r = check_time(pipeline, frame, err);
	if (r < 0)
		return r;
	pipeline->result.cost.detect_us = 0;
	if (look == PIPELINE_LOOKED)
		detections_copy(own, found);
	else
		detections_begin(own, frame);
	return analyse(pipeline, frame, look, err, ret_result);
}

const struct violations *pipeline_flush(struct pipeline *pipeline)
{
	judge_flush(pipeline->judge, &pipeline->result.violations, &pipeline->result.counts);
	return &pipeline->result.violations;
}

const struct counts *pipeline_counts(const struct pipeline *pipeline)
{
	return &pipeline->result.counts;
}

const char *pipeline_detector(const struct pipeline *pipeline)
{
	return pipeline->detector ? detector_description(pipeline->detector) : NULL;
}

const struct calibration *pipeline_calibration(const struct pipeline *pipeline)
{
	return pipeline->calibrated ? &pipeline->calibration : NULL;
}
