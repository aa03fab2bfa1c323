/* The machine, the server and its store. */
#include "serve/resources.h"
#include "serve/server_inside.h"

static const struct form_field system_fields[] = {
	{"timestamp", FORM_TIME, .help = "of the sample, at most a second old"},
	{"cpu_percent", FORM_REAL, .nullable = true, .help = "of all cores"},
	{"memory_percent", FORM_REAL, .nullable = true},
	{"memory_used_mb", FORM_REAL, .nullable = true},
	{"memory_total_mb", FORM_REAL, .nullable = true},
	{"load_1m", FORM_REAL, .nullable = true, .help = "runnable tasks, mean of a minute"},
	{"process_cpu_percent", FORM_REAL, .nullable = true, .help = "of one core"},
	{"process_memory_mb", FORM_REAL, .nullable = true, .help = "resident"},
	{"process_threads", FORM_REAL, .nullable = true},
	{"open_files", FORM_REAL, .nullable = true},
	{0},
};
static const struct form system_form = {"SystemMetrics", system_fields, NULL};

static const struct form_field store_fields[] = {
	{"commits", FORM_INT},
	{"jobs", FORM_INT, .help = "rows and changes committed"},
	{"refused", FORM_INT, .help = "given up"},
	{"retries", FORM_INT, .help = "transactions that failed and were run again"},
	{"queued_bytes", FORM_INT, .help = "waiting for the disk"},
	{"waiting_for", FORM_STRING, .nullable = true, .help = "why nothing is written now"},
	{0},
};
static const struct form store_form = {"StoreMetrics", store_fields, NULL};
static const struct form_field backend_fields[] = {
	{"up", FORM_BOOL, .help = "the last request was answered with 2xx, or there was none yet"},
	{"told", FORM_INT, .help = "violations that it took, since it was configured"},
	{"failed", FORM_INT, .help = "requests that it did not take"},
	{"told_at", FORM_TIME, .nullable = true, .help = "the last that it took"},
	{"failed_at", FORM_TIME, .nullable = true, .help = "the last that it did not"},
	{"last_status", FORM_INT, .help = "of its last reply; 0: there was none"},
	{"last_problem", FORM_STRING, .nullable = true, .help = "of the last that it did not take"},
	{"waiting", FORM_INT, .help = "violations in the outbox, as of a second ago"},
	{"oldest_waiting_s", FORM_REAL, .help = "since when the oldest waits; 0: none does"},
	{0},
};
static const struct form backend_form = {"BackendMetrics", backend_fields, NULL};
static const struct form_field performance_fields[] = {
	{"uptime_s", FORM_REAL},
	{"requests", FORM_INT},
	{"requests_per_s", FORM_REAL, .help = "of the last second"},
	{"websockets", FORM_INT},
	{"store", FORM_OBJECT, .of = &store_form},
	{"backend", FORM_OBJECT, .of = &backend_form, .nullable = true,
		.help = "who is told of violations; null: nobody"},
	{0},
};
static const struct form performance_form = {"Performance", performance_fields, NULL};

static void get_system(struct server *server, const struct request *request, struct reply *reply)
{
	(void)request;
	monitoring_write_system(server, reply_json(reply, 200));
}

static void get_performance(
	struct server *server, const struct request *request, struct reply *reply)
{
	(void)request;
	monitoring_write_performance(server, reply_json(reply, 200));
}

const struct endpoint resource_monitoring_endpoints[] = {
	{METHOD_GET, "/monitoring/system", ROLE_VIEWER, get_system, "get_system",
		"what machine and process use", .status = 200, .reply = &system_form,
		.quick = true},
	{METHOD_GET, "/monitoring/performance", ROLE_VIEWER, get_performance, "get_performance",
		"what the server, its store and the backend do", .status = 200,
		.reply = &performance_form, .quick = true},
	{0},
};
