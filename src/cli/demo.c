/* gantry demo: the built-in scene through the real path, next to its truth. */
#include "av/writer.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/compare.h"
#include "cli/progress.h"
#include "cli/scene_args.h"
#include "cli/summary.h"
#include "sim/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 2024-06-03T08:00:00Z: a fixed time, so that every run writes the same files. */
#define SCENE_START_US INT64_C(1717401600000000)

/* Below this share of speeds inside their 95 % interval the intervals are not honest. */
#define WITHIN_MIN_RATIO 0.9

struct demo_args {
	const char *out;
};

static const struct arg demo_arg_list[] = {
	{"out", 'o', ARG_TEXT, offsetof(struct demo_args, out), "DIR",
		.help = "where the results go; default: out"},
};
static const struct arg_table demo_table = {
	.about = "analyse the built-in scene and print what was found next to the truth",
	.args = demo_arg_list,
	.count = ARG_COUNT(demo_arg_list),
	.more = "The scene is drawn, encoded to H.264 in a temporary file and then analysed like "
		"any\n"
		"other video: decode, motion detector, track, measure, judge. DIR gets "
		"annotated.mp4,\n"
		"events.jsonl, vehicles.csv, evidence/, and the scene's own truth.jsonl and "
		"scene.yaml.\n"
		"Exits with 1 where a violation was missed or invented, or where the truth lies "
		"outside too\n"
		"many of the stated intervals.\n",
};

struct paths {
	char video[4096]; /* the encoded scene, temporary */
	char truth[4096], scene[4096], annotated[4096], events[4096], csv[4096], evidence[4096];
};

static void name_paths(const char *out, struct paths *p)
{
	snprintf(p->truth, sizeof(p->truth), "%s/truth.jsonl", out);
	snprintf(p->scene, sizeof(p->scene), "%s/scene.yaml", out);
	snprintf(p->annotated, sizeof(p->annotated), "%s/annotated.mp4", out);
	snprintf(p->events, sizeof(p->events), "%s/events.jsonl", out);
	snprintf(p->csv, sizeof(p->csv), "%s/vehicles.csv", out);
	snprintf(p->evidence, sizeof(p->evidence), "%s/evidence", out);
}

static int make_video_name(struct paths *p, struct err *err)
{
	const char *folder = getenv("TMPDIR");
	snprintf(p->video, sizeof(p->video), "%s/gantry-demo-XXXXXX.mp4",
		folder && *folder ? folder : "/tmp");
	int fd = mkstemps(p->video, 4);
	if (fd < 0)
		return err_set(err, -errno, "%s: cannot be made: %s", p->video, strerror(errno));
	close(fd);
	return 0;
}

static int record_progress(void *opaque, int64_t done_count)
{
	progress_step(opaque, done_count);
	return cli_interrupted();
}

static int record_scene(struct paths *p, struct err *err)
{
	struct progress progress;
	struct sim_params world;
	int r = sim_params_builtin(&world, err);
	if (r < 0)
		return r;
	struct sim_record_params params = {
		.scene = &world,
		.video_path = p->video,
		.truth_path = p->truth,
		.config_path = p->scene,
		.on_frame = record_progress,
		.opaque = &progress,
	};
	progress_start(&progress, PROGRESS_AUTO, "drawing", "frames",
		(int64_t)(params.scene->duration_s * params.scene->video.fps));
	r = sim_record(&params, err);
	progress_end(&progress);
	sim_params_finish(&world);
	return r;
}

struct watch {
	struct match *match;
	struct progress progress;
};

static int on_frame(
	void *opaque, const struct source_info *info, const struct pipeline_result *result)
{
	struct watch *watch = opaque;
	(void)info;
	progress_step(&watch->progress, result->tracks.sequence + 1);
	return match_step(watch->match, &result->tracks) < 0 || cli_interrupted();
}

static int analyse(const struct paths *p, const struct scene *scene, const struct truth *truth,
	struct match *match)
{
	struct watch watch = {.match = match};
	struct session_params params = {
		.source = p->video,
		.device_id = "builtin",
		.start_wall = {SCENE_START_US},
		.scene = scene,
		.events_path = p->events,
		.csv_path = p->csv,
		.video_path = p->annotated,
		.evidence_dir = p->evidence,
		.on_frame = on_frame,
		.opaque = &watch,
	};
	struct err err = {0};
	struct session_summary summary;
	enum session_failure failure;
	progress_start(&watch.progress, PROGRESS_AUTO, "analysing", "frames", truth->frame_count);
	int r = session_run(&params, &err, &summary, &failure);
	progress_end(&watch.progress);
	int code = CLI_OK;
	if (r < 0) {
		code = cli_fail(summary_exit(failure), &err);
	} else if (cli_interrupted()) {
		code = CLI_INTERRUPTED;
	} else {
		summary_print(&summary, stdout);
		struct comparison c = compare_print(&summary, truth, match, stdout);
		if (c.found_count < c.violation_count || c.invented_count > 0 ||
			c.within_count < WITHIN_MIN_RATIO * c.measured_count)
			code = CLI_FAILED;
	}
	session_summary_finish(&summary);
	return code;
}

static int analyse_with_truth(const struct paths *p)
{
	struct err err = {0};
	struct scene scene;
	struct truth *truth = NULL;
	struct match *match = NULL;
	int code = scene_args_load(&(struct scene_args){.config = p->scene}, &scene);
	if (code == CLI_OK && truth_load(p->truth, &err, &truth) < 0)
		code = cli_fail(CLI_DATA, &err);
	if (code == CLI_OK && match_create(truth, &match) < 0)
		code = cli_failf(CLI_RUNTIME, "out of memory");
	if (code == CLI_OK)
		code = analyse(p, &scene, truth, match);
	match_destroy(&match);
	truth_free(&truth);
	scene_free(&scene);
	return code;
}

int cli_demo(int argc, char **argv)
{
	struct demo_args args = {.out = "out"};
	struct arg_operands none;
	struct paths paths;
	struct err err = {0};
	int code = args_read(&demo_table, argc, argv, &args, &none);
	if (code != ARGS_GO_ON)
		return code;
	if (mkdir(args.out, 0777) < 0 && errno != EEXIST)
		return cli_failf(CLI_OUTPUT, "%s: cannot be made: %s", args.out, strerror(errno));
	name_paths(args.out, &paths);
	if (make_video_name(&paths, &err) < 0)
		return cli_fail(CLI_OUTPUT, &err);
	cli_catch_interrupts();
	if (record_scene(&paths, &err) < 0)
		code = cli_fail(CLI_OUTPUT, &err);
	else
		code = cli_interrupted() ? CLI_INTERRUPTED : analyse_with_truth(&paths);
	unlink(paths.video);
	if (code == CLI_OK || code == CLI_FAILED)
		printf("\nresults: %s %s %s %s\n", paths.annotated, paths.events, paths.csv,
			paths.evidence);
	return code == CLI_OK ? cli_flush() : code;
}
