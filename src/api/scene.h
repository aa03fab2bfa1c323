/* The scene that a public configuration asks for. */
#pragma once

#include "gantry/pipeline.h"
#include "pipeline/scene.h"

/*
 * Defaults, the scene's file or text, and over them what the configuration changes from its own
 * defaults; `device_id` where neither names one. -EINVAL with the first problem, -ENOENT and other
 * errno values of files, -ENOMEM. scene_free() is the caller's in any case.
 */
int api_scene_read(const struct gantry_pipeline_config *config, const char *device_id,
	struct scene *scene, struct err *err);
