#include "detect/detector_ops.h"
#include "detect/motion_camera.h"
#include "detect/motion_classes.h"
#include "detect/motion_ghost.h"
#include "detect/motion_light.h"
#include "detect/motion_mask.h"
#include "detect/motion_model.h"
#include "detect/motion_objects.h"
#include "detect/motion_shade.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDUCTION_MAX 16
#define SIDE_MIN_PX 16
/* The background is the median over so much time of what is seen first. */
#define START_S 20
#define RIM_SAMPLES 2
#define SHADE_SAMPLES 16
/* A movement is looked at over this time to tell a direction. */
#define STEP_S 0.2

struct motion {
	struct motion_params params;
	struct motion_classes sizes_on_road;
	int frame_width_px, frame_height_px;
	int reduction; /* frame samples per work sample, each way */
	int width, height;
	struct motion_model model;
	struct motion_camera camera;
	int64_t camera_version; /* of the model that the camera has learnt */
	struct background_view view; /* of the picture at hand */
	struct motion_ghost ghost;
	struct motion_shade shade;
	struct motion_mask mask;
	struct motion_objects objects;
	bool previewing;
	uint8_t *picture, *classes, *hold, *wide, *scratch;
	char description[96];
};

static void motion_clear(struct motion *m)
{
	motion_model_finish(&m->model);
	motion_camera_finish(&m->camera);
	motion_ghost_finish(&m->ghost);
	motion_mask_finish(&m->mask);
	motion_objects_finish(&m->objects);
	free(m->picture);
	free(m->classes);
	free(m->hold);
	free(m->wide);
	free(m->scratch);
	m->picture = m->classes = m->hold = m->wide = m->scratch = NULL;
	m->width = m->height = 0;
}

static void motion_destroy(void **state)
{
	struct motion *m = *state;
	*state = NULL;
	motion_clear(m);
	free(m);
}

static int motion_create(const struct detector_params *params, struct err *err, void **ret_state)
{
	struct motion *m = calloc(1, sizeof(*m));
	if (!m)
		return err_set(err, -ENOMEM, "no memory for the motion detector");
	m->params = params->motion;
	motion_classes_init(&m->sizes_on_road, params->road_from_image, params->up_column);
	snprintf(m->description, sizeof(m->description), "motion");
	*ret_state = m;
	return 0;
}

/* Buffers for frames of this size. */
static int resize(struct motion *m, int width_px, int height_px)
{
	motion_clear(m);
	int k = (width_px + m->params.work_width_px - 1) / m->params.work_width_px;
	m->reduction = k < 1 ? 1 : k > REDUCTION_MAX ? REDUCTION_MAX : k;
	m->frame_width_px = width_px;
	m->frame_height_px = height_px;
	int w = width_px / m->reduction & ~1, h = height_px / m->reduction & ~1;
	if (w < SIDE_MIN_PX || h < SIDE_MIN_PX)
		return 0;
	m->width = w;
	m->height = h;
	const struct motion_model_params model = {
		.learning_s = m->params.learning_s,
		.start_s = m->previewing ? INFINITY : START_S,
		.settle_s = 6,
		.sigma = m->params.threshold_sigma,
	};
	size_t n = (size_t)w * (size_t)h;
	m->picture = malloc(n + n / 2);
	m->classes = calloc(n, 1);
	m->hold = calloc(n, 1);
	m->wide = calloc(n, 1);
	m->scratch = calloc(n, 1);
	motion_shade_init(&m->shade, m->params.shadow_ratio);
	double k2 = (double)m->reduction * m->reduction;
	double min_area = m->params.min_area_px > 0 ? m->params.min_area_px / k2 : (double)n * 2e-4;
	const struct mat3 scale = {{{m->reduction, 0, 0}, {0, m->reduction, 0}, {0, 0, 1}}};
	const struct motion_objects_params objects = {
		.min_area = min_area,
		.absorb_s = 300,
		.road = {m->sizes_on_road.known, mat3_mul(m->sizes_on_road.road_from_image, scale)},
	};
	if (m->picture && m->classes && m->hold && m->wide && m->scratch &&
		motion_model_init(&m->model, w, h, &model) == 0 &&
		motion_camera_init(&m->camera, w, h) == 0 &&
		motion_ghost_init(&m->ghost, w, h) == 0 &&
		motion_mask_init(&m->mask, w, h, min_area) == 0 &&
		motion_objects_init(&m->objects, w, h, &objects) == 0)
		return 0;
	motion_clear(m);
	return -ENOMEM;
}

static void reduce(struct motion *m, const struct frame *frame)
{
	const int w = m->width, h = m->height, k = m->reduction;
	uint8_t *u = m->picture + (int64_t)w * h, *v = u + (int64_t)w * h / 4;
	background_shrink(frame->plane[0], frame->stride_bytes[0], k, m->picture, w, w, h);
	background_shrink(frame->plane[1], frame->stride_bytes[1], k, u, w / 2, w / 2, h / 2);
	background_shrink(frame->plane[2], frame->stride_bytes[2], k, v, w / 2, w / 2, h / 2);
}

/* From the background's view to the picture at hand, in source pixels. */
static struct vec2 to_frame(const struct motion *m, float x, float y)
{
	const struct background_view *v = &m->view;
	double rx = x - 0.5 * m->width, ry = y - 0.5 * m->height;
	return (struct vec2){(x + v->dx + v->zoom * rx - v->turn * ry) * m->reduction,
		(y + v->dy + v->zoom * ry + v->turn * rx) * m->reduction};
}

static float confidence_of(const struct motion_object *o)
{
	if (!o->believed)
		return 0.15f + 0.3f * (float)fmin(1, o->travel_ratio);
	return o->merged ? 0.7f : 0.9f;
}

static struct box box_to_frame(const struct motion *m, struct box b)
{
	struct vec2 low = to_frame(m, b.x1, b.y1), high = to_frame(m, b.x2, b.y2);
	return (struct box){(float)low.x, (float)low.y, (float)high.x, (float)high.y};
}

/* Only of what is seen alone and whole, and only where the camera is calibrated. */
static enum road_user road_user_of(const struct motion *m, const struct motion_object *o)
{
	const struct box b = o->box;
	if (!m->sizes_on_road.known || o->merged || b.x1 < 2 || b.y1 < 2 ||
		b.x2 > (float)m->width - 2 || b.y2 > (float)m->height - 2)
		return ROAD_USER_UNKNOWN;
	const float s = (float)STEP_S;
	const struct box then = {b.x1 + s * o->rate.x1, b.y1 + s * o->rate.y1,
		b.x2 + s * o->rate.x2, b.y2 + s * o->rate.y2};
	return motion_classes_of(
		&m->sizes_on_road, box_to_frame(m, b), box_to_frame(m, then), STEP_S);
}

static void report(const struct motion *m, struct detections *out)
{
	for (int i = 0; i < m->objects.count; i++) {
		const struct motion_object *o = &m->objects.items[i];
		if (!o->seen)
			continue;
		const struct detection d = {
			.box = box_clip(
				box_to_frame(m, o->box), m->frame_width_px, m->frame_height_px),
			.confidence_ratio = confidence_of(o),
			.road_user = road_user_of(m, o),
			.truth_id = -1,
		};
		detections_add(out, d);
	}
}

/* Lays the picture over the background where the camera has moved; the picture to work with. */
static uint8_t *steady(struct motion *m)
{
	if (m->model.sample_count == 0)
		return m->picture;
	if (m->model.version != m->camera_version)
		motion_camera_learn(&m->camera, m->model.reference, m->model.sample_count == 1);
	m->camera_version = m->model.version;
	motion_camera_follow(&m->camera, m->picture);
	bool moved = motion_camera_reach(&m->camera) > 0.2;
	m->view = moved ? m->camera.view : (struct background_view){0};
	return moved ? motion_camera_steady(&m->camera, m->picture) : m->picture;
}

/*
 * What belongs to an object without being in front: its rim, and the shadow that it casts. Neither
 * must become background under a vehicle that waits.
 */
static void widen_hold(struct motion *m)
{
	const int w = m->width, h = m->height;
	const int64_t n = (int64_t)w * h;
	background_dilate(m->hold, w, w, h, SHADE_SAMPLES, SHADE_SAMPLES / 2, m->scratch, m->wide);
	background_dilate(m->hold, w, w, h, RIM_SAMPLES, RIM_SAMPLES, m->scratch, m->hold);
	for (int64_t i = 0; i < n; i++)
		m->hold[i] |= m->wide[i] & (m->classes[i] != BACKGROUND_SAME);
}

/*
 * Where something stands that was seen to come. Not in a preview: there the median over all of it
 * decides, and what stands now may be gone in most of it.
 */
static void mark_arrived(const struct motion *m, uint8_t *ret_mask)
{
	if (m->previewing)
		memset(ret_mask, 0, (size_t)m->width * (size_t)m->height);
	else
		motion_objects_arrived(&m->objects, ret_mask);
}

/* All that is learnt from a picture, and what is in it. */
static void look(struct motion *m, const struct frame *frame)
{
	reduce(m, frame);
	uint8_t *picture = steady(m);
	if (m->model.sample_count > 0) {
		struct motion_light light =
			motion_light_find(picture, m->model.reference, m->width, m->height);
		if (motion_light_matters(&light) && light.fit_ratio > 0.4)
			motion_model_relight(&m->model, light.offset, light.slope);
	}
	motion_model_feed(&m->model, picture, m->hold, frame->media);
	motion_model_classify(&m->model, picture, &m->shade, m->classes);
	if (motion_model_tick(&m->model, picture, m->classes, frame->media)) {
		motion_shade_learn(&m->shade, picture, m->model.reference, m->model.chroma,
			m->classes, m->width, m->height, frame->media);
		mark_arrived(m, m->wide);
		if (motion_ghost_repair(
			    &m->ghost, &m->model, m->mask.loose, m->wide, picture, m->classes))
			motion_model_classify(&m->model, picture, &m->shade, m->classes);
	}
	motion_mask_find(&m->mask, picture, m->model.reference, m->classes);
	motion_objects_step(&m->objects, &m->mask.regions, picture, m->mask.front, m->mask.loose,
		m->model.doubt, frame->media, m->hold);
	widen_hold(m);
	motion_model_learn(&m->model, picture, m->hold, frame->media);
}

static int prepare(struct motion *m, const struct frame *frame, struct err *err)
{
	if (frame->width_px == m->frame_width_px && frame->height_px == m->frame_height_px)
		return 0;
	if (resize(m, frame->width_px, frame->height_px) < 0)
		return err_set(err, -ENOMEM, "no memory for a background model of %dx%d",
			frame->width_px, frame->height_px);
	return 0;
}

/*
 * The road is known, and what was on it at the end of the preview is not there now. How dark
 * shadows are is learnt anew: what the whole preview says of it is wider, and costs boxes a side.
 */
static void end_preview(struct motion *m)
{
	m->previewing = false;
	m->model.params.start_s = START_S;
	if (m->width == 0 || m->model.sample_count == 0)
		return;
	motion_model_settle(&m->model);
	motion_objects_clear(&m->objects);
	motion_shade_init(&m->shade, m->params.shadow_ratio);
	m->camera.view = (struct background_view){0};
	memset(m->hold, 0, (size_t)m->width * (size_t)m->height);
}

static double motion_preview_s(const void *state)
{
	const struct motion *m = state;
	return m->params.preview_s;
}

static int motion_preview(void *state, const struct frame *frame, struct err *err)
{
	struct motion *m = state;
	m->previewing = true;
	int r = prepare(m, frame, err);
	if (r == 0 && m->width > 0)
		look(m, frame);
	return r;
}

static int motion_detect(
	void *state, const struct frame *frame, struct detections *out, struct err *err)
{
	struct motion *m = state;
	if (m->previewing)
		end_preview(m);
	int r = prepare(m, frame, err);
	if (r < 0 || m->width == 0)
		return r;
	look(m, frame);
	if (motion_model_age_s(&m->model, frame->media) >= m->params.warmup_s || m->model.running)
		report(m, out);
	return 0;
}

static const char *motion_description(const void *state)
{
	const struct motion *m = state;
	return m->description;
}

const struct detector_ops motion_detector_ops = {
	.name = "motion",
	.memory = DETECTOR_MEMORY_FRAMES,
	.create = motion_create,
	.destroy = motion_destroy,
	.detect = motion_detect,
	.preview = motion_preview,
	.preview_s = motion_preview_s,
	.description = motion_description,
};
