/*
 * gantry eval violations: precision, recall and time error of reported violations.
 */
#include "base/json.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "eval/barplot.h"
#include "eval/violationscore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct violations_args {
	struct arg_texts truth, result;
	const char *json, *plot;
	bool list;
	double within_s, min_precision, min_recall;
};

static const struct arg arg_list[] = {
	{"truth", 't', ARG_TEXTS, offsetof(struct violations_args, truth), "FILE",
		.help = "truth file (docs/truth.md); again for more scenes"},
	{"result", 'r', ARG_TEXTS, offsetof(struct violations_args, result), "FILE",
		.help = "events of the run over the same scene (gantry run --events), in the same "
			"order"},
	{"within", 0, ARG_REAL, offsetof(struct violations_args, within_s), "SECONDS", .min = 0,
		.max = 60, .help = "how far off in time it is still the same one (default 2)"},
	{"list", 'l', ARG_FLAG, offsetof(struct violations_args, list),
		.help = "every one that was missed or invented"},
	{"json", 0, ARG_TEXT, offsetof(struct violations_args, json), "FILE",
		.help = "the result as JSON, too; - for standard output instead of the table"},
	{"plot", 0, ARG_TEXT, offsetof(struct violations_args, plot), "FILE.svg",
		.help = "precision and recall of each kind as a picture"},
	{"min-precision", 0, ARG_REAL, offsetof(struct violations_args, min_precision), "RATIO",
		.min = 0, .max = 1, .help = "exit with 1 below that (default 0)"},
	{"min-recall", 0, ARG_REAL, offsetof(struct violations_args, min_recall), "RATIO", .min = 0,
		.max = 1, .help = "exit with 1 below that (default 0)"},
};

static const struct arg_table arg_table = {
	.about = "score reported violations against the truth: precision, recall, F1, time error",
	.args = arg_list,
	.count = ARG_COUNT(arg_list),
	.more = "example:\n"
		"  gantry sim builtin -o out\n"
		"  gantry run out/video.mp4 -c out/scene.yaml --events out/events.jsonl\n"
		"  gantry eval violations --truth out/truth.jsonl --result out/events.jsonl "
		"--list\n",
};

static void cell_ratio(struct table *table, double ratio)
{
	if (isfinite(ratio))
		table_cell(table, "%.3f", ratio);
	else
		table_cell(table, "-");
}

static void add_row(struct table *table, const char *name, const struct violationscore_kind *k)
{
	table_cell(table, "%s", name);
	table_cell(table, "%d", k->truth_count);
	table_cell(table, "%d", k->found_count);
	table_cell(table, "%d", k->truth_count - k->found_count);
	table_cell(table, "%d", k->invented_count);
	cell_ratio(table, violationscore_precision(k));
	cell_ratio(table, violationscore_recall(k));
	cell_ratio(table, violationscore_f1(k));
	if (k->found_count > 0) {
		table_cell(table, "%.2f s", k->error_abs_sum_s / k->found_count);
		table_cell(table, "%+.2f s", k->error_sum_s / k->found_count);
		table_cell(table, "%.2f s", k->error_abs_max_s);
	} else {
		table_end_row(table);
	}
}

static bool is_empty(const struct violationscore_kind *k)
{
	return k->truth_count == 0 && k->invented_count == 0;
}

static void print_table(const struct violationscore *score)
{
	static const struct table_column columns[] = {{"violation", TABLE_LEFT},
		{"true", TABLE_RIGHT}, {"found", TABLE_RIGHT}, {"missed", TABLE_RIGHT},
		{"invented", TABLE_RIGHT}, {"precision", TABLE_RIGHT}, {"recall", TABLE_RIGHT},
		{"F1", TABLE_RIGHT}, {"time error", TABLE_RIGHT}, {"bias", TABLE_RIGHT},
		{"largest", TABLE_RIGHT}};
	struct violationscore_kind all = violationscore_all(score);
	struct table table;
	table_init(&table, columns, 11);
	for (int i = 0; i < VIOLATION_KIND_COUNT; i++)
		if (!is_empty(&score->kinds[i]))
			add_row(&table, violation_kind_name((enum violation_kind)i),
				&score->kinds[i]);
	table_rule(&table);
	add_row(&table, score->scene_count == 1 ? "1 scene" : "all scenes", &all);
	table_print(&table, stdout);
	table_finish(&table);
}

static void print_list(const struct violationscore *score, const struct violations_args *args)
{
	static const struct table_column columns[] = {{"", TABLE_LEFT}, {"violation", TABLE_LEFT},
		{"at", TABLE_RIGHT}, {"object", TABLE_RIGHT}, {"track", TABLE_RIGHT},
		{"truth file", TABLE_LEFT}};
	struct table table;
	if (score->difference_count == 0)
		return;
	table_init(&table, columns, 6);
	for (int i = 0; i < score->difference_count; i++) {
		const struct violationscore_difference *d = &score->differences[i];
		table_cell(&table, d->invented ? "invented" : "missed");
		table_cell(&table, "%s", violation_kind_name(d->kind));
		table_cell(&table, "%.2f s", media_seconds(d->at));
		if (d->truth_id >= 0)
			table_cell(&table, "%d", d->truth_id);
		else
			table_cell(&table, "none");
		if (d->track_id >= 0)
			table_cell(&table, "#%d", d->track_id);
		else
			table_cell(&table, "-");
		table_cell(&table, "%s", args->truth.items[d->scene]);
	}
	putchar('\n');
	table_print(&table, stdout);
	table_finish(&table);
}

static void write_kind(struct json *j, const struct violationscore_kind *k)
{
	const struct {
		const char *key;
		double value;
	} numbers[] = {
		{"true_count", k->truth_count},
		{"found_count", k->found_count},
		{"missed_count", k->truth_count - k->found_count},
		{"invented_count", k->invented_count},
		{"precision", violationscore_precision(k)},
		{"recall", violationscore_recall(k)},
		{"f1", violationscore_f1(k)},
		{"time_error_mean_s", k->found_count ? k->error_abs_sum_s / k->found_count : NAN},
		{"time_error_bias_s", k->found_count ? k->error_sum_s / k->found_count : NAN},
		{"time_error_max_s", k->found_count ? k->error_abs_max_s : NAN},
	};
	json_object(j);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		json_key(j, numbers[i].key);
		json_real(j, numbers[i].value, 6);
	}
	json_object_end(j);
}

static void write_differences(
	struct json *j, const struct violationscore *score, const struct violations_args *args)
{
	json_key(j, "differences");
	json_array(j);
	for (int i = 0; i < score->difference_count; i++) {
		const struct violationscore_difference *d = &score->differences[i];
		json_object(j);
		json_member_bool(j, "invented", d->invented);
		json_member_string(j, "violation_type", violation_kind_name(d->kind));
		json_member_real(j, "media_s", media_seconds(d->at), 6);
		json_member_int(j, "truth_id", d->truth_id);
		json_member_string(j, "truth", args->truth.items[d->scene]);
		json_object_end(j);
	}
	json_array_end(j);
}

static int write_json(const struct violationscore *score, const struct violations_args *args)
{
	struct violationscore_kind all = violationscore_all(score);
	struct json j = {0};
	json_object(&j);
	json_member_int(&j, "scenes", score->scene_count);
	json_key(&j, "all");
	write_kind(&j, &all);
	json_key(&j, "kinds");
	json_object(&j);
	for (int i = 0; i < VIOLATION_KIND_COUNT; i++)
		if (!is_empty(&score->kinds[i])) {
			json_key(&j, violation_kind_name((enum violation_kind)i));
			write_kind(&j, &score->kinds[i]);
		}
	json_object_end(&j);
	write_differences(&j, score, args);
	json_object_end(&j);
	json_raw(&j, "\n", 1);
	int code = cli_write_json(args->json, &j);
	json_finish(&j);
	return code;
}

static int write_plot(const struct violationscore *score, const char *path)
{
	static const char *const names[] = {"precision", "recall"};
	struct violationscore_kind all = violationscore_all(score);
	struct barplot plot;
	barplot_begin(&plot, "Violations found", names, 2, 1, VIOLATION_KIND_COUNT + 1);
	for (int i = 0; i <= VIOLATION_KIND_COUNT; i++) {
		const struct violationscore_kind *k =
			i < VIOLATION_KIND_COUNT ? &score->kinds[i] : &all;
		if (is_empty(k))
			continue;
		barplot_add(&plot,
			i < VIOLATION_KIND_COUNT ? violation_kind_name((enum violation_kind)i)
						 : "all",
			(double[]){violationscore_precision(k), violationscore_recall(k)});
	}
	int code = barplot_end(&plot) < 0 ? cli_failf(CLI_RUNTIME, "no memory for the plot")
					  : cli_write_text(path, plot.svg.text, plot.svg.length);
	barplot_finish(&plot);
	return code;
}

static int score_scene(struct violationscore *score, const char *truth_path,
	const char *result_path, double within_s, struct err *err)
{
	struct truth *truth = NULL;
	struct results *results = NULL;
	int r = truth_load(truth_path, err, &truth);
	if (r == 0)
		r = results_load(result_path, err, &results);
	if (r == 0 && (r = violationscore_add(score, truth, results, within_s, err)) < 0)
		err_prefix(err, r, "%s", truth_path);
	truth_free(&truth);
	results_free(&results);
	return r;
}

static int report(const struct violationscore *score, const struct violations_args *args)
{
	struct violationscore_kind all = violationscore_all(score);
	bool only_json = args->json && strcmp(args->json, "-") == 0;
	if (!only_json) {
		print_table(score);
		if (args->list)
			print_list(score, args);
	}
	int code = args->json ? write_json(score, args) : CLI_OK;
	if (args->plot && code == CLI_OK)
		code = write_plot(score, args->plot);
	if (code == CLI_OK)
		code = cli_flush();
	bool low = violationscore_precision(&all) < args->min_precision ||
		   violationscore_recall(&all) < args->min_recall;
	return code == CLI_OK && low ? CLI_FAILED : code;
}

int cli_eval_violations(int argc, char **argv)
{
	struct violations_args args = {.within_s = 2};
	struct violationscore score = {0};
	struct err err;
	int code = args_read(&arg_table, argc, argv, &args, NULL);
	if (code != ARGS_GO_ON)
		return code;
	if (args.truth.count == 0 || args.truth.count != args.result.count)
		return cli_failf(CLI_USAGE, "as many --result as --truth are needed, at least one");
	for (int i = 0; i < args.truth.count; i++)
		if (score_scene(&score, args.truth.items[i], args.result.items[i], args.within_s,
			    &err) < 0) {
			violationscore_finish(&score);
			return cli_fail(CLI_DATA, &err);
		}
	code = report(&score, &args);
	violationscore_finish(&score);
	return code;
}
