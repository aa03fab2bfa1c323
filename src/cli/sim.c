/* `gantry sim`: a road scene drawn from a file, with the exact truth about it. */
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/sim_serve.h"
#include "sim/invent.h"
#include "sim/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct sim_args {
	const char *output;
	bool frames, blind, reference, markdown, quiet;
	int seed;
	int rtsp_port; /* -1: to files */
	const char *bind, *user, *password;
	bool loop;
};

static const struct arg sim_arg_list[] = {
	{"output", 'o', ARG_TEXT, offsetof(struct sim_args, output), "DIR",
		.help = "where video.mp4, truth.jsonl and scene.yaml go; made where missing"},
	{"frames", 0, ARG_FLAG, offsetof(struct sim_args, frames),
		.help = "frames.y4m as well: the frames before they were encoded"},
	{"blind", 0, ARG_FLAG, offsetof(struct sim_args, blind),
		.help = "grey pictures instead of drawn ones, in a fifth of the time: for the "
			"truth detector"},
	{"seed", 0, ARG_INT, offsetof(struct sim_args, seed), "N", .min = 0, .max = 2147483647,
		.help = "another seed than the world's own; of a random world: 1"},
	{"quiet", 'q', ARG_FLAG, offsetof(struct sim_args, quiet),
		.help = "no progress, no summary"},
	{"rtsp", 0, ARG_INT, offsetof(struct sim_args, rtsp_port), "PORT", .min = 0, .max = 65535,
		.help = "be a camera: rtsp://127.0.0.1:PORT/sim, in real time; 0: any free port"},
	{"loop", 0, ARG_FLAG, offsetof(struct sim_args, loop),
		.help = "with --rtsp: again and again; without it the program ends with the scene"},
	{"bind", 0, ARG_TEXT, offsetof(struct sim_args, bind), "ADDRESS",
		.help = "with --rtsp: listen there, 0.0.0.0 for everywhere (default 127.0.0.1)"},
	{"user", 0, ARG_TEXT, offsetof(struct sim_args, user), "NAME",
		.help = "with --rtsp: only who knows it may watch"},
	{"password", 0, ARG_TEXT, offsetof(struct sim_args, password), "TEXT",
		.help = "with --rtsp: and this (digest authentication)"},
	{"reference", 0, ARG_FLAG, offsetof(struct sim_args, reference),
		.help = "print every option of a world's file with its default"},
	{"markdown", 0, ARG_FLAG, offsetof(struct sim_args, markdown),
		.help = "with --reference: as Markdown tables"},
};

static const struct arg_table sim_table = {
	.about = "draw a road scene and write down what really was in it",
	.operands = "WORLD.yaml | builtin | random",
	.operands_max = 1,
	.args = sim_arg_list,
	.count = ARG_COUNT(sim_arg_list),
	.more = "The same world and seed give the same bytes. A world that cannot be simulated is\n"
		"refused with the reason (exit code 3). With --rtsp, -o takes truth.jsonl, which "
		"says\n"
		"the wall time of every frame that was sent, and scene.yaml.\n"
		"\n"
		"examples:\n"
		"  gantry sim builtin -o out\n"
		"  gantry run out/video.mp4 -c out/scene.yaml\n"
		"  gantry sim random --seed 7 -o out\n"
		"  gantry sim random --seed 7 > world.yaml\n"
		"  gantry sim builtin --rtsp 8554 --loop\n"
		"  gantry sim --reference > world.yaml\n",
};

#define PATH_BYTES 4096

static int make_directory(const char *path)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return CLI_OK;
	return cli_failf(CLI_OUTPUT, "%s: cannot be made: %s", path, strerror(errno));
}

static int print_reference(const struct sim_args *args)
{
	if (args->markdown)
		options_print_markdown(&sim_options, stdout);
	else
		options_print_yaml(&sim_options, stdout);
	return cli_flush();
}

/* A world drawn from the seed; its file is kept beside what is made from it, or printed. */
static int load_random(const struct sim_args *args, struct sim_params *params)
{
	struct problems problems = {.file = "the random world"};
	struct err err = {0};
	char *yaml = NULL, path[PATH_BYTES];
	if (invent_world(args->seed >= 0 ? args->seed : 1, &err, &yaml) < 0)
		return cli_fail(CLI_CONFIG, &err);
	int code = CLI_OK;
	if (!args->output) {
		if (args->rtsp_port < 0)
			fputs(yaml, stdout);
	} else if (make_directory(args->output) == CLI_OK) {
		snprintf(path, sizeof(path), "%.4000s/world.yaml", args->output);
		FILE *file = fopen(path, "we");
		bool failed = !file || fputs(yaml, file) < 0;
		failed = (file && fclose(file) != 0) || failed;
		if (failed)
			code = cli_failf(CLI_OUTPUT, "%s: cannot be written", path);
	} else {
		code = CLI_OUTPUT;
	}
	if (code == CLI_OK && sim_params_parse(yaml, strlen(yaml), params, &problems) < 0)
		code = cli_failf(CLI_RUNTIME, "the random world cannot be read");
	problems_finish(&problems);
	free(yaml);
	return code;
}

static int load(const struct sim_args *args, const char *world, struct sim_params *params)
{
	struct problems problems = {.file = world};
	struct err err = {0};
	if (strcmp(world, "random") == 0)
		return load_random(args, params);
	if (strcmp(world, "builtin") == 0)
		return sim_params_builtin(params, &err) < 0 ? cli_fail(CLI_CONFIG, &err) : CLI_OK;
	int r = sim_params_load(world, params, &problems, &err);
	problems_sort(&problems);
	problems_print(&problems, stderr);
	if (r < 0 && problems.error_count == 0)
		cli_fail(CLI_CONFIG, &err);
	problems_finish(&problems);
	return r < 0 ? CLI_CONFIG : CLI_OK;
}

struct run {
	const struct sim_args *args;
	struct progress progress;
};

static int on_frame(void *opaque, int64_t done_count)
{
	struct run *run = opaque;
	progress_step(&run->progress, done_count);
	return cli_interrupted();
}

static void summarize(void *opaque, const struct sim *sim)
{
	struct run *run = opaque;
	progress_end(&run->progress);
	if (run->args->quiet)
		return;
	printf("%s: %lld frames, %d violation%s\n", run->args->output,
		(long long)sim_frame_count(sim), sim_violation_count(sim),
		sim_violation_count(sim) == 1 ? "" : "s");
	for (int i = 0; i < sim_violation_count(sim); i++) {
		const struct truth_violation *v = sim_violation(sim, i);
		printf("  %-28s id %-4d at %7.3f s\n", v->type, v->id, media_seconds(v->at));
	}
}

#define PATHS 4

/* Everything into one directory. */
static int record(const struct sim_params *params, const struct sim_args *args)
{
	static const char *const codecs[] = {"h264", "hevc"};
	static const char *const names[PATHS] = {
		"video.mp4", "truth.jsonl", "scene.yaml", "frames.y4m"};
	char paths[PATHS][PATH_BYTES];
	for (int i = 0; i < PATHS; i++)
		if (snprintf(paths[i], PATH_BYTES, "%s/%s", args->output, names[i]) >= PATH_BYTES)
			return cli_failf(CLI_USAGE, "%.40s...: the name is too long", args->output);
	if (make_directory(args->output) != CLI_OK)
		return CLI_OUTPUT;
	struct run run = {.args = args};
	struct sim_record_params record = {
		.scene = params,
		.video_path = paths[0],
		.truth_path = paths[1],
		.config_path = paths[2],
		.blind = args->blind,
		.frames_path = args->frames ? paths[3] : NULL,
		.video = {.codec = codecs[params->video.codec],
			.crf = params->video.crf,
			.bitrate_bps = params->video.bitrate_kbps * 1000,
			.gop_frames = params->video.gop_frames,
			.thread_count = 2},
		.on_frame = on_frame,
		.on_end = summarize,
		.opaque = &run,
	};
	struct err err = {0};
	progress_start(&run.progress, args->quiet ? PROGRESS_NONE : PROGRESS_AUTO, args->output,
		"frames", (int64_t)(params->duration_s * params->video.fps));
	cli_catch_interrupts();
	int r = sim_record(&record, &err);
	if (r < 0) {
		progress_end(&run.progress);
		return cli_fail(CLI_OUTPUT, &err);
	}
	return cli_interrupted() ? CLI_INTERRUPTED : cli_flush();
}

static int simulate(struct sim_params *params, const char *world, const struct sim_args *args)
{
	struct err err = {0};
	if (args->seed >= 0)
		params->seed = args->seed;
	/* A world that cannot be is refused before anything is written. */
	if (sim_check(params, &err) < 0) {
		err_prefix(&err, -EINVAL, "%s", world);
		return cli_fail(CLI_CONFIG, &err);
	}
	if (args->rtsp_port < 0)
		return record(params, args);
	if (args->output && make_directory(args->output) != CLI_OK)
		return CLI_OUTPUT;
	const struct sim_serve_args serve = {
		.port = args->rtsp_port,
		.bind = args->bind,
		.user = args->user,
		.password = args->password,
		.loop = args->loop,
		.output = args->output,
	};
	return sim_serve(params, &serve);
}

int cli_sim(int argc, char **argv)
{
	struct sim_args args = {.seed = -1, .rtsp_port = -1};
	struct arg_operands operands;
	int code = args_read(&sim_table, argc, argv, &args, &operands);
	if (code != ARGS_GO_ON)
		return code;
	if (args.reference)
		return print_reference(&args);
	bool random = operands.count == 1 && strcmp(operands.items[0], "random") == 0;
	bool camera = args.rtsp_port >= 0;
	if (operands.count != 1 || (!args.output && !random && !camera))
		return cli_failf(
			CLI_USAGE, "which world, and where to? As: gantry sim builtin -o DIR");
	if (!camera && (args.loop || args.bind || args.user || args.password))
		return cli_failf(
			CLI_USAGE, "--loop, --bind, --user and --password are about --rtsp PORT");
	if (camera && args.frames)
		return cli_failf(CLI_USAGE, "--frames goes with -o and not with --rtsp");
	struct sim_params params = {0};
	code = load(&args, operands.items[0], &params);
	if (code == CLI_OK && (args.output || camera))
		code = simulate(&params, operands.items[0], &args);
	sim_params_finish(&params);
	return code;
}
