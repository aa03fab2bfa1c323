/*
 * gantry bench sim: what a simulated frame costs on one core, drawn and encoded.
 *
 * CPU time of the whole process, encoder with one thread; the backdrop, which is drawn once for a
 * world, is counted apart. Real time at 30 frames a second leaves 33.3 ms a frame.
 */
#include "av/writer.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/cpu_time.h"
#include "cli/table.h"
#include "sim/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL_TIME_FPS 30.0

struct bench_args {
	const char *world;
	int frames;
	bool json;
};

static const struct arg arg_list[] = {
	{"world", 'w', ARG_TEXT, offsetof(struct bench_args, world), "WORLD.yaml",
		.help = "what to draw; default: the built-in world at 1920x1080, 30 frames/s"},
	{"frames", 'n', ARG_INT, offsetof(struct bench_args, frames), "N", .min = 10, .max = 10000,
		.help = "how many frames (default 150)"},
	{"json", 0, ARG_FLAG, offsetof(struct bench_args, json), .help = "JSON instead of a table"},
};

static const struct arg_table arg_table = {
	.about = "measure the simulator: what a frame costs on one core",
	.args = arg_list,
	.count = ARG_COUNT(arg_list),
	.more = "Exits with 1 where drawing and encoding together are slower than 30 frames a "
		"second.\n",
};

struct result {
	int frames, width_px, height_px;
	double begin_us; /* once for a world */
	double draw_us, encode_us; /* a frame */
};

static int load(const struct bench_args *args, struct sim_params *params, struct err *err)
{
	if (args->world) {
		struct problems problems = {.file = args->world};
		int r = sim_params_load(args->world, params, &problems, err);
		if (r < 0 && problems.count > 0)
			err_set(err, r, "%s: %s: %s", args->world, problems.items[0].path,
				problems.items[0].text);
		problems_finish(&problems);
		return r;
	}
	int r = sim_params_builtin(params, err);
	if (r < 0)
		return r;
	params->camera.focal_px *= 1920.0 / params->video.width_px;
	params->video.width_px = 1920;
	params->video.height_px = 1080;
	params->video.fps = REAL_TIME_FPS;
	return 0;
}

static int draw_frames(struct sim *sim, struct av_writer *video, int count, double *since,
	struct result *result, struct err *err)
{
	int r = FLOW_MORE;
	while (result->frames < count) {
		struct frame *frame;
		struct sim_truth truth;
		r = sim_step(sim, err, &frame, &truth);
		result->draw_us += cpu_time_lap_us(CLOCK_PROCESS_CPUTIME_ID, since);
		if (r != FLOW_MORE)
			break;
		r = av_writer_write(video, frame, err);
		frame_unref(&frame);
		result->encode_us += cpu_time_lap_us(CLOCK_PROCESS_CPUTIME_ID, since);
		if (r < 0)
			return r;
		result->frames++;
	}
	return r < 0 ? r : 0;
}

static int measure(const struct sim_params *params, const char *path, int count,
	struct result *result, struct err *err)
{
	static const char *const codecs[] = {"h264", "hevc"};
	const struct sim_video_params *v = &params->video;
	struct av_writer_params writer = {.codec = codecs[v->codec],
		.crf = v->crf,
		.bitrate_bps = v->bitrate_kbps * 1000,
		.gop_frames = v->gop_frames,
		.thread_count = 1,
		.fps = v->fps};
	struct sim *sim = NULL;
	struct av_writer *video = NULL;
	double since = cpu_time_us(CLOCK_PROCESS_CPUTIME_ID);
	int r = sim_create(params, err, &sim);
	result->begin_us = cpu_time_lap_us(CLOCK_PROCESS_CPUTIME_ID, &since);
	result->width_px = v->width_px;
	result->height_px = v->height_px;
	if (r == 0)
		r = av_writer_open(path, v->width_px, v->height_px, &writer, err, &video);
	if (r == 0)
		r = draw_frames(sim, video, count, &since, result, err);
	if (video) {
		int closed = av_writer_close(&video, r < 0 ? NULL : err);
		r = r < 0 ? r : closed;
	}
	result->encode_us += cpu_time_lap_us(CLOCK_PROCESS_CPUTIME_ID, &since);
	sim_destroy(&sim);
	if (result->frames > 0) {
		result->draw_us /= result->frames;
		result->encode_us /= result->frames;
	}
	return r;
}

static double frame_us(const struct result *result)
{
	return result->draw_us + result->encode_us;
}

static void row(struct table *t, const char *what, double us)
{
	table_cell(t, "%s", what);
	table_cell(t, "%.2f ms", us * 1e-3);
	table_cell(t, "%.0f", us > 0 ? 1e6 / us : 0);
}

static void print_table(const struct result *result)
{
	static const struct table_column columns[] = {
		{"on one core", TABLE_LEFT}, {"a frame", TABLE_RIGHT}, {"frames/s", TABLE_RIGHT}};
	struct table t;
	printf("%dx%d, %d frames, CPU time\n\n", result->width_px, result->height_px,
		result->frames);
	table_init(&t, columns, 3);
	row(&t, "drawn", result->draw_us);
	row(&t, "encoded", result->encode_us);
	table_rule(&t);
	row(&t, "both", frame_us(result));
	table_print(&t, stdout);
	table_finish(&t);
	printf("\n%.0f ms once for the backdrop; 30 frames/s is the mark\n",
		result->begin_us * 1e-3);
}

static void print_json(const struct result *result)
{
	struct json j = {0};
	json_object(&j);
	json_member_int(&j, "width_px", result->width_px);
	json_member_int(&j, "height_px", result->height_px);
	json_member_int(&j, "frames", result->frames);
	json_member_real(&j, "begin_us", result->begin_us, 1);
	json_member_real(&j, "draw_us", result->draw_us, 1);
	json_member_real(&j, "encode_us", result->encode_us, 1);
	json_member_real(&j, "frames_per_s", 1e6 / frame_us(result), 2);
	json_object_end(&j);
	json_raw(&j, "\n", 1);
	fwrite(j.text, 1, j.length, stdout);
	json_finish(&j);
}

int cli_bench_sim(int argc, char **argv)
{
	struct bench_args args = {.frames = 150};
	struct sim_params params = {0};
	struct result result = {0};
	struct err err = {0};
	char path[] = "/tmp/gantry-sim-XXXXXX.mp4";
	int code = args_read(&arg_table, argc, argv, &args, NULL);
	if (code != ARGS_GO_ON)
		return code;
	int r = load(&args, &params, &err);
	if (r < 0) {
		sim_params_finish(&params);
		return cli_fail(CLI_CONFIG, &err);
	}
	int fd = mkstemps(path, 4);
	r = fd < 0 ? err_set(&err, -EIO, "%s: cannot be made", path)
		   : measure(&params, path, args.frames, &result, &err);
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	sim_params_finish(&params);
	if (r < 0)
		return cli_fail(fd < 0 ? CLI_OUTPUT : CLI_RUNTIME, &err);
	if (args.json)
		print_json(&result);
	else
		print_table(&result);
	code = cli_flush();
	return code == CLI_OK && frame_us(&result) > 1e6 / REAL_TIME_FPS ? CLI_FAILED : code;
}
