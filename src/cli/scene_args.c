#include "cli/scene_args.h"

#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int load_file(const char *path, struct scene *scene)
{
	struct err err = {0};
	struct problems problems = {.file = path};
	int r = scene_load(path, scene, &problems, &err);
	problems_print(&problems, stderr);
	if (r < 0 && problems.error_count == 0)
		cli_fail(CLI_CONFIG, &err);
	problems_finish(&problems);
	return r < 0 ? CLI_CONFIG : CLI_OK;
}

static int set(struct scene *scene, const char *assignment, struct err *err)
{
	const char *equals = strchr(assignment, '=');
	char path[256];
	if (!equals || (size_t)(equals - assignment) >= sizeof(path))
		return err_set(err, -EINVAL, "--set %s: must be PATH=VALUE", assignment);
	snprintf(path, sizeof(path), "%.*s", (int)(equals - assignment), assignment);
	int r = scene_set(scene, path, equals + 1, err);
	return r < 0 ? err_prefix(err, r, "--set") : 0;
}

int scene_args_load(const struct scene_args *args, struct scene *scene)
{
	struct err err = {0};
	scene_defaults(scene);
	int code = args->config ? load_file(args->config, scene) : CLI_OK;
	if (code != CLI_OK)
		return code;
	int r = scene_apply_environment(scene, &err);
	for (int i = 0; r == 0 && i < args->set.count; i++)
		r = set(scene, args->set.items[i], &err);
	if (r == 0 && args->model)
		r = scene_set(scene, "pipeline.detection_model_path", args->model, &err);
	return r < 0 ? cli_fail(CLI_CONFIG, &err) : CLI_OK;
}
