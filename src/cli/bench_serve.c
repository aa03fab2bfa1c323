/* gantry bench serve: what a request costs, beside the same in FastAPI; and WebSockets by the
 * hundred, some of them stuck. */
#include "cli/args.h"
#include "cli/bench_folder.h"
#include "cli/bench_serve_load.h"
#include "cli/cli.h"
#include "cli/table.h"

#include "store/store.h"
#include "store/violation_rows.h"

#include <string.h>
#include <sys/resource.h>

#define MARK_RATIO 4
#define MARK_P99_MS 20
#define MARK_GROWTH_MB 8 /* once all rings and socket buffers are full */
#define MESSAGE_BYTES 1000
#define FILES_MAX 8192 /* open at a time: two processes with all clients */
#define PATHS 3

struct bench_args {
	const char *dir, *app;
	int rows, connections, clients, stuck;
	double seconds, rate;
	bool json;
};

static const struct arg bench_arg_list[] = {
	{"dir", 'd', ARG_TEXT, offsetof(struct bench_args, dir), "DIR",
		.help = "where the store is made and removed again; default: here"},
	{"rows", 'n', ARG_INT, offsetof(struct bench_args, rows), "COUNT", .min = 100,
		.max = 10000000, .help = "violations in the store; default 100000"},
	{"app", 0, ARG_TEXT, offsetof(struct bench_args, app), "FILE",
		.help = "what to compare with; default bench/serve_fastapi.py"},
	{"connections", 0, ARG_INT, offsetof(struct bench_args, connections), "COUNT", .min = 1,
		.max = 500, .help = "requests under way at a time; default 8"},
	{"clients", 0, ARG_INT, offsetof(struct bench_args, clients), "COUNT", .min = 2,
		.max = 2000, .help = "WebSockets; default 500"},
	{"stuck", 0, ARG_INT, offsetof(struct bench_args, stuck), "COUNT", .min = 0, .max = 1999,
		.help = "of them, those that never read; default 50"},
	{"rate", 0, ARG_REAL, offsetof(struct bench_args, rate), "HZ", .min = 1, .max = 1000,
		.help = "messages of 1000 bytes a second to each; default 30"},
	{"seconds", 's', ARG_REAL, offsetof(struct bench_args, seconds), "SECONDS", .min = 1,
		.max = 600, .help = "for each path and server, thrice for WebSockets; default 5"},
	{"json", 0, ARG_FLAG, offsetof(struct bench_args, json), .help = "JSON instead of a table"},
};
static const struct arg_table bench_table = {
	.about = "measure what requests and WebSockets cost the server",
	.args = bench_arg_list,
	.count = ARG_COUNT(bench_arg_list),
	.more = "Compares with a FastAPI application below uvicorn, where Debian's "
		"python3-fastapi\n"
		"and python3-uvicorn are here. Exits with 1 where a mark is missed: a quarter of\n"
		"its CPU for a request; nothing lost by clients that read, 20 ms from publishing\n"
		"to them (p99), and memory that stops growing while others are stuck.\n",
};

struct path {
	const char *name, *path;
	struct bench_rest ours, other;
};

struct bench {
	const struct bench_args *args;
	struct bench_folder folder;
	struct bench_host host, other;
	struct err without; /* why there is nothing to compare with; "": there is */
	struct path paths[PATHS];
	struct bench_sockets sockets;
};

/* A store to be asked */

static int add_row(struct store *store, int number, struct wall now, struct err *err)
{
	static const char *const types[] = {"speed_violation", "red_light", "wrong_way"};
	char device[16];
	struct violation_row row = violation_row_init();
	snprintf(device, sizeof(device), "camera-%02d", number % 40);
	row.at.us = now.us - (int64_t)number * 1000000;
	row.device = device;
	row.type = types[number % 3];
	row.severity = number % 4;
	row.rule = row.type;
	row.class_name = "car";
	row.track_id = number;
	row.measured = 71.3;
	row.uncertainty = 1.5;
	row.limit = 50;
	row.tolerance = 3;
	row.unit = "km/h";
	row.box = (struct box){100, 200, 260, 320};
	row.explanation = "71.3 km/h (95 % interval 69.8 to 72.8) where 50 km/h are allowed";
	return violation_rows_add(store, &row, NULL, NULL, err);
}

static int fill(struct bench *b, struct err *err)
{
	struct store *store = NULL;
	int r = store_open(&(struct store_params){.path = b->folder.store}, err, &store);
	struct wall now = wall_now();
	for (int i = 0; r == 0 && i < b->args->rows; i++)
		r = add_row(store, i, now, err);
	if (r == 0)
		r = store_flush(store, err);
	store_close(&store);
	return r;
}

/* Measuring */

static int measure_paths(struct bench *b, struct err *err)
{
	static const struct path paths[PATHS] = {
		{"health", .path = "/health"},
		{"50 violations", .path = "/violations?limit=50"},
		{"summary of all", .path = "/analytics/violations/summary"},
	};
	memcpy(b->paths, paths, sizeof(paths));
	int r = 0;
	for (int i = 0; r == 0 && i < PATHS; i++) {
		struct path *p = &b->paths[i];
		r = bench_load_rest(
			&b->host, p->path, b->args->connections, b->args->seconds, err, &p->ours);
		if (r == 0 && b->other.pid > 0)
			r = bench_load_rest(&b->other, p->path, b->args->connections,
				b->args->seconds, err, &p->other);
	}
	return r;
}

static int measure(struct bench *b, struct err *err)
{
	const struct bench_args *a = b->args;
	int r = fill(b, err);
	if (r == 0)
		r = bench_host_start(
			b->folder.store, a->clients, a->rate, MESSAGE_BYTES, err, &b->host);
	if (r < 0)
		return r;
	bench_host_start_other(a->app, b->folder.store, b->host.token, &b->without, &b->other);
	r = measure_paths(b, err);
	bench_host_stop(&b->other);
	if (r == 0)
		r = bench_load_sockets(
			&b->host, a->clients, a->stuck, 3 * a->seconds, err, &b->sockets);
	return r;
}

/* What came of it */

static double ratio_of(const struct path *p)
{
	return p->ours.cpu_us > 0 ? p->other.cpu_us / p->ours.cpu_us : 0;
}

static double p99_ms(const struct histogram *latency)
{
	return histogram_quantile_us(latency, 0.99) * 1e-3;
}

static bool path_met(const struct bench *b, const struct path *p)
{
	return b->without.text[0] || ratio_of(p) >= MARK_RATIO;
}

static bool lost_met(const struct bench *b)
{
	return b->sockets.lost_count == 0 && b->sockets.received_count > 0;
}

static bool latency_met(const struct bench *b)
{
	return p99_ms(&b->sockets.latency) < MARK_P99_MS;
}

static double growth_mb(const struct bench *b)
{
	return b->sockets.memory_end_mb - b->sockets.memory_third_mb;
}

static bool memory_met(const struct bench *b)
{
	return growth_mb(b) < MARK_GROWTH_MB;
}

static bool all_met(const struct bench *b)
{
	bool met = lost_met(b) && latency_met(b) && memory_met(b);
	for (int i = 0; i < PATHS; i++)
		met = met && path_met(b, &b->paths[i]);
	return met;
}

static const char *met_word(bool met)
{
	return met ? "met" : "MISSED";
}

static void print_paths(const struct bench *b)
{
	static const struct table_column columns[] = {{"GET", TABLE_LEFT}, {"bytes", TABLE_RIGHT},
		{"CPU us", TABLE_RIGHT}, {"1/s", TABLE_RIGHT}, {"p99 ms", TABLE_RIGHT},
		{"uvicorn CPU us", TABLE_RIGHT}, {"1/s", TABLE_RIGHT}, {"ratio", TABLE_RIGHT},
		{"mark", TABLE_LEFT}, {"", TABLE_LEFT}};
	struct table t;
	table_init(&t, columns, 10);
	for (int i = 0; i < PATHS; i++) {
		const struct path *p = &b->paths[i];
		table_cell(&t, "%s", p->name);
		table_cell(&t, "%lld", (long long)p->ours.body_bytes);
		table_cell(&t, "%.1f", p->ours.cpu_us);
		table_cell(&t, "%.0f", (double)p->ours.request_count / p->ours.elapsed_s);
		table_cell(&t, "%.2f", p99_ms(&p->ours.latency));
		if (b->without.text[0]) {
			table_end_row(&t);
			continue;
		}
		table_cell(&t, "%.1f", p->other.cpu_us);
		table_cell(&t, "%.0f", (double)p->other.request_count / p->other.elapsed_s);
		table_cell(&t, "%.1f", ratio_of(p));
		table_cell(&t, ">= %d", MARK_RATIO);
		table_cell(&t, "%s", met_word(path_met(b, p)));
	}
	table_print(&t, stdout);
	table_finish(&t);
}

static void print_line(struct table *t, const char *what, double value, const char *unit,
	const char *mark, bool met)
{
	table_cell(t, "%s", what);
	table_cell(t, value == (double)(int64_t)value ? "%.0f" : "%.2f", value);
	table_cell(t, "%s", unit);
	table_cell(t, "%s", mark);
	table_cell(t, "%s", mark[0] ? met_word(met) : "");
}

static void print_sockets(const struct bench *b)
{
	static const struct table_column columns[] = {{"WebSockets", TABLE_LEFT}, {"", TABLE_RIGHT},
		{"", TABLE_LEFT}, {"mark", TABLE_LEFT}, {"", TABLE_LEFT}};
	const struct bench_sockets *s = &b->sockets;
	struct table t;
	table_init(&t, columns, 5);
	print_line(&t, "clients that read", s->healthy, "", "", true);
	print_line(&t, "clients that never read", s->stuck, "", "", true);
	print_line(&t, "messages received", (double)s->received_count, "", "", true);
	print_line(&t, "of them lost", (double)s->lost_count, "", "0", lost_met(b));
	print_line(&t, "from publishing to the client, median",
		histogram_quantile_us(&s->latency, 0.5) * 1e-3, "ms", "", true);
	print_line(&t, "p99", p99_ms(&s->latency), "ms", "< 20", latency_met(b));
	print_line(&t, "CPU of the server", s->cpu_percent, "% of a core", "", true);
	print_line(&t, "memory without clients", s->memory_before_mb, "MB", "", true);
	print_line(&t, "with all of them, at the end", s->memory_end_mb, "MB", "", true);
	print_line(&t, "grown in the last two thirds", growth_mb(b), "MB", "< 8", memory_met(b));
	table_print(&t, stdout);
	table_finish(&t);
}

static void print_tables(const struct bench *b)
{
	printf("%d violations; %d requests at a time; messages of %d bytes, %g a second\n\n",
		b->args->rows, b->args->connections, MESSAGE_BYTES, b->args->rate);
	print_paths(b);
	if (b->without.text[0])
		printf("\nnothing to compare with: %s\n", b->without.text);
	printf("\n");
	print_sockets(b);
}

static void write_path(struct json *j, const struct bench *b, const struct path *p)
{
	json_object(j);
	json_member_string(j, "path", p->path);
	json_member_real(j, "bytes", (double)p->ours.body_bytes, 0);
	json_member_real(j, "cpu_us", p->ours.cpu_us, 2);
	json_member_real(j, "requests_per_s", (double)p->ours.request_count / p->ours.elapsed_s, 0);
	json_member_real(j, "p99_ms", p99_ms(&p->ours.latency), 3);
	if (!b->without.text[0]) {
		json_member_real(j, "uvicorn_cpu_us", p->other.cpu_us, 2);
		json_member_real(j, "uvicorn_requests_per_s",
			(double)p->other.request_count / p->other.elapsed_s, 0);
		json_member_real(j, "ratio", ratio_of(p), 2);
		json_member_bool(j, "met", path_met(b, p));
	}
	json_object_end(j);
}

static void write_sockets(struct json *j, const struct bench *b)
{
	const struct bench_sockets *s = &b->sockets;
	json_object(j);
	json_member_real(j, "healthy", s->healthy, 0);
	json_member_real(j, "stuck", s->stuck, 0);
	json_member_real(j, "stuck_open", s->stuck_open, 0);
	json_member_real(j, "rate", b->args->rate, 3);
	json_member_real(j, "received", (double)s->received_count, 0);
	json_member_real(j, "lost", (double)s->lost_count, 0);
	json_member_real(j, "p50_ms", histogram_quantile_us(&s->latency, 0.5) * 1e-3, 3);
	json_member_real(j, "p99_ms", p99_ms(&s->latency), 3);
	json_member_real(j, "cpu_percent", s->cpu_percent, 1);
	json_member_real(j, "memory_before_mb", s->memory_before_mb, 1);
	json_member_real(j, "memory_third_mb", s->memory_third_mb, 1);
	json_member_real(j, "memory_end_mb", s->memory_end_mb, 1);
	json_member_bool(j, "lost_met", lost_met(b));
	json_member_bool(j, "latency_met", latency_met(b));
	json_member_bool(j, "memory_met", memory_met(b));
	json_object_end(j);
}

static void print_json(const struct bench *b)
{
	struct json j = {0};
	json_object(&j);
	json_member_real(&j, "rows", b->args->rows, 0);
	json_member_real(&j, "connections", b->args->connections, 0);
	json_member_string(&j, "without", b->without.text[0] ? b->without.text : NULL);
	json_key(&j, "paths");
	json_array(&j);
	for (int i = 0; i < PATHS; i++)
		write_path(&j, b, &b->paths[i]);
	json_array_end(&j);
	json_key(&j, "websockets");
	write_sockets(&j, b);
	json_member_bool(&j, "all_met", all_met(b));
	json_object_end(&j);
	json_raw(&j, "\n", 1);
	fwrite(j.text, 1, j.length, stdout);
	json_finish(&j);
}

static void allow_files(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int cli_bench_serve(int argc, char **argv)
{
	struct bench_args args = {.rows = 100000,
		.app = "bench/serve_fastapi.py",
		.connections = 8,
		.clients = 500,
		.stuck = 50,
		.rate = 30,
		.seconds = 5};
	struct bench b = {.args = &args};
	struct arg_operands none;
	struct err err = {0};
	int code = args_read(&bench_table, argc, argv, &args, &none);
	if (code != ARGS_GO_ON)
		return code;
	if (args.stuck >= args.clients)
		return cli_failf(CLI_USAGE, "--stuck must be less than --clients");
	allow_files();
	int r = bench_folder_create(args.dir, "serve", &err, &b.folder);
	if (r < 0)
		return cli_fail(CLI_OUTPUT, &err);
	r = measure(&b, &err);
	bench_host_stop(&b.other);
	bench_host_stop(&b.host);
	bench_folder_remove(&b.folder);
	if (r < 0)
		return cli_fail(CLI_RUNTIME, &err);
	(args.json ? print_json : print_tables)(&b);
	code = cli_flush();
	return code == CLI_OK && !all_met(&b) ? CLI_FAILED : code;
}
