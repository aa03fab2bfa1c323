/*
 * gantry eval count: how far counts are from the truth.
 */
#include "base/json.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "eval/barplot.h"
#include "eval/countscore.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct count_args {
	struct arg_texts truth, result;
	const char *json, *plot;
	double max_error;
};

static const struct arg arg_list[] = {
	{"truth", 't', ARG_TEXTS, offsetof(struct count_args, truth), "FILE",
		.help = "truth file (docs/truth.md); again for more scenes"},
	{"result", 'r', ARG_TEXTS, offsetof(struct count_args, result), "FILE",
		.help = "events of the run over the same scene (gantry run --events), in the same "
			"order"},
	{"json", 0, ARG_TEXT, offsetof(struct count_args, json), "FILE",
		.help = "the result as JSON, too; - for standard output instead of the table"},
	{"plot", 0, ARG_TEXT, offsetof(struct count_args, plot), "FILE.svg",
		.help = "true and counted numbers of each line as a picture"},
	{"max-error", 0, ARG_REAL, offsetof(struct count_args, max_error), "RATIO", .min = 0,
		.max = 100, .help = "exit with 1 above that (default: never)"},
};

static const struct arg_table arg_table = {
	.about = "score counts of road users over lines against the truth",
	.args = arg_list,
	.count = ARG_COUNT(arg_list),
	.more = "The error is the sum of the differences over lines and directions, by the true "
		"number;\n"
		"over lanes, too, where truth and events have them.\n"
		"Persons are left out.\n",
};

static double error_ratio(const struct countscore_sum *sum)
{
	return sum->truth_count > 0 ? (double)sum->difference_count / sum->truth_count
				    : (sum->difference_count > 0 ? INFINITY : 0);
}

static void add_row(struct table *table, const char *line, const char *direction,
	const struct countscore_sum *sum)
{
	table_cell(table, "%s", line);
	table_cell(table, "%s", direction);
	table_cell(table, "%d", sum->truth_count);
	table_cell(table, "%d", sum->result_count);
	table_cell(table, "%d", sum->difference_count);
	table_cell(table, "%.1f %%", 100 * error_ratio(sum));
	table_cell(table, "%d", (sum->class_difference_count - sum->difference_count) / 2);
}

static const char *row_name(const struct countscore_row *row, char *text, size_t size)
{
	bool lane = row->lane[0] != '\0';
	snprintf(text, size, "%s%s%s", row->line, lane ? " lane " : "", row->lane);
	return text;
}

static void print_table(const struct countscore *score, const struct count_args *args)
{
	static const struct table_column columns[] = {{"line", TABLE_LEFT},
		{"direction", TABLE_LEFT}, {"true", TABLE_RIGHT}, {"counted", TABLE_RIGHT},
		{"off by", TABLE_RIGHT}, {"error", TABLE_RIGHT}, {"wrong class", TABLE_RIGHT}};
	struct countscore_sum all = countscore_all(score);
	struct table table;
	table_init(&table, columns, 7);
	for (int i = 0; i < score->row_count; i++) {
		const struct countscore_row *row = &score->rows[i];
		struct countscore_sum sum = countscore_row_sum(row);
		char name[128], line[384];
		bool many = score->scene_count > 1;
		snprintf(line, sizeof(line), "%s%s%s", many ? args->truth.items[row->scene] : "",
			many ? ": " : "", row_name(row, name, sizeof(name)));
		add_row(&table, line, crossing_direction_name(row->direction), &sum);
	}
	table_rule(&table);
	add_row(&table, "all", "", &all);
	table_print(&table, stdout);
	table_finish(&table);
}

static void write_sum(struct json *j, const struct countscore_sum *sum)
{
	json_member_int(j, "true_count", sum->truth_count);
	json_member_int(j, "counted", sum->result_count);
	json_member_int(j, "difference_count", sum->difference_count);
	json_member_real(j, "error_ratio", error_ratio(sum), 6);
}

static int write_json(const struct countscore *score, const struct count_args *args)
{
	struct countscore_sum all = countscore_all(score);
	struct json j = {0};
	json_object(&j);
	json_member_int(&j, "scenes", score->scene_count);
	write_sum(&j, &all);
	json_key(&j, "lines");
	json_array(&j);
	for (int i = 0; i < score->row_count; i++) {
		struct countscore_sum sum = countscore_row_sum(&score->rows[i]);
		json_object(&j);
		json_member_string(&j, "truth", args->truth.items[score->rows[i].scene]);
		json_member_string(&j, "line", score->rows[i].line);
		json_member_string(&j, "lane", score->rows[i].lane[0] ? score->rows[i].lane : NULL);
		json_member_string(
			&j, "direction", crossing_direction_name(score->rows[i].direction));
		write_sum(&j, &sum);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	json_raw(&j, "\n", 1);
	int code = cli_write_json(args->json, &j);
	json_finish(&j);
	return code;
}

static int write_plot(const struct countscore *score, const char *path)
{
	static const char *const names[] = {"true", "counted"};
	struct barplot plot;
	double most = 0;
	for (int i = 0; i < score->row_count; i++) {
		struct countscore_sum sum = countscore_row_sum(&score->rows[i]);
		most = fmax(most, fmax(sum.truth_count, sum.result_count));
	}
	barplot_begin(&plot, "Counts", names, 2, most, score->row_count);
	for (int i = 0; i < score->row_count; i++) {
		const struct countscore_row *row = &score->rows[i];
		struct countscore_sum sum = countscore_row_sum(row);
		char place[128], name[160];
		snprintf(name, sizeof(name), "%s, %s", row_name(row, place, sizeof(place)),
			crossing_direction_name(row->direction));
		barplot_add(&plot, name, (double[]){sum.truth_count, sum.result_count});
	}
	int code = barplot_end(&plot) < 0 ? cli_failf(CLI_RUNTIME, "no memory for the plot")
					  : cli_write_text(path, plot.svg.text, plot.svg.length);
	barplot_finish(&plot);
	return code;
}

static int score_scene(
	struct countscore *score, const char *truth_path, const char *result_path, struct err *err)
{
	struct truth *truth = NULL;
	struct results *results = NULL;
	int r = truth_load(truth_path, err, &truth);
	if (r == 0)
		r = results_load(result_path, err, &results);
	if (r == 0 && (r = countscore_add(score, truth, results, err)) < 0)
		err_prefix(err, r, "%s", truth_path);
	truth_free(&truth);
	results_free(&results);
	return r;
}

static int report(const struct countscore *score, const struct count_args *args)
{
	struct countscore_sum all = countscore_all(score);
	if (!args->json || strcmp(args->json, "-") != 0)
		print_table(score, args);
	int code = args->json ? write_json(score, args) : CLI_OK;
	if (args->plot && code == CLI_OK)
		code = write_plot(score, args->plot);
	if (code == CLI_OK)
		code = cli_flush();
	return code == CLI_OK && error_ratio(&all) > args->max_error ? CLI_FAILED : code;
}

int cli_eval_count(int argc, char **argv)
{
	struct count_args args = {.max_error = INFINITY};
	struct countscore score = {0};
	struct err err;
	int code = args_read(&arg_table, argc, argv, &args, NULL);
	if (code != ARGS_GO_ON)
		return code;
	if (args.truth.count == 0 || args.truth.count != args.result.count)
		return cli_failf(CLI_USAGE, "as many --result as --truth are needed, at least one");
	for (int i = 0; i < args.truth.count; i++)
		if (score_scene(&score, args.truth.items[i], args.result.items[i], &err) < 0) {
			countscore_finish(&score);
			return cli_fail(CLI_DATA, &err);
		}
	code = report(&score, &args);
	countscore_finish(&score);
	return code;
}
