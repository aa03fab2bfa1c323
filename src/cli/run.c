/* gantry run: videos through the whole pipeline, what was found to tables and files. */
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/scene_args.h"
#include "cli/summary.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct run_args {
	struct scene_args scene;
	const char *events, *csv, *video, *evidence, *store, *device_id, *start_time;
	double seconds;
	bool quiet, no_progress;
};

static const struct arg run_arg_list[] = {
	SCENE_ARGS(struct run_args, scene),
	{"events", 'e', ARG_TEXT, offsetof(struct run_args, events), "F.jsonl",
		.help = "write every violation, vehicle, gap and count as JSON Lines; -: standard "
			"output"},
	{"video", 'o', ARG_TEXT, offsetof(struct run_args, video), "F.mp4",
		.help = "write the annotated video"},
	{"evidence", 'E', ARG_TEXT, offsetof(struct run_args, evidence), "DIR",
		.help = "write pictures, a record and, of live sources, a clip of every "
			"violation"},
	{"csv", 0, ARG_TEXT, offsetof(struct run_args, csv), "F.csv",
		.help = "write one row per vehicle"},
	{"store", 0, ARG_TEXT, offsetof(struct run_args, store), "F.db",
		.help = "add violations and counted passages to this store, which is made where it "
			"is missing"},
	{"device-id", 0, ARG_TEXT, offsetof(struct run_args, device_id), "NAME",
		.help = "name of the camera; default: the scene's, else the source's name"},
	{"start-time", 0, ARG_TEXT, offsetof(struct run_args, start_time), "TIME",
		.help = "when the first frame was taken, as 2024-06-03T08:00:00Z; default: what "
			"the "
			"file says"},
	{"seconds", 0, ARG_REAL, offsetof(struct run_args, seconds), "S", .min = 0.1, .max = 1e9,
		.help = "watch live sources for so long; default: until interrupted"},
	{"quiet", 'q', ARG_FLAG, offsetof(struct run_args, quiet), .help = "no tables"},
	{"no-progress", 0, ARG_FLAG, offsetof(struct run_args, no_progress),
		.help = "no progress bar"},
};
static const struct arg_table run_table = {
	.about = "analyse videos or live cameras and report vehicles, speeds and violations",
	.operands = "SOURCE...",
	.operands_min = 1,
	.operands_max = ARG_MANY,
	.args = run_arg_list,
	.count = ARG_COUNT(run_arg_list),
	.more = "With several sources, each is analysed by itself with the same scene, and their\n"
		"outputs get the number of the source before the suffix (F-2.mp4, DIR-2). Files "
		"are\n"
		"read one after the other; live sources (rtsp://, http://, /dev/video0) are "
		"watched "
		"at\n"
		"the same time, and share one detection service.\n"
		"\n"
		"MODEL_PATH and TARGET_FPS in the environment win over the scene, --set over "
		"both.\n"
		"\n"
		"  gantry run road.mp4\n"
		"  gantry run -c gate.yaml -E evidence --seconds 3600 rtsp://10.0.0.7/1\n"
		"  gantry run -c junction.yaml --events out.jsonl --video out.mp4 junction.mp4\n"
		"  gantry run --set pipeline.detection_model_path=yolox_nano.onnx road.mp4\n",
};

static int64_t expected_frames(const struct source_info *info)
{
	const struct av_reader_info *v = &info->video;
	if (v->declared_frame_count > 0)
		return v->declared_frame_count;
	return (int64_t)(v->duration_s * v->declared_fps);
}

/* A bar that learns with the first frame how long it will be. */
struct bar {
	struct progress progress;
	const char *label;
	bool none, started;
};

static int bar_frame(
	void *opaque, const struct source_info *info, const struct pipeline_result *result)
{
	struct bar *bar = opaque;
	if (bar->none || !result)
		return cli_interrupted();
	if (!bar->started)
		progress_start(
			&bar->progress, PROGRESS_AUTO, bar->label, "frames", expected_frames(info));
	bar->started = true;
	progress_step(&bar->progress, result->tracks.sequence + 1);
	return cli_interrupted();
}

/* "out.mp4" of the second of several sources is "out-2.mp4". */
static const char *numbered(const char *path, int index, int count, char *buffer, size_t size)
{
	if (!path || count == 1 || strcmp(path, "-") == 0)
		return path;
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(path, '.');
	int stem = dot && dot != path && (!slash || dot > slash + 1) ? (int)(dot - path)
								     : (int)strlen(path);
	snprintf(buffer, size, "%.*s-%d%s", stem, path, index + 1, path + stem);
	return buffer;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino && S_ISREG(x.st_mode);
}

/* An output that is the source, or another output, would destroy what it should keep. */
static int check_outputs(const struct session_params *p)
{
	const char *const outputs[] = {p->events_path, p->csv_path, p->video_path};
	const int count = (int)(sizeof(outputs) / sizeof(outputs[0]));
	for (int i = 0; i < count; i++) {
		if (!outputs[i])
			continue;
		if (same_file(outputs[i], p->source))
			return cli_failf(CLI_OUTPUT,
				"%s: is the source itself: give the output another name",
				outputs[i]);
		for (int k = 0; k < i; k++)
			if (outputs[k] && strcmp(outputs[i], outputs[k]) == 0)
				return cli_failf(CLI_OUTPUT,
					"%s: is named for two outputs: give each its own",
					outputs[i]);
	}
	return CLI_OK;
}

/* One source of those on the command line. */
struct job {
	const struct run_args *args;
	const struct scene *scene;
	struct wall start;
	struct store *store;
	struct service *service; /* of all live sources; NULL: none */
	char **sources;
	int index, count;
	bool together; /* with others at the same time */
	pthread_t thread;
	bool started;
	int code;
};

/* Tables of sources that end at the same time do not mix. */
static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;

static void print_summary(const struct job *job, const struct session_summary *summary)
{
	/* Events on standard output leave it to them. */
	bool mixed = job->args->events && strcmp(job->args->events, "-") == 0;
	FILE *out = mixed ? stderr : stdout;
	if (summary->frame_count == 0 || job->args->quiet)
		return;
	pthread_mutex_lock(&printing);
	if (job->index > 0)
		fputc('\n', out);
	summary_print(summary, out);
	pthread_mutex_unlock(&printing);
}

/* Live cameras lose packets at any time; they say so, and it is no failure. */
static bool is_damaged(const struct job *job, const struct session_summary *summary)
{
	const struct av_reader_stats *s = &summary->stats.video;
	return !session_is_live(job->sources[job->index]) &&
	       (s->ended_early || s->corrupt_count || s->skipped_packet_count);
}

/* Of several sources the first failure decides; damage, where nothing failed. */
static int worse_code(int code, int next)
{
	bool mild = code == CLI_OK || code == CLI_DAMAGED;
	return mild && next != CLI_OK ? next : code;
}

static int run_one(const struct job *job)
{
	const struct run_args *args = job->args;
	int index = job->index, count = job->count;
	char events[4096], csv[4096], video[4096], evidence[4096];
	struct bar bar = {.label = job->sources[index], .none = args->no_progress || job->together};
	struct session_params params = {
		.source = job->sources[index],
		.device_id = args->device_id,
		.scene = job->scene,
		.start_wall = job->start,
		.events_path = numbered(args->events, index, count, events, sizeof(events)),
		.csv_path = numbered(args->csv, index, count, csv, sizeof(csv)),
		.video_path = numbered(args->video, index, count, video, sizeof(video)),
		.evidence_dir = numbered(args->evidence, index, count, evidence, sizeof(evidence)),
		.store = job->store,
		.seconds = args->seconds,
		.service = job->service,
		.on_frame = bar_frame,
		.opaque = &bar,
	};
	struct err err = {0};
	struct session_summary summary;
	enum session_failure failure;
	int code = check_outputs(&params);
	if (code != CLI_OK)
		return code;
	int r = session_run(&params, &err, &summary, &failure);
	if (bar.started)
		progress_end(&bar.progress);
	print_summary(job, &summary);
	code = is_damaged(job, &summary) ? CLI_DAMAGED : CLI_OK; /* the source has said it */
	session_summary_finish(&summary);
	return r < 0 ? cli_fail(summary_exit(failure), &err) : code;
}

static void *run_job(void *opaque)
{
	struct job *job = opaque;
	job->code = run_one(job);
	return NULL;
}

/* All at the same time, each in a thread of its own. */
static int run_together(const struct job *template, struct err *err)
{
	struct job *jobs = calloc((size_t) template->count, sizeof(*jobs));
	struct service *service = NULL;
	struct detector_params detector = pipeline_detector_params(template->scene);
	int code = CLI_OK;
	if (!jobs)
		return cli_failf(CLI_RUNTIME, "out of memory");
	if (detector_memory(&detector) == DETECTOR_MEMORY_NONE &&
		service_create(&(struct service_params){.detector = &detector}, err, &service) < 0)
		code = cli_fail(CLI_MODEL, err);
	for (int i = 0; i < template->count && code == CLI_OK; i++) {
		jobs[i] = *template;
		jobs[i].index = i;
		jobs[i].service = service;
		jobs[i].together = true;
		jobs[i].started = pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]) == 0;
		if (!jobs[i].started)
			jobs[i].code = cli_failf(CLI_RUNTIME, "no thread could be started");
	}
	for (int i = 0; i < template->count; i++) {
		if (jobs[i].started)
			pthread_join(jobs[i].thread, NULL);
		code = worse_code(code, jobs[i].code);
	}
	service_destroy(&service);
	free(jobs);
	return code;
}

/* A source that fails does not keep the others from being analysed. */
static int run_in_turn(const struct job *template)
{
	int code = CLI_OK;
	struct job job = *template;
	for (; job.index < job.count && !cli_interrupted(); job.index++)
		code = worse_code(code, run_one(&job));
	return code;
}

static bool all_live(const struct arg_operands *sources)
{
	for (int i = 0; i < sources->count; i++)
		if (!session_is_live(sources->items[i]))
			return false;
	return sources->count > 1;
}

static int run_all(const struct run_args *args, const struct scene *scene, struct wall start,
	const struct arg_operands *sources)
{
	struct job job = {
		.args = args,
		.scene = scene,
		.start = start,
		.sources = sources->items,
		.count = sources->count,
	};
	struct err err = {0};
	if (args->store &&
		store_open(&(struct store_params){.path = args->store}, &err, &job.store) < 0)
		return cli_fail(CLI_OUTPUT, &err);
	int code = all_live(sources) ? run_together(&job, &err) : run_in_turn(&job);
	store_close(&job.store);
	if (code != CLI_OK && code != CLI_DAMAGED)
		return code;
	code = worse_code(code, cli_flush());
	return cli_interrupted() && code != CLI_OUTPUT ? CLI_INTERRUPTED : code;
}

int cli_run(int argc, char **argv)
{
	struct run_args args = {0};
	struct arg_operands sources;
	struct scene scene;
	struct wall start = {0};
	int code = args_read(&run_table, argc, argv, &args, &sources);
	if (code != ARGS_GO_ON)
		return code;
	if (args.start_time && wall_parse(args.start_time, &start) < 0)
		return cli_failf(CLI_USAGE,
			"--start-time %s: must look like 2024-06-03T08:00:00Z or end in +02:00",
			args.start_time);
	code = scene_args_load(&args.scene, &scene);
	if (code == CLI_OK) {
		cli_catch_interrupts();
		code = run_all(&args, &scene, start, &sources);
	}
	scene_free(&scene);
	return code;
}
