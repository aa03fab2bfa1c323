/*
 * gantry bench pipeline: what the whole costs against what its parts cost alone.
 *
 * The parts are the decoder, the kernel that makes a tensor of a picture, and one ONNX Runtime
 * session, each measured by itself over the same video; the whole is decode, convert, detect,
 * track, measure and judge of every frame. All run on one core, in turn, round after round, in one
 * process, and the ratio of every round is taken, so that a machine whose clock wanders does not
 * decide the result. Costs are CPU time.
 */
#include "av/reader.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/bench_scene.h"
#include "cli/cli.h"
#include "cli/cpu_time.h"
#include "cli/table.h"
#include "cli/values.h"
#include "detect/model_size.h"
#include "detect/ort.h"
#include "ingest/source.h"
#include "pipeline/pipeline.h"
#include "pixel/letterbox.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS_MAX 99
#define SIDE_PX 416
#define STRIDE_PX 32

struct bench_args {
	const char *video, *model;
	int rounds, frames;
	bool json;
};

static const struct arg bench_arg_list[] = {
	{"video", 'v', ARG_TEXT, offsetof(struct bench_args, video), "FILE",
		.help = "what to analyse; default: the built-in scene, 1920x1080 H.264"},
	{"model", 'm', ARG_TEXT, offsetof(struct bench_args, model), "MODEL.onnx",
		.help = "a 416x416 network such as yolox_nano; default: $MODEL_PATH"},
	{"rounds", 'r', ARG_INT, offsetof(struct bench_args, rounds), "N", .min = 1,
		.max = ROUNDS_MAX, .help = "how often everything is measured; 5"},
	{"frames", 'n', ARG_INT, offsetof(struct bench_args, frames), "N", .min = 10, .max = 10000,
		.help = "frames a round; 100"},
	{"json", 0, ARG_FLAG, offsetof(struct bench_args, json), .help = "JSON instead of tables"},
};
static const struct arg_table bench_table = {
	.about = "measure the pipeline against its parts alone",
	.args = bench_arg_list,
	.count = ARG_COUNT(bench_arg_list),
};

/* One round, microseconds of CPU a frame. */
struct round {
	double decode_us, kernel_us, session_us, whole_us;
};

struct result {
	struct round rounds[ROUNDS_MAX];
	int round_count;
	struct bench_stages stages;
	int width_px, height_px;
	char codec[32];
	double peak_mib; /* of a process that analyses this one stream; 0: not measured */
};

static void stay_on_one_core(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Reads at most `count` frames, each to `use`, if any. How many there were, or an error. */
static int read_frames(const char *path, int count, struct err *err,
	int (*use)(void *opaque, const struct frame *frame, struct err *err), void *opaque)
{
	struct source *source;
	struct frame *frame;
	int done = 0;
	int r = source_open(&(struct source_params){.url = path}, err, &source);
	if (r < 0)
		return r;
	while (done < count && (r = source_read(source, err, &frame)) == FLOW_MORE) {
		r = use ? use(opaque, frame, err) : 0;
		frame_unref(&frame);
		if (r < 0)
			break;
		done++;
	}
	source_close(&source);
	return r < 0 ? r : done;
}

static int measure_decode(const struct bench_args *args, struct err *err, double *ret_us)
{
	double begin = cpu_time_us(CLOCK_PROCESS_CPUTIME_ID);
	int r = read_frames(args->video, args->frames, err, NULL, NULL);
	*ret_us = (cpu_time_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / args->frames;
	return r < 0 ? r : 0;
}

struct parts {
	struct frame *frame; /* one decoded picture */
	struct letterbox *letterbox;
	struct ort *ort;
	struct ort_binding *binding;
};

static int keep_first(void *opaque, const struct frame *frame, struct err *err)
{
	struct parts *parts = opaque;
	(void)err;
	if (!parts->frame)
		parts->frame = frame_ref((struct frame *)(uintptr_t)frame);
	return 0;
}

/* As the detector opens it: the network's size is left open, so that padding costs little. */
static int open_network(struct parts *parts, const char *path, int height_px, struct err *err)
{
	uint8_t *model = NULL;
	size_t size = 0;
	int r = model_size_open_file(path, &model, &size);
	if (r < 0)
		return err_set(err, r, "%s: is no network for pictures of a fixed size", path);
	r = ort_open(path, &(struct ort_params){.threads = 1, .model = model, .model_size = size},
		err, &parts->ort);
	free(model);
	if (r == 0)
		r = ort_bind(parts->ort, (int64_t[]){1, 3, height_px, SIDE_PX}, (int[]){0}, 1, err,
			&parts->binding);
	return r;
}

static int parts_init(struct parts *parts, const struct bench_args *args, struct err *err)
{
	int r = read_frames(args->video, 1, err, keep_first, parts);
	if (r != 1)
		return r;
	const struct frame *frame = parts->frame;
	double strides = (double)SIDE_PX / STRIDE_PX * frame->height_px / frame->width_px;
	struct letterbox_params tensor = {
		.width_px = SIDE_PX,
		.height_px = STRIDE_PX * (int)ceil(fmin(strides, SIDE_PX / STRIDE_PX)),
		.fit = LETTERBOX_CORNER,
		.bgr = true,
		.scale = {1, 1, 1},
		.pad = 114,
	};
	r = letterbox_create(&tensor, NULL, err, &parts->letterbox);
	return r == 0 ? open_network(parts, args->model, tensor.height_px, err) : r;
}

static void parts_finish(struct parts *parts)
{
	frame_unref(&parts->frame);
	letterbox_destroy(&parts->letterbox);
	ort_unbind(&parts->binding);
	ort_close(&parts->ort);
}

static int measure_parts(
	struct parts *parts, const struct bench_args *args, struct err *err, struct round *round)
{
	void *tensor = ort_input_data(parts->binding);
	int r = 0;
	double begin = cpu_time_us(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < args->frames && r == 0; i++)
		r = letterbox_run(parts->letterbox, parts->frame, tensor, err);
	round->kernel_us = (cpu_time_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / args->frames;
	begin = cpu_time_us(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < args->frames && r == 0; i++)
		r = ort_run(parts->binding, err);
	round->session_us = (cpu_time_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / args->frames;
	return r;
}

struct whole {
	struct scene scene;
	struct pipeline *pipeline;
};

static int step_whole(void *opaque, const struct frame *frame, struct err *err)
{
	const struct pipeline_result *result;
	return pipeline_step(((struct whole *)opaque)->pipeline, frame, err, &result);
}

static int measure_whole(
	const struct bench_args *args, const struct frame *size, struct err *err, double *ret_us)
{
	struct whole whole = {0};
	scene_defaults(&whole.scene);
	int r = scene_set(&whole.scene, "pipeline.detection_model_path", args->model, err);
	if (r == 0)
		r = pipeline_create(
			&whole.scene, size->width_px, size->height_px, err, NULL, &whole.pipeline);
	double begin = cpu_time_us(CLOCK_PROCESS_CPUTIME_ID);
	if (r == 0)
		r = read_frames(args->video, args->frames, err, step_whole, &whole);
	*ret_us = (cpu_time_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / args->frames;
	pipeline_destroy(&whole.pipeline);
	scene_free(&whole.scene);
	return r < 0 ? r : 0;
}

static int measure_rounds(const struct bench_args *args, struct err *err, struct result *result)
{
	struct parts parts = {0};
	int r = parts_init(&parts, args, err);
	for (int i = 0; i < args->rounds && r == 0; i++) {
		struct round *round = &result->rounds[i];
		r = measure_decode(args, err, &round->decode_us);
		if (r == 0)
			r = measure_parts(&parts, args, err, round);
		if (r == 0)
			r = measure_whole(args, parts.frame, err, &round->whole_us);
		result->round_count = i + 1;
	}
	if (r == 0)
		r = bench_stages(err, &result->stages);
	if (r == 0) {
		result->width_px = parts.frame->width_px;
		result->height_px = parts.frame->height_px;
	}
	parts_finish(&parts);
	return r;
}

/* Peak memory of a process of its own that does nothing but analyse the video. */
static double measure_peak_mib(const struct bench_args *args)
{
	struct rusage usage;
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		char self[4096] = {0};
		ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
		if (n > 0)
			execl(self, self, "run", "-q", "--no-progress", "-m", args->model,
				args->video, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || status != 0)
		return 0;
	return (double)usage.ru_maxrss / 1024;
}

/* Medians over the rounds, and the median of the rounds' own ratios. */
struct medians {
	struct round cost;
	double ratio;
};

static struct medians medians(const struct result *result)
{
	double values[5][ROUNDS_MAX];
	int n = result->round_count;
	for (int i = 0; i < n; i++) {
		const struct round *r = &result->rounds[i];
		values[0][i] = r->decode_us;
		values[1][i] = r->kernel_us;
		values[2][i] = r->session_us;
		values[3][i] = r->whole_us;
		values[4][i] = (r->decode_us + r->kernel_us + r->session_us) / r->whole_us;
	}
	return (struct medians){
		.cost = {values_median(values[0], n), values_median(values[1], n),
			values_median(values[2], n), values_median(values[3], n)},
		.ratio = values_median(values[4], n),
	};
}

static void row(struct table *t, const char *name, double us)
{
	table_cell(t, "%s", name);
	table_cell(t, "%.1f", us);
	table_cell(t, "%.1f", us > 0 ? 1e6 / us : 0);
}

static void print_tables(const struct bench_args *args, const struct result *result)
{
	static const struct table_column columns[] = {{"on one core", TABLE_LEFT},
		{"us a frame", TABLE_RIGHT}, {"frames/s", TABLE_RIGHT}};
	struct medians m = medians(result);
	double sum = m.cost.decode_us + m.cost.kernel_us + m.cost.session_us;
	struct table t;
	printf("%s, %dx%d, %s\nmedians of %d rounds of %d frames, CPU time\n\n", args->video,
		result->width_px, result->height_px, args->model, result->round_count,
		args->frames);
	table_init(&t, columns, 3);
	row(&t, "decoder alone", m.cost.decode_us);
	row(&t, "tensor kernel alone", m.cost.kernel_us);
	row(&t, "ONNX Runtime session alone", m.cost.session_us);
	table_rule(&t);
	row(&t, "what these allow", sum);
	row(&t, "the whole pipeline", m.cost.whole_us);
	table_print(&t, stdout);
	table_finish(&t);
	printf("\nratio: %.3f of what the parts allow (median of rounds; 0.90 is the mark)\n",
		m.ratio);
	const struct bench_stages *stages = &result->stages;
	printf("track + measure + judge at %d road users: %.1f + %.1f + %.1f = %.1f us a frame (50 "
	       "is "
	       "the mark)\n"
	       "  each frame's least of %d laps; the middle lap took %.1f us, with what else runs "
	       "here\n",
		BENCH_ROAD_USERS, stages->track_us, stages->measure_us, stages->judge_us,
		bench_stages_total_us(stages), stages->lap_count, stages->middle_lap_us);
	if (result->peak_mib > 0)
		printf("peak memory of one stream: %.0f MiB (200 MB is the mark)\n",
			result->peak_mib);
}

static void print_json(const struct bench_args *args, const struct result *result)
{
	struct medians m = medians(result);
	struct json j = {0};
	json_object(&j);
	json_member_string(&j, "video", args->video);
	json_member_string(&j, "model", args->model);
	json_member_int(&j, "width_px", result->width_px);
	json_member_int(&j, "height_px", result->height_px);
	json_member_int(&j, "rounds", result->round_count);
	json_member_real(&j, "decode_us", m.cost.decode_us, 1);
	json_member_real(&j, "kernel_us", m.cost.kernel_us, 1);
	json_member_real(&j, "session_us", m.cost.session_us, 1);
	json_member_real(&j, "whole_us", m.cost.whole_us, 1);
	json_member_real(&j, "ratio", m.ratio, 4);
	json_member_int(&j, "road_users", BENCH_ROAD_USERS);
	json_member_real(&j, "track_us", result->stages.track_us, 2);
	json_member_real(&j, "measure_us", result->stages.measure_us, 2);
	json_member_real(&j, "judge_us", result->stages.judge_us, 2);
	json_member_int(&j, "stages_laps", result->stages.lap_count);
	json_member_real(&j, "stages_middle_lap_us", result->stages.middle_lap_us, 2);
	json_member_real(&j, "peak_mib", result->peak_mib, 1);
	json_object_end(&j);
	json_raw(&j, "\n", 1);
	fwrite(j.text, 1, j.length, stdout);
	json_finish(&j);
}

static int measure_all(struct bench_args *args, struct err *err, struct result *result)
{
	int r = read_frames(args->video, args->frames, err, NULL, NULL);
	if (r < 0)
		return r;
	args->frames = r; /* where the video is shorter */
	/* Before the process is tied to a core: the other one inherits. */
	result->peak_mib = measure_peak_mib(args);
	stay_on_one_core();
	return measure_rounds(args, err, result);
}

int cli_bench_pipeline(int argc, char **argv)
{
	struct bench_args args = {.rounds = 5, .frames = 100, .model = getenv("MODEL_PATH")};
	char made[64] = "";
	struct err err = {0};
	struct arg_operands none;
	int code = args_read(&bench_table, argc, argv, &args, &none);
	if (code != ARGS_GO_ON)
		return code;
	if (!args.model)
		return cli_failf(CLI_USAGE, "bench pipeline needs a model: --model or MODEL_PATH");
	if (!args.video) {
		int r = bench_video(args.frames, 0, made, sizeof(made), &err);
		if (r < 0)
			return cli_fail(CLI_OUTPUT, &err);
		args.video = made;
	}
	struct result *result = calloc(1, sizeof(*result));
	int r = result ? measure_all(&args, &err, result) : err_set(&err, -ENOMEM, "out of memory");
	if (r == 0 && args.json)
		print_json(&args, result);
	else if (r == 0)
		print_tables(&args, result);
	free(result);
	if (made[0])
		unlink(made);
	return r < 0 ? cli_fail(CLI_RUNTIME, &err) : cli_flush();
}
