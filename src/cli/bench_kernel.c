/*
 * gantry bench kernel: the fused picture-to-tensor kernel against libswscale and a conversion.
 *
 * All ways make the same tensor of the same pictures, in turn, round after round in one process;
 * each round gives a ratio, and the medians are reported, so that a machine whose clock wanders
 * does not decide the result. Costs are CPU time. The pictures are cycled through, as a decoder
 * would, so that they do not all wait in the nearest cache.
 */
#include "av/scale_reference.h"
#include "base/json.h"
#include "base/random.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/cpu_time.h"
#include "cli/table.h"
#include "cli/values.h"
#include "pixel/letterbox.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICTURES 6
#define ROUNDS_MAX 99
#define MARK_RATIO 0.25

struct bench_args {
	const char *size, *tensor;
	int rounds;
	bool json;
};

static const struct arg arg_list[] = {
	{"size", 's', ARG_TEXT, offsetof(struct bench_args, size), "WxH",
		.help = "of the pictures (default 1920x1080)"},
	{"tensor", 't', ARG_TEXT, offsetof(struct bench_args, tensor), "WxH",
		.help = "of the tensor (default 416x416)"},
	{"rounds", 'r', ARG_INT, offsetof(struct bench_args, rounds), "N", .min = 1,
		.max = ROUNDS_MAX, .help = "how often everything is measured (default 15)"},
	{"json", 0, ARG_FLAG, offsetof(struct bench_args, json), .help = "JSON instead of a table"},
};

static const struct arg_table arg_table = {
	.about = "measure the picture-to-tensor kernel against libswscale and a conversion",
	.args = arg_list,
	.count = ARG_COUNT(arg_list),
	.more = "Exits with 1 where the best kernel takes more than a quarter of libswscale's "
		"time.\n",
};

/* One way to make the tensor: a kernel, or libswscale. */
struct way {
	const char *name;
	bool scaler;
	enum scale_method method;
	int passes; /* a round; the slow ones need fewer to be measured well */
	struct letterbox *letterbox;
	struct scale_reference *reference;
	double us[ROUNDS_MAX];
	double median_us;
	double ratio; /* to the first way; median of the rounds' own */
};

struct bench {
	const struct bench_args *args;
	int width_px, height_px, tensor_width_px, tensor_height_px;
	struct frame_pool *pool;
	struct frame *pictures[PICTURES];
	float *tensor;
	struct way ways[6];
	int way_count;
};

static bool parse_size(const char *text, int max, int *ret_width_px, int *ret_height_px)
{
	int n = 0;
	return sscanf(text, "%dx%d%n", ret_width_px, ret_height_px, &n) == 2 && text[n] == '\0' &&
	       *ret_width_px >= 1 && *ret_height_px >= 1 && *ret_width_px <= max &&
	       *ret_height_px <= max;
}

static int make_pictures(struct bench *b, struct err *err)
{
	int r = frame_pool_create(b->width_px, b->height_px, PICTURES, &b->pool);
	if (r < 0)
		return err_set(
			err, r, "no memory for pictures of %dx%d", b->width_px, b->height_px);
	for (int i = 0; i < PICTURES; i++) {
		struct frame *f = b->pictures[i] = frame_pool_get(b->pool);
		struct random random = random_at(1, (uint64_t)i, 0, 0);
		for (int p = 0; p < 3; p++) {
			int rows = p ? frame_chroma_height_px(f) : f->height_px;
			uint8_t *pixels = frame_writable(f, p);
			for (size_t k = 0; k < (size_t)rows * (size_t)f->stride_bytes[p]; k++)
				pixels[k] = (uint8_t)random_u64(&random);
		}
	}
	return 0;
}

static struct way *add_way(struct bench *b, const char *name, int passes)
{
	struct way *way = &b->ways[b->way_count++];
	*way = (struct way){.name = name, .passes = passes};
	return way;
}

/* The picture's size in the tensor, which is all that libswscale has to make. */
static void picture_size(const struct bench *b, int *ret_width_px, int *ret_height_px)
{
	double x = (double)b->tensor_width_px / b->width_px;
	double y = (double)b->tensor_height_px / b->height_px, least = x < y ? x : y;
	*ret_width_px = (int)(b->width_px * least + 0.5);
	*ret_height_px = (int)(b->height_px * least + 0.5);
	*ret_width_px += *ret_width_px < 1;
	*ret_height_px += *ret_height_px < 1;
}

static int add_scaler(struct bench *b, const char *name, enum scale_method method, struct err *err)
{
	int width_px, height_px;
	picture_size(b, &width_px, &height_px);
	struct way *way = add_way(b, name, 1);
	way->scaler = true;
	return scale_reference_create(
		b->pictures[0], width_px, height_px, method, err, &way->reference);
}

static int make_ways(struct bench *b, struct err *err)
{
	static const char *const kernels[] = {"c", "neon", "avx2", "avx512"};
	const struct letterbox_params params = {
		.width_px = b->tensor_width_px,
		.height_px = b->tensor_height_px,
		.fit = LETTERBOX_CORNER,
		.scale = {1 / 255.0f, 1 / 255.0f, 1 / 255.0f},
		.pad = 114,
	};
	int r = add_scaler(b, "libswscale bilinear + floats", SCALE_BILINEAR, err);
	if (r == 0)
		r = add_scaler(b, "libswscale fast_bilinear + floats", SCALE_FAST_BILINEAR, err);
	for (size_t k = 0; r == 0 && k < sizeof(kernels) / sizeof(kernels[0]); k++) {
		struct letterbox *letterbox;
		if (letterbox_create(&params, kernels[k], NULL, &letterbox) == 0)
			add_way(b, kernels[k], k == 0 ? 1 : 4)->letterbox = letterbox;
	}
	return r;
}

static int run_way(struct bench *b, struct way *way, struct err *err, double *ret_us)
{
	double begin = cpu_time_us(CLOCK_THREAD_CPUTIME_ID);
	int r = 0;
	for (int pass = 0; pass < way->passes; pass++)
		for (int i = 0; i < PICTURES && r == 0; i++) {
			if (way->scaler)
				scale_reference_run(way->reference, b->pictures[i], b->tensor);
			else
				r = letterbox_run(way->letterbox, b->pictures[i], b->tensor, err);
		}
	*ret_us = (cpu_time_us(CLOCK_THREAD_CPUTIME_ID) - begin) / (way->passes * PICTURES);
	return r;
}

static double median(const double *values, int count)
{
	double sorted[ROUNDS_MAX];
	memcpy(sorted, values, (size_t)count * sizeof(*values));
	return values_median(sorted, count);
}

static int measure(struct bench *b, struct err *err)
{
	/* Round -1 is for the caches and the first use of memory. */
	for (int round = -1; round < b->args->rounds; round++)
		for (int w = 0; w < b->way_count; w++) {
			double us;
			int r = run_way(b, &b->ways[w], err, &us);
			if (r < 0)
				return r;
			if (round >= 0)
				b->ways[w].us[round] = us;
		}
	for (int w = 0; w < b->way_count; w++) {
		struct way *way = &b->ways[w];
		double ratios[ROUNDS_MAX];
		for (int round = 0; round < b->args->rounds; round++)
			ratios[round] = way->us[round] / b->ways[0].us[round];
		way->ratio = median(ratios, b->args->rounds);
		way->median_us = median(way->us, b->args->rounds);
	}
	return 0;
}

static void print_table(const struct bench *b)
{
	static const struct table_column columns[] = {
		{"way", TABLE_LEFT}, {"us", TABLE_RIGHT}, {"ratio", TABLE_RIGHT}};
	struct table t;
	printf("%dx%d 4:2:0 to a %dx%d float tensor; medians of %d rounds, CPU time\n\n",
		b->width_px, b->height_px, b->tensor_width_px, b->tensor_height_px,
		b->args->rounds);
	table_init(&t, columns, 3);
	for (int w = 0; w < b->way_count; w++) {
		const struct way *way = &b->ways[w];
		table_cell(&t, way->scaler ? "%s" : "fused kernel, %s", way->name);
		table_cell(&t, "%.0f", way->median_us);
		table_cell(&t, "%.3f", way->ratio);
	}
	table_print(&t, stdout);
	table_finish(&t);
	printf("\nratio: to libswscale bilinear (median of rounds; %.2f is the mark for the best "
	       "kernel)\n",
		MARK_RATIO);
}

static void print_json(const struct bench *b)
{
	struct json j = {0};
	json_object(&j);
	json_member_int(&j, "width_px", b->width_px);
	json_member_int(&j, "height_px", b->height_px);
	json_member_int(&j, "tensor_width_px", b->tensor_width_px);
	json_member_int(&j, "tensor_height_px", b->tensor_height_px);
	json_member_int(&j, "rounds", b->args->rounds);
	json_key(&j, "ways");
	json_array(&j);
	for (int w = 0; w < b->way_count; w++) {
		const struct way *way = &b->ways[w];
		json_object(&j);
		json_member_string(&j, "name", way->name);
		json_member_real(&j, "us", way->median_us, 1);
		json_member_real(&j, "ratio", way->ratio, 4);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	json_raw(&j, "\n", 1);
	fwrite(j.text, 1, j.length, stdout);
	json_finish(&j);
}

static void bench_finish(struct bench *b)
{
	for (int w = 0; w < b->way_count; w++) {
		letterbox_destroy(&b->ways[w].letterbox);
		scale_reference_destroy(&b->ways[w].reference);
	}
	for (int i = 0; i < PICTURES; i++)
		frame_unref(&b->pictures[i]);
	frame_pool_destroy(&b->pool);
	free(b->tensor);
}

int cli_bench_kernel(int argc, char **argv)
{
	struct bench_args args = {.size = "1920x1080", .tensor = "416x416", .rounds = 15};
	struct bench b = {.args = &args};
	struct err err;
	struct arg_operands none;
	int code = args_read(&arg_table, argc, argv, &args, &none);
	if (code != ARGS_GO_ON)
		return code;
	if (!parse_size(args.size, FRAME_SIDE_MAX_PX, &b.width_px, &b.height_px) ||
		!parse_size(args.tensor, 4096, &b.tensor_width_px, &b.tensor_height_px))
		return cli_failf(CLI_USAGE, "a size is written WxH, such as 1920x1080");
	b.tensor = aligned_alloc(
		64, (12 * (size_t)b.tensor_width_px * (size_t)b.tensor_height_px + 63) / 64 * 64);
	int r = b.tensor ? make_pictures(&b, &err)
			 : err_set(&err, -ENOMEM, "no memory for a tensor");
	if (r == 0)
		r = make_ways(&b, &err);
	if (r == 0)
		r = measure(&b, &err);
	if (r < 0) {
		code = cli_fail(CLI_RUNTIME, &err);
	} else {
		(args.json ? print_json : print_table)(&b);
		code = cli_flush();
		if (code == CLI_OK && b.ways[b.way_count - 1].ratio > MARK_RATIO)
			code = CLI_FAILED;
	}
	bench_finish(&b);
	return code;
}
