#include "pipeline/scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct option pipeline_list[] = {
	{"device_id", OPTION_STRING, offsetof(struct pipeline_params, device_id),
		.help = "name of the camera in events and evidence; default: from the source's "
			"name"},
	{"detection_model_path", OPTION_STRING,
		offsetof(struct pipeline_params, detection_model_path),
		.help = "ONNX model; without one the motion detector is used (also MODEL_PATH)"},
	{"target_fps", OPTION_REAL, offsetof(struct pipeline_params, target_fps), .min = 0,
		.max = 1000, .unit = "1/s",
		.help = "frames analysed a second of media time; 0: all of a file, 30 live (also "
			"TARGET_FPS)"},
	{"confidence_threshold", OPTION_REAL,
		offsetof(struct pipeline_params, confidence_threshold), .min = 0, .max = 1,
		.def = PIPELINE_CONFIDENCE_DEFAULT,
		.help = "detections at or above it start tracks and are reported; weaker ones only "
			"continue tracks"},
	{"metrics_enabled", OPTION_BOOL, offsetof(struct pipeline_params, metrics_enabled),
		.def = 1, .help = "measure what each stage costs"},
	{"enable_speed_analysis", OPTION_BOOL,
		offsetof(struct pipeline_params, enable_speed_analysis), .def = 1,
		.help = "measure speeds where the scene is calibrated"},
	{"enable_violation_detection", OPTION_BOOL,
		offsetof(struct pipeline_params, enable_violation_detection), .def = 1,
		.help = "judge what was measured against the rules"},
};
static const struct option_table pipeline_options = {"pipeline", sizeof(struct pipeline_params),
	OPTION_NOWHERE, pipeline_list, OPTION_COUNT(pipeline_list), "the camera as a whole"};

static const struct option image_list[] = {
	{"width_px", OPTION_INT, offsetof(struct image_params, width_px), .min = 1,
		.max = FRAME_SIDE_MAX_PX, .required = true, .unit = "px", .help = "width"},
	{"height_px", OPTION_INT, offsetof(struct image_params, height_px), .min = 1,
		.max = FRAME_SIDE_MAX_PX, .required = true, .unit = "px", .help = "height"},
};
static const struct option_table image_options = {"image", sizeof(struct image_params),
	offsetof(struct image_params, where), image_list, OPTION_COUNT(image_list),
	"picture size in which image points are given; default: that of the source"};

#define STAGE(key, member, stage_table, text)                                                      \
	{                                                                                          \
		key, OPTION_TABLE, offsetof(struct scene, member), .table = &(stage_table),        \
								   .help = (text)                  \
	}
static const struct option scene_list[] = {
	STAGE("pipeline", pipeline, pipeline_options, "the camera as a whole"),
	STAGE("image", image, image_options,
		"picture size in which image points are given; default: that of the source"),
	STAGE("detector", detector, detector_options, "how road users are found in a frame"),
	STAGE("tracker", tracker, tracker_options, "how detections become tracks"),
	STAGE("measure", measure, measure_options, "how speeds are measured"),
	STAGE("calibration", calibration, calibration_options, "from pixels to metres on the road"),
	{"judge", OPTION_INLINE, offsetof(struct scene, judge), .table = &judge_options,
		.help = "lines, zones, signals and rules"},
};
const struct option_table scene_options = {"scene", sizeof(struct scene), OPTION_NOWHERE,
	scene_list, OPTION_COUNT(scene_list), "one camera"};

void scene_defaults(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	options_defaults(&scene_options, scene);
}

void scene_free(struct scene *scene)
{
	options_free(&scene_options, scene);
}

bool scene_is_calibrated(const struct scene *scene)
{
	return calibration_is_given(&scene->calibration);
}

/* Image sizes that are not known yet are left to scene_check_size. */
void scene_check(const struct scene *scene, struct problems *problems)
{
	int width = scene->image.width_px, height = scene->image.height_px;
	struct err err;
	struct calibration calibration;
	if (scene_is_calibrated(scene) &&
		calibration_solve(&scene->calibration, width ? width : 1920, height ? height : 1080,
			&err, &calibration) < 0)
		problems_add(problems, PROBLEM_ERROR, scene->calibration.where, "", "%s", err.text);
	judge_check(&scene->judge, width, height, scene_is_calibrated(scene), problems);
}

static int checked(int r, const struct scene *scene, struct problems *problems)
{
	if (r < 0 && r != -EINVAL)
		return r;
	scene_check(scene, problems);
	problems_sort(problems);
	return problems->error_count ? -EINVAL : 0;
}

int scene_parse(const char *yaml, size_t length, struct scene *scene, struct problems *problems)
{
	int r = options_read(&scene_options, yaml, length, scene, problems);
	return checked(r, scene, problems);
}

int scene_load(const char *path, struct scene *scene, struct problems *problems, struct err *err)
{
	int r = options_read_file(&scene_options, path, scene, problems, err);
	return checked(r, scene, problems);
}

int scene_set(struct scene *scene, const char *path, const char *value, struct err *err)
{
	return options_set(&scene_options, scene, path, value, err);
}

int scene_apply_environment(struct scene *scene, struct err *err)
{
	static const struct {
		const char *variable, *path;
	} map[] = {
		{"MODEL_PATH", "pipeline.detection_model_path"},
		{"TARGET_FPS", "pipeline.target_fps"},
	};
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		const char *value = getenv(map[i].variable);
		if (!value || !*value)
			continue;
		int r = scene_set(scene, map[i].path, value, err);
		if (r < 0)
			return err_prefix(err, r, "environment variable %s", map[i].variable);
	}
	return 0;
}

int scene_check_size(const struct scene *scene, int width_px, int height_px, struct err *err)
{
	const struct image_params *image = &scene->image;
	if (image->width_px == 0 || (image->width_px == width_px && image->height_px == height_px))
		return 0;
	return err_set(err, -EINVAL,
		"the scene is drawn for pictures of %dx%d px and the source delivers %dx%d: "
		"correct image.width_px and height_px and pick the points again in a picture of "
		"that size",
		image->width_px, image->height_px, width_px, height_px);
}
