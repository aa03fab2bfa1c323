#include "cli/summary.h"

#include "base/units.h"
#include "cli/table.h"
#include "cli/values.h"

#include <stdlib.h>

static void print_source(const struct session_summary *s, FILE *out)
{
	const struct av_reader_info *v = &s->info.video;
	const struct source_stats *stats = &s->stats;
	fprintf(out, "%s: %dx%d %s, %lld frames, %.1f s", s->device_id, v->width_px, v->height_px,
		v->codec, (long long)s->frame_count, s->media_s);
	if (s->elapsed_s > 0)
		fprintf(out, ", analysed in %.1f s (%.0f frames/s)", s->elapsed_s,
			(double)s->frame_count / s->elapsed_s);
	fprintf(out, "\ndetector: %s; %s\n", s->detector,
		s->calibrated ? "calibrated" : "not calibrated: no speeds");
	if (stats->video.corrupt_count || stats->video.skipped_packet_count)
		fprintf(out, "damage: %lld frames concealed, %lld packets not decodable\n",
			(long long)stats->video.corrupt_count,
			(long long)stats->video.skipped_packet_count);
	if (stats->decimated_count)
		fprintf(out, "left out by target_fps: %lld frames\n",
			(long long)stats->decimated_count);
	if (stats->gap_count)
		fprintf(out, "gaps in the video: %lld\n", (long long)stats->gap_count);
}

static void print_live(const struct session_summary *s, FILE *out)
{
	const struct live_stats *l = &s->live_stats;
	int64_t dropped = l->late_count + l->refused_count + l->stream.dropped_undecodable;
	fprintf(out,
		"frames: %lld looked at, %lld predicted, %lld where nothing moved; %lld dropped, "
		"%lld by target_fps, %lld unaccounted\n",
		(long long)l->looked_count, (long long)l->predicted_count,
		(long long)l->still_count, (long long)dropped, (long long)l->stream.dropped_rate,
		(long long)live_unaccounted(l));
	fprintf(out, "latency from packet to result: p50 %.0f ms, p99 %.0f ms\n",
		1e-3 * histogram_quantile_us(&l->latency, 0.5),
		1e-3 * histogram_quantile_us(&l->latency, 0.99));
	if (l->stream.gap_count || l->stream.reconnect_count)
		fprintf(out, "gaps: %lld, reconnects: %lld\n", (long long)l->stream.gap_count,
			(long long)l->stream.reconnect_count);
}

static void print_vehicles(const struct session_summary *s, FILE *out)
{
	static const struct table_column columns[] = {
		{"road users", TABLE_LEFT}, {"count", TABLE_RIGHT}, {"with a speed", TABLE_RIGHT}};
	int count[ROAD_USER_COUNT] = {0}, measured[ROAD_USER_COUNT] = {0}, all_measured = 0;
	for (int i = 0; i < s->passage_count; i++) {
		const struct passage *p = &s->passages[i];
		bool ok = p->speed_status == SPEED_OK;
		count[p->road_user]++;
		measured[p->road_user] += ok;
		all_measured += ok;
	}
	struct table t;
	table_init(&t, columns, 3);
	for (int c = 0; c < ROAD_USER_COUNT; c++) {
		if (count[c] == 0)
			continue;
		table_cell(&t, "%s", road_user_name((enum road_user)c));
		table_cell(&t, "%d", count[c]);
		table_cell(&t, "%d", measured[c]);
	}
	table_rule(&t);
	table_cell(&t, "all");
	table_cell(&t, "%d", s->passage_count);
	table_cell(&t, "%d", all_measured);
	fputc('\n', out);
	table_print(&t, out);
	table_finish(&t);
}

/* The value below which `share` of them lie, between neighbours linearly. */
static double percentile(const double *sorted, int count, double share)
{
	double at = share * (count - 1);
	int low = (int)at;
	if (low >= count - 1)
		return sorted[count - 1];
	return sorted[low] + (at - low) * (sorted[low + 1] - sorted[low]);
}

static void print_speed_row(const double *sorted, int count, FILE *out)
{
	static const struct table_column columns[] = {{"speeds (km/h)", TABLE_LEFT},
		{"lowest", TABLE_RIGHT}, {"median", TABLE_RIGHT}, {"85th percentile", TABLE_RIGHT},
		{"highest", TABLE_RIGHT}};
	const double shares[] = {0, 0.5, 0.85, 1};
	struct table t;
	table_init(&t, columns, 5);
	table_cell(&t, "%d measured", count);
	for (int i = 0; i < 4; i++)
		table_cell(&t, "%.1f", percentile(sorted, count, shares[i]));
	fputc('\n', out);
	table_print(&t, out);
	table_finish(&t);
}

static void print_refusals(const struct session_summary *s, FILE *out)
{
	int count[SPEED_STATUS_COUNT] = {0};
	const char *separator = "no speed: ";
	for (int i = 0; i < s->passage_count; i++)
		count[s->passages[i].speed_status]++;
	for (int status = SPEED_OK + 1; status < SPEED_STATUS_COUNT; status++) {
		if (count[status] == 0)
			continue;
		fprintf(out, "%s%d %s", separator, count[status],
			speed_status_name((enum speed_status)status));
		separator = ", ";
	}
	if (separator[0] == ',')
		fputc('\n', out);
}

static void print_speeds(const struct session_summary *s, FILE *out)
{
	if (!s->calibrated)
		return;
	double *kmh = calloc((size_t)s->passage_count + 1, sizeof(*kmh));
	int count = 0;
	for (int i = 0; kmh && i < s->passage_count; i++)
		if (s->passages[i].speed_status == SPEED_OK)
			kmh[count++] = s->passages[i].speed_mps * KMH_PER_MPS;
	if (count > 0) {
		values_sort(kmh, count);
		print_speed_row(kmh, count, out);
	}
	print_refusals(s, out);
	free(kmh);
}

static int total(const int count[ROAD_USER_COUNT])
{
	int sum = 0;
	for (int c = 0; c < ROAD_USER_COUNT; c++)
		sum += count[c];
	return sum;
}

/* A row for the line, and one for each of its lanes, which say how many may be the next lane's. */
static void add_line(struct table *t, const struct counts *counts, int line)
{
	table_cell(t, "%s", counts->lines[line].name);
	table_cell(t, "%d", total(counts->lines[line].count[CROSSING_FORWARD]));
	table_cell(t, "%d", total(counts->lines[line].count[CROSSING_BACKWARD]));
	if (counts->lane_count > 0)
		table_end_row(t);
	for (int i = 0; i < counts->lane_count; i++) {
		const struct lane_count *lane = &counts->lanes[i];
		if (lane->line != line)
			continue;
		table_cell(t, "  lane %s", lane->name);
		table_cell(t, "%d", total(lane->count[CROSSING_FORWARD]));
		table_cell(t, "%d", total(lane->count[CROSSING_BACKWARD]));
		table_cell(
			t, "%d", lane->unsure[CROSSING_FORWARD] + lane->unsure[CROSSING_BACKWARD]);
	}
}

static void print_counts(const struct session_summary *s, FILE *out)
{
	static const struct table_column columns[] = {{"counting line", TABLE_LEFT},
		{"forward", TABLE_RIGHT}, {"backward", TABLE_RIGHT}, {"unsure", TABLE_RIGHT}};
	struct table t;
	table_init(&t, columns, s->counts.lane_count > 0 ? 4 : 3);
	for (int i = 0; i < s->counts.line_count; i++)
		if (s->counts.lines[i].counting)
			add_line(&t, &s->counts, i);
	if (t.count > 0) {
		fputc('\n', out);
		table_print(&t, out);
	}
	table_finish(&t);
}

static void print_violations(const struct session_summary *s, FILE *out)
{
	static const struct table_column columns[] = {{"at", TABLE_RIGHT},
		{"violation", TABLE_LEFT}, {"vehicle", TABLE_RIGHT}, {"class", TABLE_LEFT},
		{"severity", TABLE_LEFT}, {"what was measured", TABLE_LEFT}};
	if (s->violation_count == 0) {
		fputs("\nno violations\n", out);
		return;
	}
	struct table t;
	table_init(&t, columns, 6);
	for (int i = 0; i < s->violation_count; i++) {
		const struct violation *v = &s->violations[i];
		table_cell(&t, "%.2f s", media_seconds(v->at));
		table_cell(&t, "%s", violation_kind_name(v->kind));
		table_cell(&t, "#%u", v->track_id);
		table_cell(&t, "%s", road_user_name(v->road_user));
		table_cell(&t, "%s", severity_name(v->severity));
		table_cell(&t, "%s", v->explanation);
	}
	fputc('\n', out);
	table_print(&t, out);
	table_finish(&t);
}

void summary_print(const struct session_summary *s, FILE *out)
{
	print_source(s, out);
	if (s->live)
		print_live(s, out);
	print_vehicles(s, out);
	print_speeds(s, out);
	print_counts(s, out);
	print_violations(s, out);
}

enum cli_exit summary_exit(enum session_failure failure)
{
	switch (failure) {
	case SESSION_OK:
		return CLI_OK;
	case SESSION_SOURCE:
		return CLI_SOURCE;
	case SESSION_CONFIG:
		return CLI_CONFIG;
	case SESSION_DETECTOR:
		return CLI_MODEL;
	case SESSION_OUTPUT:
		return CLI_OUTPUT;
	case SESSION_RUNTIME:
		break;
	}
	return CLI_RUNTIME;
}
