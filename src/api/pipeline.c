/* gantry/pipeline.h over pipeline.c: copies results into the shapes that the library promises. */
#include "gantry/pipeline.h"

#include "api/frame.h"
#include "base/units.h"
#include "pipeline/pipeline.h"
#include "record/trails.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gantry_pipeline {
	struct scene scene;
	struct pipeline *pipeline; /* NULL until the picture size is known, where it matters */
	struct importer importer;
	struct trails *trails;
	bool running;

	int64_t frame_count, violation_count, busy_us;
	struct media first, last;
	struct err err;

	struct gantry_detection detections[DETECTIONS_MAX];
	struct gantry_tracked_vehicle vehicles[TRACKS_MAX];
	struct gantry_point trails_out[TRACKS_MAX][GANTRY_TRAJECTORY_MAX];
	struct gantry_violation violations[VIOLATIONS_MAX];
};

_Static_assert(GANTRY_TRAJECTORY_MAX == TRAIL_MAX, "a trajectory is a whole trail");

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

static int replace(char **target, const char *text)
{
	if (!text)
		return 0;
	char *copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*target);
	*target = copy;
	return 0;
}

static int read_scene(
	struct gantry_pipeline *p, const struct gantry_pipeline_config *config, struct err *err)
{
	struct problems problems = {.file = config->scene_path};
	int r = 0;
	if (config->scene_path && config->scene_text)
		return err_set(
			err, -EINVAL, "scene_path and scene_text are both set: one is enough");
	if (config->scene_path)
		r = scene_load(config->scene_path, &p->scene, &problems, err);
	else if (config->scene_text)
		r = scene_parse(
			config->scene_text, strlen(config->scene_text), &p->scene, &problems);
	if (r == -EINVAL)
		problems_first(&problems, config->scene_path ? config->scene_path : "scene_text",
			": gantry check", err);
	problems_finish(&problems);
	return r;
}

/* What the caller set, that is, changed from the default, wins over the scene. */
static int apply_config(
	struct gantry_pipeline *p, const struct gantry_pipeline_config *config, struct err *err)
{
	struct pipeline_params *params = &p->scene.pipeline;
	struct gantry_pipeline_config def;
	gantry_pipeline_config_init(&def);
	if (!(config->confidence_threshold >= 0 && config->confidence_threshold <= 1))
		return err_set(err, -EINVAL, "confidence_threshold must be 0 to 1, is %g",
			config->confidence_threshold);
	if (replace(&params->detection_model_path, config->detection_model_path) < 0 ||
		replace(&params->device_id, config->device_id) < 0 ||
		(!params->device_id && replace(&params->device_id, "camera") < 0))
		return err_set(err, -ENOMEM, "out of memory");
	if (config->confidence_threshold != def.confidence_threshold)
		params->confidence_threshold = config->confidence_threshold;
	if (config->target_fps != def.target_fps || params->target_fps == 0)
		params->target_fps = config->target_fps;
	params->metrics_enabled &= config->metrics_enabled;
	params->enable_speed_analysis &= config->enable_speed_analysis;
	params->enable_violation_detection &= config->enable_violation_detection;
	return 0;
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
	scene_defaults(&p->scene);
	int r = read_scene(p, config, err);
	if (r < 0)
		return r;
	r = apply_config(p, config, err);
	if (r < 0)
		return r;
	if (trails_create(&p->trails) < 0)
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
	trails_destroy(&p->trails);
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

static void box_out(struct box box, float out[4])
{
	out[0] = box.x1;
	out[1] = box.y1;
	out[2] = box.x2;
	out[3] = box.y2;
}

static int detections_out(struct gantry_pipeline *p, const struct detections *in)
{
	int count = 0;
	for (int i = 0; i < in->count; i++) {
		const struct detection *d = &in->items[i];
		if (d->confidence_ratio < p->scene.pipeline.confidence_threshold)
			continue;
		struct gantry_detection *out = &p->detections[count++];
		box_out(d->box, out->bbox);
		out->confidence = d->confidence_ratio;
		out->class_name = road_user_name(d->road_user);
	}
	return count;
}

static int trail_out(struct gantry_pipeline *p, uint32_t track_id, int slot)
{
	const struct trail_point *points;
	int count = trails_get(p->trails, track_id, &points);
	for (int i = 0; i < count; i++)
		p->trails_out[slot][i] = (struct gantry_point){points[i].x, points[i].y};
	return count;
}

static void vehicle_out(struct gantry_pipeline *p, const struct measure *m, int slot)
{
	bool measured = m->speed_status == SPEED_OK;
	struct gantry_tracked_vehicle *out = &p->vehicles[slot];
	*out = (struct gantry_tracked_vehicle){
		.track_id = m->track.id,
		.confidence = m->track.confidence_ratio,
		.class_name = road_user_name(m->track.road_user),
		.trajectory = p->trails_out[slot],
		.trajectory_count = trail_out(p, m->track.id, slot),
		.speed_status = speed_status_name(m->speed_status),
		.speed_kmh = measured ? m->speed_mps * KMH_PER_MPS : NAN,
		.speed_uncertainty_kmh =
			measured ? INTERVAL_95 * m->speed_sigma_mps * KMH_PER_MPS : NAN,
		.lost = m->track.state == TRACK_LOST,
	};
	box_out(m->track.box, out->bbox);
}

static int vehicles_out(struct gantry_pipeline *p, const struct measures *in)
{
	int count = 0;
	for (int i = 0; i < in->count; i++)
		if (in->items[i].track.state != TRACK_TENTATIVE)
			vehicle_out(p, &in->items[i], count++);
	return count;
}

static void violation_out(struct gantry_pipeline *p, const struct frame *frame,
	const struct violation *v, struct gantry_violation *out)
{
	*out = (struct gantry_violation){
		.violation_type = violation_kind_name(v->kind),
		.device_id = p->scene.pipeline.device_id,
		.media_time_us = v->at.us,
		.severity = severity_name(v->severity),
		.track_id = v->track_id,
		.class_name = road_user_name(v->road_user),
		.rule = v->rule_name,
		.measured = v->measured,
		.uncertainty = v->uncertainty,
		.limit = v->limit,
		.tolerance = v->tolerance,
		.unit = v->unit,
		.explanation = v->explanation,
	};
	box_out(v->box, out->bbox);
	struct wall at = {frame->wall.us - (frame->media.us - v->at.us)};
	wall_format(at, out->timestamp, sizeof(out->timestamp));
}

static void result_out(struct gantry_pipeline *p, const struct frame *frame,
	const struct pipeline_result *in, struct gantry_result *out)
{
	trails_step(p->trails, &in->measures);
	for (int i = 0; i < in->violations.count; i++)
		violation_out(p, frame, &in->violations.items[i], &p->violations[i]);
	*out = (struct gantry_result){
		.success = true,
		.media_time_us = frame->media.us,
		.detection_count = detections_out(p, &in->detections),
		.detections = p->detections,
		.tracked_vehicle_count = vehicles_out(p, &in->measures),
		.tracked_vehicles = p->vehicles,
		.violation_count = in->violations.count,
		.violations = p->violations,
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
		result_out(p, internal, result, out);
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
