/*
 * The `truth` detector: replays a truth file by media time, with chosen faults, so that everything
 * after detection can be tested with exact answers.
 *
 * It gives what a good detector would see: the box of the visible part. Each side is off by
 * Gaussian noise, but for a side cut by the border of the picture, which every detector gets
 * right. All chance comes from (seed, truth frame, object), so one object's noise does not depend
 * on which others are there, nor on which frames were looked at before.
 */
#include "base/random.h"
#include "detect/detector_ops.h"
#include "truth/truth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define BORDER_PX 0.5
#define NEAREST_MAX_US 100000

enum purpose {
	PURPOSE_MISS,
	PURPOSE_NOISE,
	PURPOSE_FALSE_ALARM,
};

struct truth_detector {
	struct truth_params params;
	double weak_confidence_threshold;
	struct truth *truth;
	enum road_user *road_users; /* one per object of `truth` */
	int64_t within_us;
	char description[256];
};

static int resolve_classes(struct truth_detector *d, const char *file, struct err *err)
{
	const struct truth *truth = d->truth;
	d->road_users = calloc((size_t)truth->object_count + 1, sizeof(d->road_users[0]));
	if (!d->road_users)
		return err_set(err, -ENOMEM, "no memory for a detector");
	for (int i = 0; i < truth->object_count; i++) {
		d->road_users[i] = road_user_from_name(truth->objects[i].road_user);
		if (d->road_users[i] == ROAD_USER_COUNT)
			return err_set(err, -EINVAL,
				"%s: object %d has the class \"%s\", which is not one that can be "
				"detected "
				"(car, bus, truck, motorcycle, bicycle, person)",
				file, truth->objects[i].id, truth->objects[i].road_user);
	}
	return 0;
}

/* Half the shortest step between frames: further away another frame would be the right one. */
static int64_t half_step_us(const struct truth *truth)
{
	int64_t step = 2 * (int64_t)NEAREST_MAX_US;
	for (int i = 1; i < truth->frame_count; i++) {
		int64_t us = truth->frames[i].media.us - truth->frames[i - 1].media.us;
		step = us < step ? us : step;
	}
	return step / 2;
}

static void truth_detector_destroy(void **state)
{
	struct truth_detector *d = *state;
	*state = NULL;
	truth_free(&d->truth);
	free(d->road_users);
	free(d);
}

static int truth_detector_create(
	const struct detector_params *params, struct err *err, void **ret_state)
{
	const char *file = params->truth.file;
	if (!file)
		return err_set(
			err, -EINVAL, "the truth detector needs a truth file: detector.truth.file");
	struct truth_detector *d = calloc(1, sizeof(*d));
	void *state = d;
	if (!d)
		return err_set(err, -ENOMEM, "no memory for a detector");
	d->params = params->truth;
	d->params.file = NULL;
	d->weak_confidence_threshold = params->weak_confidence_threshold;
	int r = truth_load(file, err, &d->truth);
	if (r < 0)
		goto fail;
	r = resolve_classes(d, file, err);
	if (r < 0)
		goto fail;
	d->within_us = half_step_us(d->truth);
	snprintf(d->description, sizeof(d->description), "truth: %s (noise %g px, %g %% missed)",
		file, d->params.noise_px, 100 * d->params.miss_ratio);
	*ret_state = d;
	return 0;
fail:
	truth_detector_destroy(&state);
	return r;
}

static float shifted(float side, float border, double noise_px)
{
	return fabsf(side - border) <= (float)BORDER_PX ? side : side + (float)noise_px;
}

static struct box noisy(const struct truth_detector *d, struct box box, struct random r)
{
	float width = (float)d->truth->width_px, height = (float)d->truth->height_px;
	double sigma = d->params.noise_px;
	struct box n;
	n.x1 = shifted(box.x1, 0, sigma * random_normal(&r));
	n.y1 = shifted(box.y1, 0, sigma * random_normal(&r));
	n.x2 = shifted(box.x2, width, sigma * random_normal(&r));
	n.y2 = shifted(box.y2, height, sigma * random_normal(&r));
	return n;
}

/* Hidden by others or cut by the border: too little of it is left to be recognised. */
static bool is_hidden(const struct truth_detector *d, const struct truth_object *o)
{
	float full = box_area(o->full);
	double cut_ratio = full > 0 ? 1 - (double)box_area(o->visible) / full : 1;
	return o->occlusion_ratio > d->params.max_occlusion_ratio ||
	       cut_ratio > d->params.max_occlusion_ratio || !(box_area(o->visible) > 0);
}

static void add_object(const struct truth_detector *d, const struct truth_frame *frame, int index,
	struct detections *out)
{
	const struct truth_object *o = &d->truth->objects[index];
	uint64_t seed = (uint64_t)d->params.seed, at = (uint64_t)frame->frame, id = (uint64_t)o->id;
	struct random miss = random_at(seed, at, id, PURPOSE_MISS);
	if (is_hidden(d, o) || random_unit(&miss) < d->params.miss_ratio)
		return;
	struct box box = noisy(d, o->visible, random_at(seed, at, id, PURPOSE_NOISE));
	if (!(box.x1 < box.x2 && box.y1 < box.y2))
		return;
	detections_add(out, (struct detection){.box = box,
				    .confidence_ratio = (float)(0.95 - 0.4 * o->occlusion_ratio),
				    .road_user = d->road_users[index],
				    .truth_id = o->id});
}

/* Boxes of a size that road users have in such a picture, anywhere in it, of doubtful confidence.
 */
static void add_false_alarms(
	const struct truth_detector *d, const struct truth_frame *frame, struct detections *out)
{
	static const enum road_user kinds[] = {ROAD_USER_CAR, ROAD_USER_TRUCK, ROAD_USER_PERSON};
	struct random r =
		random_at((uint64_t)d->params.seed, (uint64_t)frame->frame, 0, PURPOSE_FALSE_ALARM);
	int count = random_poisson(&r, d->params.false_alarms_per_frame);
	for (int i = 0; i < count; i++) {
		double width = d->truth->width_px * random_range(&r, 0.02, 0.15);
		double height = width * random_range(&r, 0.5, 1.5);
		double x = random_range(&r, 0, d->truth->width_px);
		double y = random_range(&r, 0, d->truth->height_px);
		detections_add(out,
			(struct detection){.box = {(float)x, (float)y, (float)(x + width),
						   (float)(y + height)},
				.confidence_ratio =
					(float)random_range(&r, d->weak_confidence_threshold, 0.8),
				.road_user = kinds[random_index(&r, 3)],
				.truth_id = -1});
	}
}

static int truth_detector_detect(
	void *state, const struct frame *frame, struct detections *out, struct err *err)
{
	const struct truth_detector *d = state;
	const struct truth *truth = d->truth;
	if (frame->width_px != truth->width_px || frame->height_px != truth->height_px)
		return err_set(err, -EINVAL,
			"the truth file is of a picture of %dx%d, this one is %dx%d: they do not "
			"belong together",
			truth->width_px, truth->height_px, frame->width_px, frame->height_px);
	const struct truth_frame *at = truth_at(truth, frame->media, d->within_us);
	if (!at)
		return 0;
	for (int i = 0; i < at->count; i++)
		add_object(d, at, at->first + i, out);
	add_false_alarms(d, at, out);
	return 0;
}

static const char *truth_detector_description(const void *state)
{
	return ((const struct truth_detector *)state)->description;
}

const struct detector_ops truth_detector_ops = {
	.name = "truth",
	.memory = DETECTOR_MEMORY_CAMERA,
	.create = truth_detector_create,
	.destroy = truth_detector_destroy,
	.detect = truth_detector_detect,
	.description = truth_detector_description,
};
