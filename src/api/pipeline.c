/* gantry/pipeline.h over pipeline.c. */
#include "gantry/pipeline.h"

#include "api/frame.h"
#include "api/result.h"
#include "api/scene.h"

#include <errno.h>
#include <stdlib.h>

struct gantry_pipeline {
	struct scene scene;
	struct pipeline *pipeline; /* NULL until the picture size is known, where it matters */
	struct importer importer;
	struct api_result *result;
	bool running;

	int64_t frame_count, violation_count, busy_us;
	struct media first, last;
	struct err err;
};

void gantry_pipeline_config_init(struct gantry_pipeline_config *config)
{
	*config = (struct gantry_pipeline_config){
		.target_fps = 30,
		.confidence_threshold = 0.5,
		.metrics_enabled = true,
		.enable_speed_analysis = true,
		.enable_violation_detection = true,
	};
}

/* A scene without image points is the same for every size, so the model can be loaded at once. */
static int create_early(struct gantry_pipeline *p, struct err *err)
{
	const struct image_params *image = &p->scene.image;
	if (image->width_px == 0 && scene_is_calibrated(&p->scene))
		return 0;
	return pipeline_create(
		&p->scene, image->width_px, image->height_px, err, NULL, &p->pipeline);
}

static int create(
	struct gantry_pipeline *p, const struct gantry_pipeline_config *config, struct err *err)
{
	int r = api_scene_read(config, "camera", &p->scene, err);
	if (r < 0)
		return r;
	if (api_result_create(&p->result) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	p->running = true;
	return create_early(p, err);
}

int gantry_pipeline_create(const struct gantry_pipeline_config *config,
	struct gantry_pipeline **ret_pipeline, struct gantry_error *error)
{
	struct err err = {0};
	struct gantry_pipeline *p = calloc(1, sizeof(*p));
	int r = p ? create(p, config, &err) : err_set(&err, -ENOMEM, "out of memory");
	if (r < 0) {
		gantry_pipeline_destroy(&p);
		api_error(error, &err);
		return r;
	}
	*ret_pipeline = p;
	return 0;
}

void gantry_pipeline_destroy(struct gantry_pipeline **pipeline)
{
	struct gantry_pipeline *p = *pipeline;
	*pipeline = NULL;
	if (!p)
		return;
	pipeline_destroy(&p->pipeline);
	importer_finish(&p->importer);
	api_result_destroy(&p->result);
	scene_free(&p->scene);
	free(p);
}

int gantry_pipeline_start(struct gantry_pipeline *pipeline)
{
	pipeline->running = true;
	return 0;
}

void gantry_pipeline_stop(struct gantry_pipeline *pipeline)
{
	pipeline->running = false;
}

bool gantry_pipeline_is_running(const struct gantry_pipeline *pipeline)
{
	return pipeline->running;
}

int64_t gantry_pipeline_frame_counter(const struct gantry_pipeline *pipeline)
{
	return pipeline->frame_count;
}

const char *gantry_pipeline_error(const struct gantry_pipeline *pipeline)
{
	return pipeline->err.text;
}

void gantry_pipeline_get_status(
	const struct gantry_pipeline *p, struct gantry_pipeline_status *ret_status)
{
	const struct pipeline_params *params = &p->scene.pipeline;
	double covered_s = media_diff_s(p->last, p->first);
	*ret_status = (struct gantry_pipeline_status){
		.device_id = params->device_id,
		.is_running = p->running,
		.metrics =
			{
				.frames_processed = p->frame_count,
				.fps = covered_s > 0 ? (double)(p->frame_count - 1) / covered_s : 0,
				.violations_count = p->violation_count,
				.processing_time_ms =
					p->frame_count
						? (double)p->busy_us * 1e-3 / (double)p->frame_count
						: 0,
			},
		.components =
			{
				.detector = p->pipeline ? pipeline_detector(p->pipeline) : NULL,
				.calibrated = scene_is_calibrated(&p->scene),
				.rule_count = p->scene.judge.rules.count,
			},
		.configuration =
			{
				.detection_model_path = params->detection_model_path,
				.target_fps = params->target_fps,
				.confidence_threshold = params->confidence_threshold,
				.metrics_enabled = params->metrics_enabled,
				.enable_speed_analysis = params->enable_speed_analysis,
				.enable_violation_detection = params->enable_violation_detection,
				.device_id = params->device_id,
			},
	};
}

static int process(
	struct gantry_pipeline *p, const struct gantry_frame *frame, struct gantry_result *out)
{
	struct frame *internal;
	const struct pipeline_result *result;
	if (!p->running)
		return err_set(&p->err, -ECANCELED, "the pipeline is stopped: start it first");
	int r = importer_import(&p->importer, frame, p->frame_count, &p->err, &internal);
	if (r < 0)
		return r;
	if (!p->pipeline)
		r = pipeline_create(
			&p->scene, frame->width_px, frame->height_px, &p->err, NULL, &p->pipeline);
	if (r == 0)
		r = pipeline_step(p->pipeline, internal, &p->err, &result);
	if (r == 0) {
		api_result_fill(p->result, &p->scene, internal, result, out);
		if (p->frame_count++ == 0)
			p->first = internal->media;
		p->last = internal->media;
		p->violation_count += result->violations.count;
	}
	frame_unref(&internal);
	return r;
}

int gantry_pipeline_process_frame(struct gantry_pipeline *pipeline,
	const struct gantry_frame *frame, struct gantry_result *ret_result)
{
	struct mono begin = mono_now();
	struct gantry_result result = {0};
	pipeline->err.text[0] = '\0';
	int r = process(pipeline, frame, &result);
	int64_t us = mono_now().us - begin.us;
	result.processing_time_ms = (double)us * 1e-3;
	pipeline->busy_us += us;
	*ret_result = result;
	return r;
}
