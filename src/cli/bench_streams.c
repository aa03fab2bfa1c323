/*
 * gantry bench streams: how many live cameras this machine analyses, and what each costs.
 *
 * A simulated scene is drawn and encoded once, 1920x1080 at 30 frames a second, and served over
 * RTSP as often as there are cameras. What the decoder alone does on all cores, over the same file
 * in the same run, is what the number of cameras is compared with.
 */
#include "cli/bench_streams.h"
#include "base/cores.h"
#include "cli/args.h"
#include "cli/bench_load.h"
#include "cli/bench_scene.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "ingest/source.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FPS 30
#define SCENE_FRAMES 600
#define LIMIT_FRAMES 300
/* Longer than the packet rings hold; a long run has the time for memory to come to rest. */
#define WARM_UP_S 20
#define LONG_WARM_UP_S 60
#define LONG_S 240
#define SEARCH_S 15
#define CORES_MAX 256

struct bench_args {
	const char *video, *model, *output;
	int streams, workers, nice, transport;
	double seconds, max_hz, min_hz;
	bool find_limit, json, gated;
};

static const char *const transports[] = {"tcp", "udp", NULL};

static const struct arg bench_arg_list[] = {
	{"streams", 'n', ARG_INT, offsetof(struct bench_args, streams), "N", .min = 1,
		.max = BENCH_STREAMS_MAX, .help = "how many cameras; 8"},
	{"seconds", 's', ARG_REAL, offsetof(struct bench_args, seconds), "S", .min = 1, .max = 1e6,
		.help = "how long they are measured; 60"},
	{"model", 'm', ARG_TEXT, offsetof(struct bench_args, model), "MODEL.onnx",
		.help = "the network; default: $MODEL_PATH, else motion detection"},
	{"video", 'v', ARG_TEXT, offsetof(struct bench_args, video), "FILE",
		.help = "what all cameras show; default: the built-in scene, 1920x1080, 30 "
			"frames/s"},
	{"find-limit", 0, ARG_FLAG, offsetof(struct bench_args, find_limit),
		.help = "then adds cameras until 1 % of the frames are dropped"},
	{"max-hz", 0, ARG_REAL, offsetof(struct bench_args, max_hz), "HZ", .min = 0.1, .max = 1000,
		.help = "looks a second that each camera wants; 10"},
	{"min-hz", 0, ARG_REAL, offsetof(struct bench_args, min_hz), "HZ", .min = 0.01, .max = 1000,
		.help = "and those that overload leaves it; 2"},
	{"gate", 0, ARG_FLAG, offsetof(struct bench_args, gated),
		.help = "do not look where nothing moved"},
	{"workers", 0, ARG_INT, offsetof(struct bench_args, workers), "N", .min = 1, .max = 256,
		.help = "of the detection service; default: one per core"},
	{"nice", 0, ARG_INT, offsetof(struct bench_args, nice), "N", .min = 0, .max = 19,
		.help = "of these workers; 0"},
	{"transport", 0, ARG_CHOICE, offsetof(struct bench_args, transport), "tcp|udp",
		.names = transports, .help = "of the video; tcp"},
	{"output", 'o', ARG_TEXT, offsetof(struct bench_args, output), "FILE.json",
		.help = "JSON into this file, besides"},
	{"json", 0, ARG_FLAG, offsetof(struct bench_args, json), .help = "JSON instead of tables"},
};
static const struct arg_table bench_table = {
	.about = "measure how many live cameras can be analysed",
	.args = bench_arg_list,
	.count = ARG_COUNT(bench_arg_list),
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* One decoder that has a core to itself. */
struct decoding {
	const char *video;
	pthread_t thread;
	bool started;
	int64_t frame_count;
	struct err err;
	int error;
};

static void *decode(void *opaque)
{
	struct decoding *d = opaque;
	struct source *source;
	struct frame *frame;
	d->error = source_open(&(struct source_params){.url = d->video}, &d->err, &source);
	if (d->error < 0)
		return NULL;
	int r;
	while (d->frame_count < LIMIT_FRAMES &&
		(r = source_read(source, &d->err, &frame)) == FLOW_MORE) {
		frame_unref(&frame);
		d->frame_count++;
	}
	source_close(&source);
	return NULL;
}

/* Frames a second that all cores decode together when they do nothing else. */
static int measure_decoder(const char *video, struct err *err, struct bench_streams *out)
{
	struct decoding decoders[CORES_MAX] = {0};
	out->core_count = cores_usable() < CORES_MAX ? cores_usable() : CORES_MAX;
	struct mono begin = mono_now();
	int64_t frames = 0;
	int r = 0;
	for (int i = 0; i < out->core_count; i++) {
		decoders[i].video = video;
		decoders[i].started =
			pthread_create(&decoders[i].thread, NULL, decode, &decoders[i]) == 0;
	}
	for (int i = 0; i < out->core_count; i++) {
		if (decoders[i].started)
			pthread_join(decoders[i].thread, NULL);
		frames += decoders[i].frame_count;
		if (decoders[i].error < 0) {
			r = decoders[i].error;
			*err = decoders[i].err;
		}
	}
	out->decoder_fps = (double)frames / ((double)(mono_now().us - begin.us) * 1e-6);
	return r;
}

static int step_bar(void *opaque, double done_ratio)
{
	progress_step(opaque, (int64_t)(done_ratio * 100));
	return interrupted;
}

static int load(const struct bench_args *args, const struct scene *scene, int count, double seconds,
	struct err *err, struct bench_load *ret_load)
{
	struct progress bar;
	char label[32];
	snprintf(label, sizeof(label), "%d cameras", count);
	progress_start(&bar, args->json ? PROGRESS_NONE : PROGRESS_AUTO, label, "%", 100);
	struct bench_load_params params = {
		.video = args->video,
		.scene = scene,
		.stream_count = count,
		.workers = args->workers,
		.nice = args->nice,
		.warm_up_s = seconds < LONG_S ? WARM_UP_S : LONG_WARM_UP_S,
		.measure_s = seconds,
		.max_hz = args->max_hz,
		.min_hz = args->min_hz,
		.gated = args->gated,
		.transport = args->transport == 0 ? AV_TRANSPORT_TCP : AV_TRANSPORT_UDP,
		.on_progress = step_bar,
		.opaque = &bar,
	};
	int r = bench_load_run(&params, err, ret_load);
	progress_end(&bar);
	return r;
}

static const struct bench_trial *note(struct bench_streams *out, const struct bench_load *load)
{
	struct bench_trial *trial = &out->trials[out->trial_count++];
	*trial = bench_streams_trial(load);
	if (trial->held && trial->count > out->limit)
		out->limit = trial->count;
	return trial;
}

/* One more camera at a time, from those that were measured, until they do not hold; or one less
 * until they do. */
static int find_limit(const struct bench_args *args, const struct scene *scene, struct err *err,
	struct bench_streams *out)
{
	struct bench_load *load_of_it = calloc(1, sizeof(*load_of_it));
	if (!load_of_it)
		return err_set(err, -ENOMEM, "out of memory");
	int r = 0, step = note(out, &out->load)->held ? 1 : -1;
	for (int n = out->load.count + step; n >= 1 && n <= BENCH_STREAMS_MAX; n += step) {
		r = load(args, scene, n, SEARCH_S, err, load_of_it);
		if (r < 0 || load_of_it->interrupted)
			break;
		if (note(out, load_of_it)->held != (step > 0))
			break;
	}
	free(load_of_it);
	return r;
}

static int run(const struct bench_args *args, struct err *err, struct bench_streams *out)
{
	struct scene scene;
	scene_defaults(&scene);
	int r = args->model ? scene_set(&scene, "pipeline.detection_model_path", args->model, err)
			    : 0;
	if (r == 0)
		r = measure_decoder(args->video, err, out);
	if (r == 0)
		r = load(args, &scene, args->streams, args->seconds, err, &out->load);
	if (r == 0 && args->find_limit && !out->load.interrupted)
		r = find_limit(args, &scene, err, out);
	scene_free(&scene);
	return r;
}

/* The exit code. */
static int report(const struct bench_args *args, const struct bench_streams *out)
{
	struct json json = {0};
	int code = CLI_OK;
	bench_streams_json(out, &json);
	if (args->json)
		code = cli_write_json("-", &json);
	else
		bench_streams_print(out);
	if (code == CLI_OK && args->output)
		code = cli_write_json(args->output, &json);
	json_finish(&json);
	return code == CLI_OK ? cli_flush() : code;
}

int cli_bench_streams(int argc, char **argv)
{
	struct bench_args args = {.streams = 8, .seconds = 60, .model = getenv("MODEL_PATH")};
	char made[64] = "";
	struct err err = {0};
	struct arg_operands none;
	int code = args_read(&bench_table, argc, argv, &args, &none);
	if (code != ARGS_GO_ON)
		return code;
	if (!args.video) {
		int r = bench_video(SCENE_FRAMES, FPS, made, sizeof(made), &err);
		if (r < 0)
			return cli_fail(CLI_OUTPUT, &err);
		args.video = made;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	struct bench_streams *out = calloc(1, sizeof(*out));
	int r = out ? run(&args, &err, out) : err_set(&err, -ENOMEM, "out of memory");
	if (r == 0)
		code = report(&args, out);
	bool cut = out && out->load.interrupted;
	free(out);
	if (made[0])
		unlink(made);
	if (r < 0)
		return cli_fail(CLI_RUNTIME, &err);
	return cut ? CLI_INTERRUPTED : code;
}
