/* The machine, the server and its store, and what is wrong with them. */
#include "serve/resources.h"
#include "serve/server_inside.h"
#include "store/alert_rows.h"

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
static const struct form_field performance_fields[] = {
	{"uptime_s", FORM_REAL},
	{"requests", FORM_INT},
	{"requests_per_s", FORM_REAL, .help = "of the last second"},
	{"websockets", FORM_INT},
	{"store", FORM_OBJECT, .of = &store_form},
	{0},
};
static const struct form performance_form = {"Performance", performance_fields, NULL};

static const char *const severities[] = {"info", "warning", "critical", NULL};
static const struct form_field alert_fields[] = {
	{"id", FORM_INT},
	{"at", FORM_TIME},
	{"rule", FORM_STRING},
	{"severity", FORM_WORD, .words = severities},
	{"metric", FORM_STRING, .nullable = true},
	{"message", FORM_STRING, .max = 1024, .nullable = true},
	{"value", FORM_REAL, .nullable = true},
	{"threshold", FORM_REAL, .nullable = true},
	{"acknowledged_by", FORM_STRING, .nullable = true},
	{0},
};
static const struct form alert_form = {"Alert", alert_fields, NULL};
static const struct form_field alerts_fields[] = {
	{"items", FORM_LIST, .of = &alert_form, .help = "those that go on, newest first"},
	{0},
};
static const struct form alerts_form = {"Alerts", alerts_fields, NULL};

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

static int write_alert(void *opaque, const struct alert_row *row)
{
	struct json *json = opaque;
	char time[WALL_TEXT_SIZE];
	wall_format(row->at, time, sizeof(time));
	json_object(json);
	json_key(json, "id");
	json_int(json, row->id);
	json_key(json, "at");
	json_string(json, time);
	json_key(json, "rule");
	json_string(json, row->rule);
	json_key(json, "severity");
	json_string(json, row->severity);
	json_key(json, "metric");
	json_string(json, row->metric);
	json_key(json, "message");
	json_string(json, row->message);
	json_key(json, "value");
	json_real(json, row->value, 4);
	json_key(json, "threshold");
	json_real(json, row->threshold, 4);
	json_key(json, "acknowledged_by");
	json_string(json, row->acknowledged_by);
	json_object_end(json);
	return 0;
}

static void get_alerts(struct server *server, const struct request *request, struct reply *reply)
{
	struct err err = {0};
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_key(json, "items");
	json_array(json);
	int r = alert_rows_find(server->store, true, 0, 1000, write_alert, json, &err);
	json_array_end(json);
	json_object_end(json);
	if (r == 0)
		return;
	reply_store_failed(reply, request, &err);
}

const struct endpoint resource_monitoring_endpoints[] = {
	{METHOD_GET, "/monitoring/system", ROLE_VIEWER, get_system, "get_system",
		"what machine and process use", .status = 200, .reply = &system_form,
		.quick = true},
	{METHOD_GET, "/monitoring/performance", ROLE_VIEWER, get_performance, "get_performance",
		"what the server and its store do", .status = 200, .reply = &performance_form,
		.quick = true},
	{METHOD_GET, "/monitoring/alerts", ROLE_VIEWER, get_alerts, "get_alerts",
		"alerts that go on", .status = 200, .reply = &alerts_form},
	{0},
};
