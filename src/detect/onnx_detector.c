/*
 * The detector of kind `onnx`: a network's classes become road users, the others are left out.
 */
#include "detect/detector_ops.h"
#include "detect/labels.h"
#include "detect/onnx.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct onnx_detector {
	struct onnx *onnx;
	enum road_user *road_users; /* by class id; ROAD_USER_COUNT: not a road user */
	int *groups; /* by class id, for candidates_suppress() */
	float nms_iou;
	char description[320];
};

static enum road_user road_user_of(const char *class_name)
{
	char lower[128];
	int i = 0;
	for (; class_name[i] && i < (int)sizeof(lower) - 1; i++)
		lower[i] = (char)tolower((unsigned char)class_name[i]);
	lower[i] = '\0';
	return road_user_from_name(lower);
}

/*
 * One vehicle is often seen as a car and as a truck at once; no two four-wheeled vehicles take up
 * the same place, so they suppress each other. A rider and the bicycle do not.
 */
static int group_of(enum road_user road_user)
{
	bool four_wheels = road_user == ROAD_USER_BUS || road_user == ROAD_USER_TRUCK ||
			   road_user == ROAD_USER_UNKNOWN;
	return four_wheels ? (int)ROAD_USER_CAR : (int)road_user;
}

static int map_classes(struct onnx_detector *d, struct err *err)
{
	int count = onnx_class_count(d->onnx), mapped = 0, wanted[LABELS_MAX];
	d->road_users = calloc((size_t)count, sizeof(*d->road_users));
	d->groups = calloc((size_t)count, sizeof(*d->groups));
	if (!d->road_users || !d->groups)
		return err_set(err, -ENOMEM, "no memory for a model's classes");
	for (int i = 0; i < count; i++) {
		d->road_users[i] = road_user_of(onnx_class_name(d->onnx, i));
		d->groups[i] = group_of(d->road_users[i]);
		if (d->road_users[i] != ROAD_USER_COUNT)
			wanted[mapped++] = i;
	}
	if (mapped == 0)
		return err_set(err, -EINVAL,
			"model %s: none of its classes (the first is '%s') is a road user: name "
			"one of them "
			"person, bicycle, motorcycle, car, bus, truck or vehicle in labels_path",
			onnx_description(d->onnx), onnx_class_name(d->onnx, 0));
	return onnx_want(d->onnx, wanted, mapped) < 0
		       ? err_set(err, -ENOMEM, "no memory for a model's classes")
		       : 0;
}

static void destroy(void **state)
{
	struct onnx_detector *d = *state;
	*state = NULL;
	onnx_close(&d->onnx);
	free(d->road_users);
	free(d->groups);
	free(d);
}

static int create(const struct detector_params *params, struct err *err, void **ret_state)
{
	if (!params->detection_model_path)
		return err_set(
			err, -EINVAL, "the onnx detector needs a model: set detection_model_path");
	struct onnx_detector *d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(err, -ENOMEM, "no memory for a detector");
	void *state = d;
	d->nms_iou = (float)params->nms_iou;
	double weak = params->weak_confidence_threshold < params->confidence_threshold
			      ? params->weak_confidence_threshold
			      : params->confidence_threshold;
	const struct onnx_params onnx_params = {
		.model_path = params->detection_model_path,
		.labels_path = params->labels_path,
		.onnxruntime_path = params->onnxruntime_path,
		.threshold = (float)weak,
		.nms_iou = (float)params->nms_iou,
		.threads = params->threads,
	};
	int r = onnx_open(&onnx_params, err, &d->onnx);
	if (r == 0)
		r = map_classes(d, err);
	if (r < 0) {
		destroy(&state);
		return r;
	}
	snprintf(d->description, sizeof(d->description), "onnx: %s", onnx_description(d->onnx));
	*ret_state = d;
	return 0;
}

static int detect(void *state, const struct frame *frame, struct detections *out, struct err *err)
{
	struct onnx_detector *d = state;
	struct candidates *found;
	int r = onnx_run(d->onnx, frame, err, &found);
	if (r < 0)
		return r;
	candidates_suppress(found, d->nms_iou, d->groups);
	for (int i = 0; i < found->count; i++)
		detections_add(out, (struct detection){
					    .box = found->items[i].box,
					    .confidence_ratio = found->items[i].score_ratio,
					    .road_user = d->road_users[found->items[i].class_id],
					    .truth_id = -1,
				    });
	return 0;
}

static const char *description(const void *state)
{
	const struct onnx_detector *d = state;
	return d->description;
}

const struct detector_ops onnx_detector_ops = {
	.name = "onnx",
	.memory = DETECTOR_MEMORY_NONE,
	.create = create,
	.destroy = destroy,
	.detect = detect,
	.description = description,
};
