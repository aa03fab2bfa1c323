/*
 * gantry eval speed: errors of measured speeds, and whether their intervals hold; of our own runs
 * against truth files, or on BrnoCompSpeed.
 */
#include "base/json.h"
#include "base/units.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/eval_brno.h"
#include "cli/table.h"
#include "eval/barplot.h"
#include "eval/truespeed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct speed_args {
	struct arg_texts truth, result;
	const char *brno, *json, *plot;
	bool list;
	double max_median_kmh, max_p95_kmh, min_coverage;
};

static const struct arg arg_list[] = {
	{"truth", 't', ARG_TEXTS, offsetof(struct speed_args, truth), "FILE",
		.help = "truth file (docs/truth.md); again for more scenes"},
	{"result", 'r', ARG_TEXTS, offsetof(struct speed_args, result), "FILE",
		.help = "events or CSV of the run over the same scene, in the same order"},
	{"brno", 0, ARG_TEXT, offsetof(struct speed_args, brno), "DIR",
		.help = "instead: BrnoCompSpeed's official protocol, and our own calibration and "
			"speeds"},
	{"list", 'l', ARG_FLAG, offsetof(struct speed_args, list),
		.help = "every vehicle, or every video of BrnoCompSpeed"},
	{"json", 0, ARG_TEXT, offsetof(struct speed_args, json), "FILE",
		.help = "the result as JSON, too; - for standard output instead of the table"},
	{"plot", 0, ARG_TEXT, offsetof(struct speed_args, plot), "FILE.svg",
		.help = "how many speeds are how far off, as a picture; not with --brno"},
	{"max-median", 0, ARG_REAL, offsetof(struct speed_args, max_median_kmh), "KMH", .min = 0,
		.max = 1000, .help = "exit with 1 above that median error"},
	{"max-p95", 0, ARG_REAL, offsetof(struct speed_args, max_p95_kmh), "KMH", .min = 0,
		.max = 1000, .help = "exit with 1 above that 95th percentile"},
	{"min-coverage", 0, ARG_REAL, offsetof(struct speed_args, min_coverage), "RATIO", .min = 0,
		.max = 1, .help = "exit with 1 where fewer of the 95 % intervals hold"},
};

static const struct arg_table arg_table = {
	.about = "score measured speeds against the truth: errors, bias, intervals, refusals",
	.args = arg_list,
	.count = ARG_COUNT(arg_list),
	.more = "examples:\n"
		"  gantry sim builtin -o out\n"
		"  gantry run out/video.mp4 -c out/scene.yaml --events out/events.jsonl\n"
		"  gantry eval speed --truth out/truth.jsonl --result out/events.jsonl --list\n"
		"  gantry eval speed --brno ../shared/data/speed/brnocompspeed --list\n",
};

static void print_list(const struct truespeed *sum)
{
	static const struct table_column columns[] = {{"vehicle", TABLE_RIGHT},
		{"true km/h", TABLE_RIGHT}, {"measured", TABLE_LEFT}, {"error", TABLE_RIGHT},
		{"in the interval", TABLE_LEFT}};
	struct table table;
	table_init(&table, columns, 5);
	for (int i = 0; i < sum->pair_count; i++) {
		const struct speed_pair *p = &sum->pairs[i];
		double half = INTERVAL_95 * p->sigma_kmh;
		table_cell(&table, "%d", p->group);
		table_cell(&table, "%.1f", p->true_kmh);
		table_cell(&table, "%.1f \xC2\xB1 %.1f", p->measured_kmh, half);
		table_cell(&table, "%+.2f", p->measured_kmh - p->true_kmh);
		table_cell(&table, fabs(p->measured_kmh - p->true_kmh) <= half ? "yes" : "NO");
	}
	table_print(&table, stdout);
	table_finish(&table);
	putchar('\n');
}

static void print_refusals(const struct truespeed *sum)
{
	int refused = 0;
	for (int s = 0; s < SPEED_STATUS_COUNT; s++)
		refused += sum->refused_count[s];
	printf("\n%d vehicles could be measured: %d were, %d were refused", sum->measurable_count,
		sum->measured_count, refused);
	for (int s = 0, first = 1; s < SPEED_STATUS_COUNT; s++)
		if (sum->refused_count[s]) {
			printf("%s%s %d", first ? " (" : ", ",
				speed_status_name((enum speed_status)s), sum->refused_count[s]);
			first = 0;
		}
	printf("%s, %d were not seen.\n", refused ? ")" : "", sum->unseen_count);
	printf("Speeds told where none can be measured: %d.\n", sum->wrongly_told_count);
}

static void print_score(const struct truespeed *sum, const struct speedscore *score)
{
	static const struct table_column columns[] = {{"", TABLE_LEFT}, {"speeds", TABLE_RIGHT},
		{"mean", TABLE_RIGHT}, {"median", TABLE_RIGHT}, {"p95", TABLE_RIGHT},
		{"p99", TABLE_RIGHT}, {"worst", TABLE_RIGHT}, {"bias", TABLE_RIGHT},
		{"95 % holds", TABLE_RIGHT}, {"\xC2\xB1", TABLE_RIGHT}};
	struct table table;
	table_init(&table, columns, 10);
	table_cell(&table, sum->scene_count == 1 ? "1 scene" : "%d scenes", sum->scene_count);
	table_cell(&table, "%d", score->count);
	table_cell(&table, "%.2f", score->mean_kmh);
	table_cell(&table, "%.2f", score->median_kmh);
	table_cell(&table, "%.2f", score->p95_kmh);
	table_cell(&table, "%.2f", score->p99_kmh);
	table_cell(&table, "%.2f", score->worst_kmh);
	table_cell(&table, "%+.2f", score->bias_kmh);
	if (score->stated_count) {
		table_cell(&table, "%.1f %%", 100.0 * score->within_count / score->stated_count);
		table_cell(&table, "%.2f", score->interval_kmh);
	} else {
		table_end_row(&table);
	}
	table_print(&table, stdout);
	table_finish(&table);
	puts("absolute errors in km/h");
}

static int write_json(const struct truespeed *sum, const struct speedscore *score, const char *path)
{
	struct json j = {0};
	json_object(&j);
	const struct {
		const char *name;
		int value;
	} counts[] = {{"scenes", sum->scene_count}, {"measurable_count", sum->measurable_count},
		{"measured_count", sum->measured_count}, {"unseen_count", sum->unseen_count},
		{"wrongly_told_count", sum->wrongly_told_count}};
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		json_key(&j, counts[i].name);
		json_int(&j, counts[i].value);
	}
	json_key(&j, "refused");
	json_object(&j);
	for (int s = SPEED_OK + 1; s < SPEED_STATUS_COUNT; s++) {
		json_key(&j, speed_status_name((enum speed_status)s));
		json_int(&j, sum->refused_count[s]);
	}
	json_object_end(&j);
	json_key(&j, "speed");
	json_object(&j);
	speedscore_json(&j, score);
	json_object_end(&j);
	json_object_end(&j);
	json_raw(&j, "\n", 1);
	int code = cli_write_json(path, &j);
	json_finish(&j);
	return code;
}

/* How many speeds are off by so much, in steps. */
static int write_plot(const struct truespeed *sum, const char *path)
{
	static const char *const names[] = {"share of the speeds, %"};
	const double edges[] = {0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, INFINITY};
	const int steps = (int)(sizeof(edges) / sizeof(edges[0])) - 1;
	struct barplot plot;
	barplot_begin(&plot, "Errors of speeds", names, 1, 100, steps);
	for (int k = 0; k < steps; k++) {
		char name[48];
		int count = 0;
		for (int i = 0; i < sum->pair_count; i++) {
			double off = fabs(sum->pairs[i].measured_kmh - sum->pairs[i].true_kmh);
			count += off >= edges[k] && off < edges[k + 1];
		}
		if (isfinite(edges[k + 1]))
			snprintf(name, sizeof(name), "%g to %g km/h", edges[k], edges[k + 1]);
		else
			snprintf(name, sizeof(name), "%g km/h and more", edges[k]);
		barplot_add(&plot, name,
			(double[]){sum->pair_count ? 100.0 * count / sum->pair_count : 0});
	}
	int code = barplot_end(&plot) < 0 ? cli_failf(CLI_RUNTIME, "no memory for the plot")
					  : cli_write_text(path, plot.svg.text, plot.svg.length);
	barplot_finish(&plot);
	return code;
}

static bool too_bad(const struct speedscore *score, const struct speed_args *args)
{
	double coverage =
		score->stated_count ? (double)score->within_count / score->stated_count : 0;
	return (args->max_median_kmh > 0 && !(score->median_kmh <= args->max_median_kmh)) ||
	       (args->max_p95_kmh > 0 && !(score->p95_kmh <= args->max_p95_kmh)) ||
	       coverage < args->min_coverage;
}

static int report(const struct truespeed *sum, const struct speed_args *args)
{
	struct speedscore score;
	if (speedscore_count(sum->pairs, sum->pair_count, &score) < 0)
		return cli_failf(CLI_RUNTIME, "no memory for the evaluation");
	if (!args->json || strcmp(args->json, "-") != 0) {
		if (args->list)
			print_list(sum);
		print_score(sum, &score);
		print_refusals(sum);
	}
	int code = args->json ? write_json(sum, &score, args->json) : CLI_OK;
	if (args->plot && code == CLI_OK)
		code = write_plot(sum, args->plot);
	if (code == CLI_OK)
		code = cli_flush();
	return code == CLI_OK && too_bad(&score, args) ? CLI_FAILED : code;
}

static int score_scene(
	struct truespeed *sum, const char *truth_path, const char *result_path, struct err *err)
{
	struct truth *truth = NULL;
	struct results *results = NULL;
	int r = truth_load(truth_path, err, &truth);
	if (r == 0)
		r = results_load(result_path, err, &results);
	if (r == 0 && (r = truespeed_add(sum, truth, results)) < 0)
		err_set(err, r, "%s: no memory for the evaluation", truth_path);
	truth_free(&truth);
	results_free(&results);
	return r;
}

static int score_scenes(const struct speed_args *args)
{
	struct truespeed sum = {0};
	struct err err;
	int code = CLI_OK;
	for (int i = 0; code == CLI_OK && i < args->truth.count; i++)
		if (score_scene(&sum, args->truth.items[i], args->result.items[i], &err) < 0)
			code = cli_fail(CLI_DATA, &err);
	if (code == CLI_OK)
		code = report(&sum, args);
	truespeed_finish(&sum);
	return code;
}

static int score_brno(const struct speed_args *args)
{
	struct brno_report *r;
	struct err err;
	if (brno_report_make(args->brno, &brno_measure_defaults, &err, &r) < 0)
		return cli_fail(CLI_DATA, &err);
	if (!args->json || strcmp(args->json, "-") != 0)
		eval_brno_print(r, args->list);
	int code = CLI_OK;
	if (args->json) {
		struct json j = {0};
		eval_brno_json(r, &j);
		code = cli_write_json(args->json, &j);
		json_finish(&j);
	}
	if (code == CLI_OK)
		code = cli_flush();
	bool bad = too_bad(&r->totals[BRNO_GANTRY].speed, args);
	brno_report_finish(&r);
	return code == CLI_OK && bad ? CLI_FAILED : code;
}

int cli_eval_speed(int argc, char **argv)
{
	struct speed_args args = {0};
	int code = args_read(&arg_table, argc, argv, &args, NULL);
	if (code != ARGS_GO_ON)
		return code;
	if (args.brno && (args.truth.count || args.result.count || args.plot))
		return cli_failf(CLI_USAGE, "--brno goes without --truth, --result and --plot");
	if (args.brno)
		return score_brno(&args);
	if (args.truth.count == 0 || args.truth.count != args.result.count)
		return cli_failf(CLI_USAGE, "as many --result as --truth are needed, at least one");
	return score_scenes(&args);
}
