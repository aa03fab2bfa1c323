#include "detect/detector_ops.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* By enum detector_kind. */
static const struct detector_ops *const table[] = {
	[DETECTOR_AUTO] = NULL,
	[DETECTOR_ONNX] = &onnx_detector_ops,
	[DETECTOR_MOTION] = &motion_detector_ops,
	[DETECTOR_TRUTH] = &truth_detector_ops,
};

static const char *const kind_names[] = {"auto", "onnx", "motion", "truth", NULL};

static const struct option motion_option_list[] = {
	{"learning_s", OPTION_REAL, offsetof(struct motion_params, learning_s), .min = 0.1,
		.max = 3600, .def = 12, .unit = "s",
		.help = "time constant of the background model"},
	{"warmup_s", OPTION_REAL, offsetof(struct motion_params, warmup_s), .min = 0, .max = 60,
		.def = 0.5, .unit = "s",
		.help = "nothing is reported before the background is that old"},
	{"preview_s", OPTION_REAL, offsetof(struct motion_params, preview_s), .min = 0, .max = 600,
		.def = 60, .unit = "s",
		.help = "that much of a file is looked at beforehand, to know the road"},
	{"threshold_sigma", OPTION_REAL, offsetof(struct motion_params, threshold_sigma), .min = 1,
		.max = 50, .def = 4,
		.help = "a pixel this many standard deviations off the background is foreground"},
	{"shadow_ratio", OPTION_REAL, offsetof(struct motion_params, shadow_ratio), .min = 0.05,
		.max = 1, .def = 0.35,
		.help = "a shadow keeps at least this share of the brightness"},
	{"min_area_px", OPTION_REAL, offsetof(struct motion_params, min_area_px), .min = 0,
		.max = 1e6, .def = 0, .unit = "px",
		.help = "smallest blob; 0: from the size of the frame"},
	{"work_width_px", OPTION_INT, offsetof(struct motion_params, work_width_px), .min = 64,
		.max = 4096, .def = 800, .unit = "px",
		.help = "the model looks at a picture this wide"},
};

static const struct option_table motion_options = {"motion", sizeof(struct motion_params),
	OPTION_NOWHERE, motion_option_list, OPTION_COUNT(motion_option_list),
	"the background model of kind motion"};

static const struct option truth_option_list[] = {
	{"file", OPTION_STRING, offsetof(struct truth_params, file),
		.help = "truth file to replay"},
	{"noise_px", OPTION_REAL, offsetof(struct truth_params, noise_px), .min = 0, .max = 1000,
		.unit = "px", .help = "standard deviation added to each side of a box"},
	{"miss_ratio", OPTION_REAL, offsetof(struct truth_params, miss_ratio), .min = 0, .max = 1,
		.help = "share of objects left out"},
	{"false_alarms_per_frame", OPTION_REAL,
		offsetof(struct truth_params, false_alarms_per_frame), .min = 0, .max = 100,
		.help = "boxes invented, on average"},
	{"seed", OPTION_INT, offsetof(struct truth_params, seed), .min = 0, .max = 2147483647,
		.def = 1, .help = "of the noise: the same seed gives the same noise"},
	{"max_occlusion_ratio", OPTION_REAL, offsetof(struct truth_params, max_occlusion_ratio),
		.min = 0, .max = 1, .def = 0.8,
		.help = "objects hidden more than this are not seen"},
};

static const struct option_table truth_options = {"truth", sizeof(struct truth_params),
	OPTION_NOWHERE, truth_option_list, OPTION_COUNT(truth_option_list),
	"the replay of kind truth"};

static const struct option detector_option_list[] = {
	{"kind", OPTION_ENUM, offsetof(struct detector_params, kind), .names = kind_names,
		.def = DETECTOR_AUTO, .help = "auto: onnx where a model is given, else motion"},
	{"labels_path", OPTION_STRING, offsetof(struct detector_params, labels_path),
		.help = "class names of the model, one a line; else from the model itself, else "
			"COCO"},
	{"onnxruntime_path", OPTION_STRING, offsetof(struct detector_params, onnxruntime_path),
		.help = "the ONNX Runtime library to load; else the usual places"},
	{"weak_confidence_threshold", OPTION_REAL,
		offsetof(struct detector_params, weak_confidence_threshold), .min = 0, .max = 1,
		.def = 0.1,
		.help = "from here on it still helps to follow a road user already known"},
	{"nms_iou", OPTION_REAL, offsetof(struct detector_params, nms_iou), .min = 0, .max = 1,
		.def = 0.65,
		.help = "boxes of one class that overlap more than this are one road user"},
	{"threads", OPTION_INT, offsetof(struct detector_params, threads), .min = 1, .max = 64,
		.def = 1, .help = "of one inference; more cameras gain more from more detectors"},
	{"motion", OPTION_TABLE, offsetof(struct detector_params, motion), .table = &motion_options,
		.help = "kind motion: the background model"},
	{"truth", OPTION_TABLE, offsetof(struct detector_params, truth), .table = &truth_options,
		.help = "kind truth: the replay of a truth file"},
};

const struct option_table detector_options = {"detector", sizeof(struct detector_params),
	OPTION_NOWHERE, detector_option_list, OPTION_COUNT(detector_option_list),
	"how road users are found in a frame"};

struct detector {
	const struct detector_ops *ops;
	void *state;
};

static int kind_of(const struct detector_params *params)
{
	if (params->kind != DETECTOR_AUTO)
		return params->kind;
	return params->detection_model_path ? DETECTOR_ONNX : DETECTOR_MOTION;
}

enum detector_memory detector_memory(const struct detector_params *params)
{
	return table[kind_of(params)]->memory;
}

int detector_create(
	const struct detector_params *params, struct err *err, struct detector **ret_detector)
{
	int kind = kind_of(params);
	assert(kind > DETECTOR_AUTO && kind < (int)(sizeof(table) / sizeof(table[0])));
	const struct detector_ops *ops = table[kind];
	if (!ops)
		return err_set(err, -ENOTSUP, "this build of gantry has no detector of kind %s",
			kind_names[kind]);

	struct detector *d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(err, -ENOMEM, "no memory for a detector");
	d->ops = ops;
	int r = ops->create(params, err, &d->state);
	if (r < 0) {
		free(d);
		return r;
	}
	*ret_detector = d;
	return 0;
}

void detector_destroy(struct detector **detector)
{
	struct detector *d = *detector;
	*detector = NULL;
	if (!d)
		return;
	d->ops->destroy(&d->state);
	free(d);
}

int detector_detect(struct detector *detector, const struct frame *frame, struct detections *out,
	struct err *err)
{
	detections_begin(out, frame);
	return detector->ops->detect(detector->state, frame, out, err);
}

double detector_preview_s(const struct detector *detector)
{
	return detector->ops->preview ? detector->ops->preview_s(detector->state) : 0;
}

int detector_preview(struct detector *detector, const struct frame *frame, struct err *err)
{
	return detector->ops->preview ? detector->ops->preview(detector->state, frame, err) : 0;
}

const char *detector_description(const struct detector *detector)
{
	return detector->ops->description(detector->state);
}
