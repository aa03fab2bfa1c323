#include "detect/detector_ops.h"
#include "detect/motion_blobs.h"
#include "detect/motion_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDUCTION_MAX 16
#define SIDE_MIN_PX 16

struct motion {
	struct motion_params params;
	int frame_width_px, frame_height_px;
	int reduction; /* frame samples per work sample, each way */
	int width, height;
	struct motion_model model;
	struct motion_blobs blobs;
	uint8_t *picture, *classes;
	char description[96];
};

static void motion_clear(struct motion *m)
{
	motion_model_finish(&m->model);
	motion_blobs_finish(&m->blobs);
	free(m->picture);
	free(m->classes);
	m->picture = m->classes = NULL;
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
		.start_s = 3,
		.absorb_s = 300,
		.settle_s = 3,
		.sigma = m->params.threshold_sigma,
		.shadow_ratio = m->params.shadow_ratio,
	};
	size_t n = (size_t)w * (size_t)h;
	m->picture = malloc(n + n / 2);
	m->classes = calloc(n, 1);
	double k2 = (double)m->reduction * m->reduction;
	if (m->picture && m->classes && motion_model_init(&m->model, w, h, &model) == 0 &&
		motion_blobs_init(&m->blobs, w, h, m->params.min_area_px / k2) == 0)
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

static void report(const struct motion *m, struct detections *out)
{
	for (int i = 0; i < m->blobs.count; i++) {
		const struct motion_blob *b = &m->blobs.items[i];
		const float k = (float)m->reduction;
		const struct box box = {b->box.x1 * k, b->box.y1 * k, b->box.x2 * k, b->box.y2 * k};
		const struct detection d = {
			.box = box_clip(box, m->frame_width_px, m->frame_height_px),
			.confidence_ratio = b->confidence_ratio,
			.road_user = ROAD_USER_UNKNOWN,
			.truth_id = -1,
		};
		detections_add(out, d);
	}
}

static int motion_detect(
	void *state, const struct frame *frame, struct detections *out, struct err *err)
{
	struct motion *m = state;
	if (frame->width_px != m->frame_width_px || frame->height_px != m->frame_height_px)
		if (resize(m, frame->width_px, frame->height_px) < 0)
			return err_set(err, -ENOMEM, "no memory for a background model of %dx%d",
				frame->width_px, frame->height_px);
	if (m->width == 0)
		return 0;
	reduce(m, frame);
	motion_model_feed(&m->model, m->picture, frame->media);
	motion_model_classify(&m->model, m->picture, m->classes);
	motion_blobs_find(&m->blobs, m->classes);
	motion_model_learn(&m->model, m->picture, m->classes, m->blobs.front, frame->media);
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
	.create = motion_create,
	.destroy = motion_destroy,
	.detect = motion_detect,
	.description = motion_description,
};
