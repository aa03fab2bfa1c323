#include "api/scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	const struct gantry_pipeline_config *config, struct scene *scene, struct err *err)
{
	struct problems problems = {.file = config->scene_path};
	int r = 0;
	if (config->scene_path && config->scene_text)
		return err_set(
			err, -EINVAL, "scene_path and scene_text are both set: one is enough");
	if (config->scene_path)
		r = scene_load(config->scene_path, scene, &problems, err);
	else if (config->scene_text)
		r = scene_parse(config->scene_text, strlen(config->scene_text), scene, &problems);
	if (r == -EINVAL)
		problems_first(&problems, config->scene_path ? config->scene_path : "scene_text",
			": gantry check", err);
	problems_finish(&problems);
	return r;
}

/* What the caller set, that is, changed from the default, wins over the scene. */
static int apply(const struct gantry_pipeline_config *config, const char *device_id,
	struct pipeline_params *params, struct err *err)
{
	struct gantry_pipeline_config def;
	gantry_pipeline_config_init(&def);
	if (!(config->confidence_threshold >= 0 && config->confidence_threshold <= 1))
		return err_set(err, -EINVAL, "confidence_threshold must be 0 to 1, is %g",
			config->confidence_threshold);
	if (replace(&params->detection_model_path, config->detection_model_path) < 0 ||
		replace(&params->device_id, config->device_id) < 0 ||
		(!params->device_id && replace(&params->device_id, device_id) < 0))
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

int api_scene_read(const struct gantry_pipeline_config *config, const char *device_id,
	struct scene *scene, struct err *err)
{
	scene_defaults(scene);
	int r = read_scene(config, scene, err);
	return r < 0 ? r : apply(config, device_id, &scene->pipeline, err);
}
