/* `gantry check`: everything that is wrong with configurations, in one pass. */
#include "base/options.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "ingest/source.h"
#include "pipeline/scene.h"
#include "serve/settings.h"

#include <string.h>

struct check_args {
	struct arg_texts config;
	const char *video;
	bool reference, markdown, strict, quiet;
};

static const struct arg check_arg_list[] = {
	{"config", 'c', ARG_TEXTS, offsetof(struct check_args, config), "SCENE.yaml",
		.help = "a scene to check; the same as an operand"},
	{"video", 'v', ARG_TEXT, offsetof(struct check_args, video), "FILE",
		.help = "check against this video's picture size as well"},
	{"strict", 0, ARG_FLAG, offsetof(struct check_args, strict),
		.help = "take warnings for errors"},
	{"quiet", 'q', ARG_FLAG, offsetof(struct check_args, quiet), .help = "print problems only"},
	{"reference", 0, ARG_FLAG, offsetof(struct check_args, reference),
		.help = "print every option there is, as a scene file with the defaults"},
	{"markdown", 0, ARG_FLAG, offsetof(struct check_args, markdown),
		.help = "with --reference: as Markdown tables"},
};

static const struct arg_table check_table = {
	.about = "say everything that is wrong with a scene file, in one pass",
	.operands = "[SCENE.yaml...]",
	.operands_max = ARG_MANY,
	.args = check_arg_list,
	.count = ARG_COUNT(check_arg_list),
	.more = "A file with `server:` or `store:` at its top is checked as gantry.yaml, what "
		"gantry\n"
		"serve starts with; others as scenes.\n"
		"\n"
		"Each problem is one line: FILE:LINE:COLUMN: error: PATH: what is wrong. Exits "
		"with 3\n"
		"where there is one, and with 4 where the video cannot be opened.\n"
		"\n"
		"examples:\n"
		"  gantry check -c scene.yaml\n"
		"  gantry check -c scene.yaml --video road.mp4\n"
		"  gantry check --reference > scene.yaml\n",
};

static int print_reference(const struct check_args *args)
{
	if (args->markdown)
		options_print_markdown(&scene_options, stdout);
	else
		options_print_yaml(&scene_options, stdout);
	return cli_flush();
}

static int video_size(const char *video, struct image_params *ret_image)
{
	struct err err = {0};
	struct source *source;
	if (source_open(&(struct source_params){.url = video}, &err, &source) < 0)
		return cli_fail(CLI_SOURCE, &err);
	ret_image->width_px = source_info(source)->video.width_px;
	ret_image->height_px = source_info(source)->video.height_px;
	source_close(&source);
	return CLI_OK;
}

static void print_verdict(
	const char *path, const struct scene *scene, const struct problems *problems)
{
	const struct judge_params *judge = &scene->judge;
	if (problems->error_count > 0 || problems->warning_count > 0)
		printf("%s: %d error%s, %d warning%s\n", path, problems->error_count,
			problems->error_count == 1 ? "" : "s", problems->warning_count,
			problems->warning_count == 1 ? "" : "s");
	else
		printf("%s: nothing wrong (%s; %d rules, %d lines, %d zones, %d signals)\n", path,
			scene_is_calibrated(scene) ? "calibrated" : "not calibrated",
			judge->rules.count, judge->lines.count, judge->zones.count,
			judge->signals.count);
}

/* `video` (width and height 0: none) is the size that the scene has to agree with. */
static int check_one(
	const char *path, const struct image_params *video, const struct check_args *args)
{
	struct err err = {0};
	struct scene scene;
	struct problems problems = {.file = path};
	scene_defaults(&scene);
	scene.image = *video; /* unless the file says otherwise */
	int r = scene_load(path, &scene, &problems, &err);
	bool unreadable = r < 0 && problems.error_count == 0;
	if (r == 0 && video->width_px &&
		scene_check_size(&scene, video->width_px, video->height_px, &err) < 0)
		problems_add(&problems, PROBLEM_ERROR, scene.image.where, "image", "%s", err.text);
	problems_print(&problems, stdout);
	if (unreadable)
		cli_fail(CLI_CONFIG, &err);
	else if (!args->quiet)
		print_verdict(path, &scene, &problems);
	bool bad = unreadable || problems.error_count > 0 ||
		   (args->strict && problems.warning_count > 0);
	problems_finish(&problems);
	scene_free(&scene);
	return bad ? CLI_CONFIG : CLI_OK;
}

static int check_settings(const char *path, const struct check_args *args)
{
	struct err err = {0};
	struct settings settings;
	struct problems problems = {.file = path};
	settings_defaults(&settings);
	int r = settings_load(path, &settings, &problems, &err);
	bool unreadable = r < 0 && problems.error_count == 0;
	problems_print(&problems, stdout);
	if (unreadable)
		cli_fail(CLI_CONFIG, &err);
	else if (problems.error_count + problems.warning_count > 0)
		printf("%s: %d error%s, %d warning%s\n", path, problems.error_count,
			problems.error_count == 1 ? "" : "s", problems.warning_count,
			problems.warning_count == 1 ? "" : "s");
	else if (!args->quiet)
		printf("%s: nothing wrong (%s port %d, store %s)\n", path, settings.server.host,
			settings.server.port, settings.store.path);
	bool bad = r < 0 || (args->strict && problems.warning_count > 0);
	problems_finish(&problems);
	settings_free(&settings);
	return bad ? CLI_CONFIG : CLI_OK;
}

int cli_check(int argc, char **argv)
{
	struct check_args args = {0};
	struct arg_operands files;
	struct image_params size = {0};
	int code = args_read(&check_table, argc, argv, &args, &files);
	if (code != ARGS_GO_ON)
		return code;
	if (args.reference)
		return print_reference(&args);
	if (args.config.count + files.count == 0)
		return cli_failf(CLI_USAGE,
			"name a scene file to check, or --reference. Try 'gantry check --help'.");
	code = args.video ? video_size(args.video, &size) : CLI_OK;
	if (code != CLI_OK)
		return code;
	for (int i = 0; i < args.config.count + files.count; i++) {
		const char *path = i < args.config.count ? args.config.items[i]
							 : files.items[i - args.config.count];
		int one = settings_is_one(path) ? check_settings(path, &args)
						: check_one(path, &size, &args);
		if (one != CLI_OK)
			code = CLI_CONFIG;
	}
	int flushed = cli_flush();
	return code == CLI_OK ? flushed : code;
}
