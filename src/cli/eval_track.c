/*
 * gantry eval track: scores a tracker's result against truth, or runs our own tracker over the
 * detections of a benchmark and scores that.
 */
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/cpu_time.h"
#include "cli/table.h"
#include "eval/dataset.h"
#include "eval/trackplot.h"
#include "eval/trackscore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct track_args {
	const char *truth, *result, *info, *target;
	const char *dataset, *directory, *detections, *write;
	const char *json, *plot;
	struct arg_texts set;
	int every;
	bool half_rate, all_tracks;
};

static const struct arg arg_list[] = {
	{"truth", 't', ARG_TEXT, offsetof(struct track_args, truth), "FILE",
		.help = "what really was there: MOTChallenge, KITTI or a truth file of Gantry"},
	{"result", 'r', ARG_TEXT, offsetof(struct track_args, result), "FILE",
		.help = "what a tracker wrote, in the same format or MOTChallenge"},
	{"info", 0, ARG_TEXT, offsetof(struct track_args, info), "FILE",
		.help = "the sequence's seqinfo.ini (default: its length is that of the truth)"},
	{"class", 0, ARG_TEXT, offsetof(struct track_args, target), "NAME",
		.help = "the type that is scored in KITTI files (default Car)"},
	{"dataset", 0, ARG_TEXT, offsetof(struct track_args, dataset), "KIND",
		.help = "instead of truth and result: run our tracker; kitti, mot15 or aicity"},
	{"directory", 'd', ARG_TEXT, offsetof(struct track_args, directory), "DIR",
		.help = "where the dataset lies"},
	{"detections", 0, ARG_TEXT, offsetof(struct track_args, detections), "NAME",
		.help = "whose detections; aicity has ssd (default), yolo and mog"},
	{"set", 's', ARG_TEXTS, offsetof(struct track_args, set), "NAME=VALUE",
		.help = "a parameter of the tracker; again for more (default: as everywhere)"},
	{"every", 0, ARG_INT, offsetof(struct track_args, every), "N", .min = 1, .max = 1000,
		.help = "look at every N-th frame only (default 1)"},
	{"half-rate", 0, ARG_FLAG, offsetof(struct track_args, half_rate),
		.help = "the same as --every 2"},
	{"all-tracks", 0, ARG_FLAG, offsetof(struct track_args, all_tracks),
		.help = "aicity: score parked vehicles, too, though the truth leaves them out"},
	{"write", 'w', ARG_TEXT, offsetof(struct track_args, write), "DIR",
		.help = "write our tracker's results there, in MOTChallenge's format"},
	{"json", 0, ARG_TEXT, offsetof(struct track_args, json), "FILE",
		.help = "the scores as JSON, too; - for standard output instead of the table"},
	{"plot", 0, ARG_TEXT, offsetof(struct track_args, plot), "FILE",
		.help = "HOTA over the overlap asked for, as SVG"},
};

static const struct arg_table arg_table = {
	.about = "score tracks against truth (HOTA, MOTA, IDF1 as TrackEval computes them)",
	.args = arg_list,
	.count = ARG_COUNT(arg_list),
	.more = "examples:\n"
		"  gantry eval track --truth gt.txt --result mine.txt --info seqinfo.ini\n"
		"  gantry eval track --dataset kitti --directory kitti_car --half-rate\n"
		"  gantry eval track --dataset aicity -d aicity_s03 --detections yolo --json -\n",
};

static const struct table_column columns[] = {
	{"sequence", TABLE_LEFT},
	{"HOTA", TABLE_RIGHT},
	{"DetA", TABLE_RIGHT},
	{"AssA", TABLE_RIGHT},
	{"LocA", TABLE_RIGHT},
	{"MOTA", TABLE_RIGHT},
	{"MOTP", TABLE_RIGHT},
	{"IDF1", TABLE_RIGHT},
	{"IDSW", TABLE_RIGHT},
	{"Frag", TABLE_RIGHT},
	{"IDs", TABLE_RIGHT},
	{"MT", TABLE_RIGHT},
	{"PT", TABLE_RIGHT},
	{"ML", TABLE_RIGHT},
	{"FN", TABLE_RIGHT},
	{"FP", TABLE_RIGHT},
};

static void add_row(struct table *table, const char *name, const struct trackscore *score)
{
	struct hota h = hota_score(&score->hota);
	const struct clear_sums *sums = &score->clear;
	struct clear c = clear_score(sums);
	const double percent[] = {h.hota, h.deta, h.assa, h.loca, c.mota, c.motp,
		identity_score(&score->identity).f1};
	const double counts[] = {sums->switches, sums->fragments, score->result_ids,
		sums->mostly_tracked, sums->partly_tracked, sums->mostly_lost, sums->fn, sums->fp};
	table_cell(table, "%s", name);
	for (int i = 0; i < (int)(sizeof(percent) / sizeof(*percent)); i++)
		table_cell(table, "%.3f", 100 * percent[i]);
	for (int i = 0; i < (int)(sizeof(counts) / sizeof(*counts)); i++)
		table_cell(table, "%.0f", counts[i]);
}

/* The scores of all sequences so far. */
struct report {
	const struct track_args *args;
	struct json json;
	struct table table;
	struct trackscore sum;
	struct trackplot *plot;
	int count;
	int64_t frame_count;
	double tracking_s;
};

static int report_begin(struct report *r, const struct track_args *args, struct err *err)
{
	*r = (struct report){.args = args};
	table_init(&r->table, columns, (int)(sizeof(columns) / sizeof(*columns)));
	if (args->plot && trackplot_create(&r->plot) < 0)
		return err_set(err, -ENOMEM, "no memory for the plot");
	json_object(&r->json);
	json_key(&r->json, "sequences");
	json_array(&r->json);
	return 0;
}

static int report_add(
	struct report *r, const char *name, const struct trackscore *score, struct err *err)
{
	add_row(&r->table, name, score);
	trackscore_json(&r->json, name, score);
	trackscore_add(&r->sum, score);
	r->count++;
	if (r->plot && trackplot_add(r->plot, name, score) < 0)
		return err_set(err, -ENOMEM, "no memory for the plot");
	return 0;
}

static void print_table(struct report *r)
{
	if (r->count > 1) {
		table_rule(&r->table);
		add_row(&r->table, "combined", &r->sum);
	}
	table_print(&r->table, stdout);
	if (r->tracking_s > 0)
		printf("\n%lld frames tracked in %.3f s: %.0f frames/s on one core\n",
			(long long)r->frame_count, r->tracking_s,
			(double)r->frame_count / r->tracking_s);
}

static int write_plot(struct report *r)
{
	const char *svg;
	size_t length;
	if ((r->count > 1 && trackplot_add(r->plot, "combined", &r->sum) < 0) ||
		trackplot_svg(r->plot, &svg, &length) < 0)
		return cli_failf(CLI_RUNTIME, "no memory for the plot");
	return cli_write_text(r->args->plot, svg, length);
}

static int report_end(struct report *r)
{
	int code = CLI_OK;
	json_array_end(&r->json);
	json_key(&r->json, "combined");
	trackscore_json(&r->json, "combined", &r->sum);
	json_object_end(&r->json);
	json_raw(&r->json, "\n", 1);
	if (r->json.failed)
		return cli_failf(CLI_RUNTIME, "no memory for the report");
	if (!r->args->json || strcmp(r->args->json, "-") != 0)
		print_table(r);
	if (r->args->json)
		code = cli_write_text(r->args->json, r->json.text, r->json.length);
	if (r->args->plot && code == CLI_OK)
		code = write_plot(r);
	return code == CLI_OK ? cli_flush() : code;
}

static void report_finish(struct report *r)
{
	json_finish(&r->json);
	table_finish(&r->table);
	trackplot_destroy(&r->plot);
}

/* Truth and result as files. */
static int score_files(const struct track_args *args, struct report *report, struct err *err)
{
	struct mot *truth = NULL, *result = NULL;
	struct mot_info info = {0};
	struct pairs *pairs = NULL;
	struct trackscore score;
	int rc = mot_load(args->truth, MOT_FORMAT_AUTO, args->target, err, &truth);
	if (rc == 0)
		rc = mot_load(args->result, MOT_FORMAT_AUTO, args->target, err, &result);
	if (rc == 0 && args->info)
		rc = mot_info_load(args->info, err, &info);
	struct pairs_options options = {.frame_count = info.frame_count, .frame_step = args->every};
	if (rc == 0) {
		options.first_frame = truth->format == MOT_FORMAT_CHALLENGE ? 1 : 0;
		options.forgive = truth->format != MOT_FORMAT_CHALLENGE;
		options.kitti_sizes = truth->format == MOT_FORMAT_KITTI;
		rc = pairs_create(truth, result, &options, err, &pairs);
		if (rc < 0)
			err_prefix(err, rc, "%s", args->result);
	}
	if (rc == 0 && (rc = trackscore_count(pairs, &score)) < 0)
		err_set(err, rc, "no memory for the scores");
	if (rc == 0)
		rc = report_add(
			report, info.name[0] ? info.name : basename(args->result), &score, err);
	pairs_destroy(&pairs);
	mot_free(&truth);
	mot_free(&result);
	return rc;
}

static int write_result(
	const char *directory, const char *name, const struct mot *result, struct err *err)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s.txt", directory, name);
	FILE *file = fopen(path, "we");
	if (!file)
		return err_set(err, -errno, "%s: cannot be written: %s", path, strerror(errno));
	bool failed = mot_write(file, result) < 0;
	failed |= fclose(file) != 0;
	return failed ? err_set(err, -EIO, "%s: cannot be written", path) : 0;
}

static int score_sequence(const struct track_args *args, const struct tracker_params *params,
	const struct dataset *dataset, const struct sequence *s, struct report *report,
	struct err *err)
{
	struct mot *result = NULL;
	struct pairs *pairs = NULL;
	struct trackscore score;
	struct replay_options replay = {
		.fps = s->info.fps,
		.first_frame = s->first_frame,
		.frame_count = s->info.frame_count,
		.frame_step = args->every,
		.width_px = s->info.width_px,
		.height_px = s->info.height_px,
		.scores = dataset->detector->scores,
		.road_user = dataset->detector->road_user,
		.moving_only = dataset->kind->moving_only && !args->all_tracks,
	};
	struct pairs_options options = {
		.first_frame = s->first_frame,
		.frame_count = s->info.frame_count,
		.frame_step = args->every,
		.forgive = dataset->kind->kitti,
		.kitti_sizes = dataset->kind->kitti,
	};
	double begin_us = cpu_time_us(CLOCK_THREAD_CPUTIME_ID);
	int rc = replay_run(params, s->detections, &replay, err, &result);
	report->tracking_s += (cpu_time_us(CLOCK_THREAD_CPUTIME_ID) - begin_us) * 1e-6;
	report->frame_count += s->info.frame_count / args->every;
	if (rc == 0 && args->write)
		rc = write_result(args->write, s->name, result, err);
	if (rc == 0)
		rc = pairs_create(s->truth, result, &options, err, &pairs);
	if (rc == 0 && (rc = trackscore_count(pairs, &score)) < 0)
		err_set(err, rc, "no memory for the scores");
	if (rc == 0)
		rc = report_add(report, s->name, &score, err);
	pairs_destroy(&pairs);
	mot_free(&result);
	return rc;
}

static int set_params(const struct track_args *args, struct tracker_params *params, struct err *err)
{
	options_defaults(&tracker_options, params);
	for (int i = 0; i < args->set.count; i++) {
		char name[64];
		const char *equals = strchr(args->set.items[i], '=');
		if (!equals || equals - args->set.items[i] >= (int)sizeof(name))
			return err_set(
				err, -EINVAL, "--set %s: must be NAME=VALUE", args->set.items[i]);
		snprintf(name, sizeof(name), "%.*s", (int)(equals - args->set.items[i]),
			args->set.items[i]);
		int rc = options_set(&tracker_options, params, name, equals + 1, err);
		if (rc < 0)
			return err_prefix(err, rc, "--set");
	}
	return 0;
}

static int score_dataset(const struct track_args *args, struct report *report, struct err *err)
{
	struct dataset *d = NULL;
	struct tracker_params params;
	int rc = set_params(args, &params, err);
	if (rc < 0)
		return rc;
	if (args->write && mkdir(args->write, 0777) < 0 && errno != EEXIST)
		return err_set(err, -errno, "%s: cannot be made: %s", args->write, strerror(errno));
	rc = dataset_load(args->dataset, args->directory, args->detections, err, &d);
	for (int i = 0; rc == 0 && i < d->count; i++)
		rc = score_sequence(args, &params, d, &d->sequences[i], report, err);
	dataset_free(&d);
	return rc;
}

/* NULL where the options make sense together. */
static const char *contradiction(const struct track_args *args)
{
	bool files = args->truth && args->result;
	if ((args->truth || args->result) && args->dataset)
		return "--dataset runs our own tracker; it takes no --truth and no --result";
	if (args->dataset && !args->directory)
		return "--dataset needs --directory";
	if (!args->dataset && !files)
		return "give --truth and --result, or --dataset and --directory";
	return NULL;
}

int cli_eval_track(int argc, char **argv)
{
	struct track_args args = {.target = "Car", .every = 1};
	struct report report = {0};
	struct err err = {""};
	int code = args_read(&arg_table, argc, argv, &args, NULL);
	if (code != ARGS_GO_ON)
		return code;
	const char *wrong = contradiction(&args);
	if (wrong)
		return cli_failf(CLI_USAGE, "%s", wrong);
	if (args.half_rate)
		args.every = 2;
	int rc = report_begin(&report, &args, &err);
	if (rc == 0)
		rc = args.dataset ? score_dataset(&args, &report, &err)
				  : score_files(&args, &report, &err);
	code = rc < 0 ? cli_fail(rc == -ENOMEM ? CLI_RUNTIME : CLI_DATA, &err)
		      : report_end(&report);
	report_finish(&report);
	return code;
}
