/* gantry bench store: how fast violations become durable, and how fast questions are answered. */
#include "cli/args.h"
#include "cli/bench_folder.h"
#include "cli/cli.h"
#include "cli/cpu_time.h"
#include "cli/table.h"
#include "cli/values.h"

#include "base/random.h"
#include "store/violation_rows.h"
#include "store/violation_stats.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARK_PER_S 100000
#define MARK_LATENCY_MS 15
#define MARK_DAY_MS 5
#define MARK_ALL_MS 20
#define MARK_INGEST_RATIO 0.95
#define DEVICES 100
#define DAYS 90
#define QUERIES_PER_S 50
#define QUESTIONS 6

struct bench_args {
	const char *dir;
	int rows, burst, singles, queries, rounds;
	bool json;
};

static const struct arg bench_arg_list[] = {
	{"dir", 'd', ARG_TEXT, offsetof(struct bench_args, dir), "DIR",
		.help = "where the store is made and removed again; default: here"},
	{"rows", 'n', ARG_INT, offsetof(struct bench_args, rows), "COUNT", .min = 1000,
		.max = 100000000,
		.help = "violations stored before the questions; default 1000000"},
	{"burst", 'b', ARG_INT, offsetof(struct bench_args, burst), "COUNT", .min = 1000,
		.max = 10000000, .help = "violations offered at once; default 100000"},
	{"singles", 0, ARG_INT, offsetof(struct bench_args, singles), "COUNT", .min = 10,
		.max = 100000, .help = "violations written one by one; default 300"},
	{"queries", 'q', ARG_INT, offsetof(struct bench_args, queries), "COUNT", .min = 10,
		.max = 100000, .help = "times each question is asked; default 300"},
	{"rounds", 0, ARG_INT, offsetof(struct bench_args, rounds), "COUNT", .min = 1, .max = 100,
		.help = "pairs of bursts with and without questions beside them; default 15"},
	{"json", 0, ARG_FLAG, offsetof(struct bench_args, json), .help = "JSON instead of a table"},
};
static const struct arg_table bench_table = {
	.about = "measure durable violations a second, latency and questions",
	.args = bench_arg_list,
	.count = ARG_COUNT(bench_arg_list),
	.more = "Exits with 1 where a mark is missed: 100000 durable violations a second in "
		"bursts, "
		"15 ms\n"
		"from a violation to its acknowledgement (p99), 5 ms for a question about 24 hours "
		"and 20 ms\n"
		"about all time (p99), and 0.95 of the rate while questions are asked.\n",
};

struct question {
	const char *name;
	int hours;
	double p50_ms, p99_ms;
};

struct bench {
	const struct bench_args *args;
	struct store *store;
	struct bench_folder folder;
	char devices[DEVICES][24];
	struct wall now;
	uint64_t written;

	double fill_per_s, fill_cpu_us, single_p50_ms, single_p99_ms;
	double alone_per_s, beside_per_s, ingest_ratio;
	int64_t file_bytes;
	struct question questions[QUESTIONS];
	atomic_bool asking;
	atomic_int failed;
};

static double now_s(void)
{
	return (double)mono_now().us * 1e-6;
}

/* `values` are sorted in place; nearest rank. */
static double percentile(double *values, int count, double ratio)
{
	values_sort(values, count);
	int rank = (int)(ratio * count + 0.999999) - 1;
	return values[rank < 0 ? 0 : rank >= count ? count - 1 : rank];
}

/* Violations as the cameras of a city give them: one after another through ninety days, and in the
 * bursts after that all of them now. */
static struct violation_row make_row(struct bench *b, struct random *random)
{
	static const char *const types[] = {"speed_violation", "speed_violation", "speed_violation",
		"red_light", "red_light", "lane_violation", "wrong_way", "illegal_turn",
		"illegal_u_turn", "illegal_parking", "stop_sign", "tailgating"};
	struct violation_row row = violation_row_init();
	uint64_t bits = random_u64(random);
	int64_t left = (int64_t)b->args->rows - (int64_t)b->written;
	int64_t step_us = (int64_t)DAYS * 86400 * 1000000 / b->args->rows;
	row.at.us = b->now.us - (left > 0 ? left * step_us : 0);
	row.device = b->devices[(bits >> 8) % DEVICES];
	row.type = types[(bits >> 20) % (sizeof(types) / sizeof(types[0]))];
	row.severity = (int)((bits >> 40) % 4);
	row.rule = row.type;
	row.class_name = "car";
	row.track_id = (int64_t)(b->written % 100000);
	row.measured = 60 + (double)((bits >> 30) % 400) / 10;
	row.uncertainty = 1.5;
	row.limit = 50;
	row.tolerance = 3;
	row.unit = "km/h";
	row.box = (struct box){100, 200, 260, 320};
	row.explanation = "71.3 km/h (95 % interval 69.8 to 72.8) where 50 km/h are allowed";
	b->written++;
	return row;
}

/* Seconds until all of them are on the disk. */
static int burst(struct bench *b, int count, struct err *err, double *ret_s)
{
	struct random random = random_at(7, b->written, 0, 0);
	double begin = now_s();
	for (int i = 0; i < count; i++) {
		struct violation_row row = make_row(b, &random);
		int r = violation_rows_add(b->store, &row, NULL, NULL, err);
		if (r < 0)
			return r;
	}
	int r = store_flush(b->store, err);
	*ret_s = now_s() - begin;
	return r;
}

static int fill(struct bench *b, struct err *err)
{
	double sum_s = 0, one_s = 0, begin_us = cpu_time_us(CLOCK_PROCESS_CPUTIME_ID);
	int r = 0;
	for (int left = b->args->rows; r == 0 && left > 0; left -= b->args->burst) {
		r = burst(b, left < b->args->burst ? left : b->args->burst, err, &one_s);
		sum_s += one_s;
	}
	b->fill_per_s = b->args->rows / sum_s;
	b->fill_cpu_us = (cpu_time_us(CLOCK_PROCESS_CPUTIME_ID) - begin_us) / b->args->rows;
	return r;
}

static int one_by_one(struct bench *b, double *ms, struct err *err)
{
	struct random random = random_at(8, 0, 0, 0);
	for (int i = 0; i < b->args->singles; i++) {
		struct violation_row row = make_row(b, &random);
		double begin = now_s();
		int r = violation_rows_add_wait(b->store, &row, err, NULL);
		if (r < 0)
			return r;
		ms[i] = (now_s() - begin) * 1e3;
	}
	b->single_p50_ms = percentile(ms, b->args->singles, 0.5);
	b->single_p99_ms = percentile(ms, b->args->singles, 0.99);
	return 0;
}

static int ask(struct bench *b, int index, struct err *err)
{
	struct violation_trends trends = {0};
	struct violation_summary summary = {0};
	struct name_counts places = {0};
	int locations, hours = b->questions[index].hours, r;
	if (index % 3 == 0 && hours > 0) {
		r = violation_stats_trends(b->store, b->now, hours, NULL, err, &trends);
		violation_trends_finish(&trends);
	} else if (index % 3 == 1) {
		r = violation_stats_hotspots(b->store, b->now, hours, 0, err, &places, &locations);
		name_counts_finish(&places);
	} else {
		r = violation_stats_summary(b->store, b->now, hours, err, &summary);
		violation_summary_finish(&summary);
	}
	return r;
}

static int ask_all(struct bench *b, double *ms, struct err *err)
{
	static const struct question questions[QUESTIONS] = {
		{.name = "trends, 24 hours", .hours = 24},
		{.name = "hotspots, 24 hours", .hours = 24},
		{.name = "summary, 24 hours", .hours = 24},
		{.name = "trends, all time", .hours = DAYS * 24 + 1},
		{.name = "hotspots, all time"},
		{.name = "summary, all time"},
	};
	memcpy(b->questions, questions, sizeof(questions));
	for (int q = 0; q < QUESTIONS; q++) {
		for (int i = 0; i < b->args->queries; i++) {
			double begin = now_s();
			int r = ask(b, q, err);
			if (r < 0)
				return r;
			ms[i] = (now_s() - begin) * 1e3;
		}
		b->questions[q].p50_ms = percentile(ms, b->args->queries, 0.5);
		b->questions[q].p99_ms = percentile(ms, b->args->queries, 0.99);
	}
	return 0;
}

static void *keep_asking(void *opaque)
{
	struct bench *b = opaque;
	struct err err;
	for (int i = 0; atomic_load(&b->asking); i++) {
		if (ask(b, i % QUESTIONS, &err) < 0)
			atomic_fetch_add(&b->failed, 1);
		usleep(1000000 / QUERIES_PER_S);
	}
	return NULL;
}

static int burst_beside_questions(struct bench *b, struct err *err, double *ret_s)
{
	pthread_t thread;
	atomic_store(&b->asking, true);
	int r = pthread_create(&thread, NULL, keep_asking, b);
	if (r != 0)
		return err_set(err, -r, "a thread cannot be started: %s", strerror(r));
	r = burst(b, b->args->burst, err, ret_s);
	atomic_store(&b->asking, false);
	pthread_join(thread, NULL);
	return r;
}

/*
 * Bursts are compared in pairs of neighbours. Which of the two comes first changes from pair to
 * pair: what comes round by itself, such as the log being copied back into the database, would
 * otherwise always meet the same one.
 */
static int compare_ingest(struct bench *b, struct err *err)
{
	double alone[100], beside[100], ratio[100];
	for (int i = 0; i < b->args->rounds; i++) {
		int r = 0;
		for (int turn = 0; r == 0 && turn < 2; turn++)
			r = turn == i % 2 ? burst(b, b->args->burst, err, &alone[i])
					  : burst_beside_questions(b, err, &beside[i]);
		if (r < 0)
			return r;
		ratio[i] = alone[i] / beside[i];
	}
	b->alone_per_s = b->args->burst / percentile(alone, b->args->rounds, 0.5);
	b->beside_per_s = b->args->burst / percentile(beside, b->args->rounds, 0.5);
	b->ingest_ratio = percentile(ratio, b->args->rounds, 0.5);
	return atomic_load(&b->failed) ? err_set(err, -EIO, "a question failed") : 0;
}

static int measure(struct bench *b, struct err *err)
{
	int most = b->args->singles > b->args->queries ? b->args->singles : b->args->queries;
	double *ms = calloc((size_t)most, sizeof(*ms));
	int r = ms ? fill(b, err) : err_set(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = one_by_one(b, ms, err);
	if (r == 0)
		r = ask_all(b, ms, err);
	if (r == 0)
		r = compare_ingest(b, err);
	free(ms);
	return r;
}

static double mark_of(const struct question *q)
{
	return q->hours == 24 ? MARK_DAY_MS : MARK_ALL_MS;
}

enum met { NO_MARK, MISSED, MET };
static const char *const met_names[] = {"", "MISSED", "met"};

static enum met met_if(bool met)
{
	return met ? MET : MISSED;
}

static enum met durable_met(const struct bench *b)
{
	return met_if(b->fill_per_s >= MARK_PER_S);
}

static enum met acknowledged_met(const struct bench *b)
{
	return met_if(b->single_p99_ms < MARK_LATENCY_MS);
}

static enum met question_met(const struct question *q)
{
	return met_if(q->p99_ms < mark_of(q));
}

static enum met ingest_met(const struct bench *b)
{
	return met_if(b->ingest_ratio > MARK_INGEST_RATIO);
}

static bool all_met(const struct bench *b)
{
	bool met = durable_met(b) == MET && acknowledged_met(b) == MET && ingest_met(b) == MET;
	for (int q = 0; q < QUESTIONS; q++)
		met = met && question_met(&b->questions[q]) == MET;
	return met;
}

static void print_line(struct table *t, const char *what, double median, double p99,
	const char *unit, const char *mark, enum met met)
{
	table_cell(t, "%s", what);
	table_cell(t, median < 100 ? "%.3f" : "%.0f", median);
	if (p99 > 0)
		table_cell(t, "%.3f", p99);
	else
		table_cell(t, "%s", "");
	table_cell(t, "%s", unit);
	table_cell(t, "%s", mark);
	table_cell(t, "%s", met_names[met]);
}

static void print_table(const struct bench *b)
{
	static const struct table_column columns[] = {{"", TABLE_LEFT}, {"median", TABLE_RIGHT},
		{"p99", TABLE_RIGHT}, {"unit", TABLE_LEFT}, {"mark", TABLE_LEFT}, {"", TABLE_LEFT}};
	struct table t;
	printf("%d violations, %d devices, %d days; bursts of %d; %.0f MB\n\n", b->args->rows,
		DEVICES, DAYS, b->args->burst, (double)b->file_bytes / 1e6);
	table_init(&t, columns, 6);
	print_line(&t, "durable in bursts, while filling", b->fill_per_s, 0, "1/s", ">= 100000",
		durable_met(b));
	print_line(&t, "CPU time for one of them", b->fill_cpu_us, 0, "us", "", NO_MARK);
	print_line(&t, "one by one, until acknowledged", b->single_p50_ms, b->single_p99_ms, "ms",
		"p99 < 15", acknowledged_met(b));
	for (int q = 0; q < QUESTIONS; q++)
		print_line(&t, b->questions[q].name, b->questions[q].p50_ms, b->questions[q].p99_ms,
			"ms", b->questions[q].hours == 24 ? "p99 < 5" : "p99 < 20",
			question_met(&b->questions[q]));
	print_line(&t, "bursts of now, alone", b->alone_per_s, 0, "1/s", "", NO_MARK);
	print_line(
		&t, "bursts of now, beside 50 questions/s", b->beside_per_s, 0, "1/s", "", NO_MARK);
	print_line(&t, "beside over alone", b->ingest_ratio, 0, "", "> 0.95", ingest_met(b));
	table_print(&t, stdout);
	table_finish(&t);
}

static void print_json(const struct bench *b)
{
	struct json j = {0};
	json_object(&j);
	json_member_real(&j, "rows", b->args->rows, 0);
	json_member_real(&j, "burst", b->args->burst, 0);
	json_member_real(&j, "bytes", (double)b->file_bytes, 0);
	json_member_real(&j, "durable_per_s", b->fill_per_s, 0);
	json_member_real(&j, "durable_cpu_us", b->fill_cpu_us, 3);
	json_member_real(&j, "acknowledged_p50_ms", b->single_p50_ms, 3);
	json_member_real(&j, "acknowledged_p99_ms", b->single_p99_ms, 3);
	json_key(&j, "questions");
	json_array(&j);
	for (int q = 0; q < QUESTIONS; q++) {
		json_object(&j);
		json_member_string(&j, "name", b->questions[q].name);
		json_member_real(&j, "p50_ms", b->questions[q].p50_ms, 3);
		json_member_real(&j, "p99_ms", b->questions[q].p99_ms, 3);
		json_member_bool(&j, "met", question_met(&b->questions[q]) == MET);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_member_real(&j, "alone_per_s", b->alone_per_s, 0);
	json_member_real(&j, "beside_per_s", b->beside_per_s, 0);
	json_member_real(&j, "ingest_ratio", b->ingest_ratio, 4);
	json_member_bool(&j, "durable_met", durable_met(b) == MET);
	json_member_bool(&j, "acknowledged_met", acknowledged_met(b) == MET);
	json_member_bool(&j, "ingest_met", ingest_met(b) == MET);
	json_member_bool(&j, "all_met", all_met(b));
	json_object_end(&j);
	json_raw(&j, "\n", 1);
	fwrite(j.text, 1, j.length, stdout);
	json_finish(&j);
}

static int open_bench(struct bench *b, struct err *err)
{
	int r = bench_folder_create(b->args->dir, "store", err, &b->folder);
	if (r < 0)
		return r;
	for (int i = 0; i < DEVICES; i++)
		snprintf(b->devices[i], sizeof(b->devices[i]), "camera-%03d", i);
	b->now = wall_now();
	return store_open(&(struct store_params){.path = b->folder.store}, err, &b->store);
}

static int64_t file_size(const char *path)
{
	FILE *f = fopen(path, "rbe");
	int64_t size = 0;
	if (f && fseek(f, 0, SEEK_END) == 0)
		size = ftell(f);
	if (f)
		fclose(f);
	return size;
}

int cli_bench_store(int argc, char **argv)
{
	struct bench_args args = {
		.rows = 1000000, .burst = 100000, .singles = 300, .queries = 300, .rounds = 15};
	struct bench b = {.args = &args};
	struct arg_operands none;
	struct err err = {0};
	int code = args_read(&bench_table, argc, argv, &args, &none);
	if (code != ARGS_GO_ON)
		return code;
	int r = open_bench(&b, &err);
	if (r == 0)
		r = measure(&b, &err);
	b.file_bytes = file_size(b.folder.store);
	store_close(&b.store);
	bench_folder_remove(&b.folder);
	if (r < 0)
		return cli_fail(CLI_OUTPUT, &err);
	(args.json ? print_json : print_table)(&b);
	code = cli_flush();
	return code == CLI_OK && !all_met(&b) ? CLI_FAILED : code;
}
