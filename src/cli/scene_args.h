/*
 * What every subcommand that analyses frames takes: a scene file, and single options over it.
 */
#pragma once

#include "cli/args.h"
#include "pipeline/scene.h"

struct scene_args {
	const char *config;
	const char *model;
	struct arg_texts set;
};

/* For the list of options of a command whose struct `type` holds a struct scene_args `member`. */
#define SCENE_ARGS(type, member)                                                                   \
	{"config", 'c', ARG_TEXT, offsetof(type, member.config), "SCENE.yaml",                     \
		.help = "calibration, lines, zones, signals, rules (gantry check)"},               \
		{"model", 'm', ARG_TEXT, offsetof(type, member.model), "MODEL.onnx",               \
			.help = "detection model; default: the scene's, else motion detection"},   \
	{                                                                                          \
		"set", 's', ARG_TEXTS, offsetof(type, member.set), "PATH=VALUE",                   \
			.help = "one option of the scene, e.g. pipeline.target_fps=10"             \
	}

/*
 * Defaults, then the file, then the environment, then --set. Problems go to standard error, all of
 * them. The scene must be freed in any case. A cli_exit code.
 */
int scene_args_load(const struct scene_args *args, struct scene *scene);
