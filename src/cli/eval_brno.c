#include "cli/eval_brno.h"

#include "cli/table.h"

#include <stdio.h>

static void add_speed(struct table *t, const struct speedscore *s)
{
	table_cell(t, "%.2f", s->mean_kmh);
	table_cell(t, "%.2f", s->median_kmh);
	table_cell(t, "%.2f", s->p95_kmh);
	table_cell(t, "%.2f", s->p99_kmh);
	table_cell(t, "%.2f", s->worst_kmh);
	table_cell(t, "%+.2f %%", 100 * s->bias_median_ratio);
	if (s->stated_count)
		table_cell(t, "%.1f %%", 100.0 * s->within_count / s->stated_count);
	else
		table_end_row(t);
}

static void add_row(struct table *t, const char *name, const struct brno_row *row)
{
	table_cell(t, "%s", name);
	table_cell(t, "%d of %d", row->matched_count, row->valid_count);
	table_cell(t, "%.3f", (double)row->matched_count / row->valid_count);
	table_cell(t, "%d", row->refused_count);
	table_cell(t, "%d", row->false_count);
	table_cell(t, "%.2f", row->false_count / row->minutes);
	add_speed(t, &row->speed);
}

static const struct table_column row_columns[] = {{"calibration and speeds", TABLE_LEFT},
	{"valid cars", TABLE_RIGHT}, {"recall", TABLE_RIGHT}, {"refused", TABLE_RIGHT},
	{"false", TABLE_RIGHT}, {"a minute", TABLE_RIGHT}, {"mean", TABLE_RIGHT},
	{"median", TABLE_RIGHT}, {"p95", TABLE_RIGHT}, {"p99", TABLE_RIGHT}, {"worst", TABLE_RIGHT},
	{"bias", TABLE_RIGHT}, {"95 % holds", TABLE_RIGHT}};

static void print_totals(const struct brno_report *r)
{
	struct table t;
	table_init(&t, row_columns, 13);
	for (int way = 0; way < BRNO_WAY_COUNT; way++)
		add_row(&t, brno_way_name((enum brno_way)way), &r->totals[way]);
	table_print(&t, stdout);
	table_finish(&t);
}

static void print_videos(const struct brno_report *r)
{
	struct table t;
	table_init(&t, row_columns, 13);
	for (int i = 0; i < r->video_count; i++) {
		char name[128];
		snprintf(name, sizeof(name), "%s optimal_calib", r->names[i]);
		add_row(&t, name, &r->rows[BRNO_OPTIMAL_CALIB][i]);
		snprintf(name, sizeof(name), "%s gantry", r->names[i]);
		add_row(&t, name, &r->rows[BRNO_GANTRY][i]);
	}
	table_print(&t, stdout);
	table_finish(&t);
}

static void print_calibrations(const struct brno_report *r)
{
	static const struct table_column columns[] = {{"calibration", TABLE_LEFT},
		{"distances: mean error", TABLE_RIGHT}, {"median", TABLE_RIGHT},
		{"largest", TABLE_RIGHT}, {"ratios: mean error", TABLE_RIGHT},
		{"median", TABLE_RIGHT}, {"largest", TABLE_RIGHT}};
	struct table t;
	table_init(&t, columns, 7);
	for (int way = 0; way < BRNO_WAY_COUNT; way++) {
		const struct brno_lengths *l = &r->lengths[way];
		table_cell(&t, "%s", brno_way_name((enum brno_way)way));
		table_cell(&t, "%.3f m", l->error_mean_m);
		table_cell(&t, "%.3f m", l->error_median_m);
		table_cell(&t, "%.3f m", l->error_max_m);
		table_cell(&t, "%.2f %%", 100 * l->ratio_mean);
		table_cell(&t, "%.2f %%", 100 * l->ratio_median);
		table_cell(&t, "%.2f %%", 100 * l->ratio_max);
	}
	table_print(&t, stdout);
	table_finish(&t);
}

static void print_cameras(const struct brno_report *r)
{
	static const struct table_column columns[] = {{"video", TABLE_LEFT},
		{"focal length", TABLE_RIGHT}, {"camera height", TABLE_RIGHT},
		{"residuals", TABLE_RIGHT}};
	struct table t;
	table_init(&t, columns, 4);
	for (int i = 0; i < r->video_count; i++) {
		table_cell(&t, "%s", r->names[i]);
		table_cell(&t, "%.0f px", r->calibrations[i].focal_px);
		table_cell(&t, "%.2f m", r->calibrations[i].camera_height_m);
		table_cell(&t, "%.2f px", r->calibrations[i].rms_px);
	}
	table_print(&t, stdout);
	table_finish(&t);
}

static void add_learned(struct table *t, const char *session, const char *what, double value,
	const char *unit, const struct speedscore *s)
{
	table_cell(t, "%s", session);
	table_cell(t, "%s %.4f%s", what, value, unit);
	add_speed(t, s);
}

static void print_learned(const struct brno_report *r)
{
	static const struct table_column columns[] = {{"tested on", TABLE_LEFT},
		{"learned on the others", TABLE_LEFT}, {"mean", TABLE_RIGHT},
		{"median", TABLE_RIGHT}, {"p95", TABLE_RIGHT}, {"p99", TABLE_RIGHT},
		{"worst", TABLE_RIGHT}, {"bias", TABLE_RIGHT}, {"95 % holds", TABLE_RIGHT}};
	struct table t;
	table_init(&t, columns, 9);
	for (int i = 0; i < r->session_count; i++) {
		const struct brno_learned *l = &r->learned[i];
		add_learned(&t, l->session, "factor", l->factor, "", &l->by_factor);
		add_learned(&t, l->session, "height", l->height_m, " m", &l->by_height);
	}
	table_rule(&t);
	table_cell(&t, "all");
	table_cell(&t, "factor");
	add_speed(&t, &r->all_by_factor);
	table_cell(&t, "all");
	table_cell(&t, "height");
	add_speed(&t, &r->all_by_height);
	table_print(&t, stdout);
	table_finish(&t);
}

void eval_brno_print(const struct brno_report *report, bool each_video)
{
	printf("BrnoCompSpeed, %d videos; absolute errors in km/h\n\n", report->video_count);
	print_totals(report);
	if (each_video) {
		putchar('\n');
		print_videos(report);
	}
	putchar('\n');
	print_calibrations(report);
	if (each_video) {
		putchar('\n');
		print_cameras(report);
	}
	if (report->session_count) {
		puts("\nGantry with one number learned on the other sessions:\n");
		print_learned(report);
	}
}

static void write_row(struct json *j, const struct brno_row *row)
{
	json_object(j);
	json_member_int(j, "valid_count", row->valid_count);
	json_member_int(j, "matched_count", row->matched_count);
	json_member_int(j, "refused_count", row->refused_count);
	json_member_int(j, "false_count", row->false_count);
	json_member_real(j, "false_per_minute", row->false_count / row->minutes, 4);
	json_member_real(j, "recall", (double)row->matched_count / row->valid_count, 5);
	json_key(j, "speed");
	json_object(j);
	speedscore_json(j, &row->speed);
	json_object_end(j);
	json_object_end(j);
}

static void write_way(struct json *j, const struct brno_report *r, enum brno_way way)
{
	const struct brno_lengths *l = &r->lengths[way];
	json_key(j, brno_way_name(way));
	json_object(j);
	json_key(j, "all");
	write_row(j, &r->totals[way]);
	json_member_real(j, "recall_by_video", r->recall_by_video[way], 5);
	json_member_real(j, "distance_error_mean_m", l->error_mean_m, 4);
	json_member_real(j, "distance_error_median_m", l->error_median_m, 4);
	json_member_real(j, "distance_ratio_error_mean", l->ratio_mean, 6);
	json_key(j, "videos");
	json_object(j);
	for (int i = 0; i < r->video_count; i++) {
		json_key(j, r->names[i]);
		write_row(j, &r->rows[way][i]);
	}
	json_object_end(j);
	json_object_end(j);
}

static void write_learned(struct json *j, const char *key, const struct speedscore *score)
{
	json_key(j, key);
	json_object(j);
	speedscore_json(j, score);
	json_object_end(j);
}

void eval_brno_json(const struct brno_report *report, struct json *j)
{
	json_object(j);
	for (int way = 0; way < BRNO_WAY_COUNT; way++)
		write_way(j, report, (enum brno_way)way);
	json_key(j, "learned");
	json_object(j);
	for (int i = 0; i < report->session_count; i++) {
		const struct brno_learned *l = &report->learned[i];
		json_key(j, l->session);
		json_object(j);
		json_member_real(j, "factor", l->factor, 6);
		json_member_real(j, "height_m", l->height_m, 5);
		write_learned(j, "by_factor", &l->by_factor);
		write_learned(j, "by_height", &l->by_height);
		json_object_end(j);
	}
	write_learned(j, "by_factor", &report->all_by_factor);
	write_learned(j, "by_height", &report->all_by_height);
	json_object_end(j);
	json_object_end(j);
	json_raw(j, "\n", 1);
}
