/* Alerts: what is wrong now, what was, and who has taken note of it. */
#include "serve/resources.h"
#include "serve/server_inside.h"
#include "store/alert_rows.h"
#include "watch/alert_rules.h"

#include <errno.h>
#include <stdlib.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000

static const char *const severities[] = {"info", "warning", "critical", NULL};
static const struct form_field alert_fields[] = {
	{"id", FORM_INT},
	{"at", FORM_TIME, .help = "when it began"},
	{"ended_at", FORM_TIME, .nullable = true, .help = "null: it goes on"},
	{"rule", FORM_STRING},
	{"severity", FORM_WORD, .words = severities},
	{"stream_id", FORM_STRING, .nullable = true, .help = "null: of the machine"},
	{"metric", FORM_STRING, .nullable = true},
	{"message", FORM_STRING, .max = 1024, .nullable = true},
	{"value", FORM_REAL, .nullable = true, .help = "of the metric when it began"},
	{"threshold", FORM_REAL, .nullable = true},
	{"acknowledged_by", FORM_STRING, .nullable = true},
	{0},
};
static const struct form alert_form = {"Alert", alert_fields, NULL};
static const struct form_field alerts_fields[] = {
	{"items", FORM_LIST, .of = &alert_form, .help = "newest first"},
	{0},
};
static const struct form alerts_form = {"Alerts", alerts_fields, NULL};
static const struct form_field alerts_query[] = {
	{"open", FORM_BOOL, .help = "true: only those that go on; default: false"},
	{"before", FORM_INT, .min = 1, .max = 9007199254740991,
		.help = "only those with smaller ids: the next page"},
	{"limit", FORM_INT, .min = 1, .max = LIMIT_MAX, .help = "default: 100"},
	{0},
};
static const struct form_field alert_params[] = {
	{"id", FORM_INT, .min = 1, .max = 9007199254740991, .help = "the alert's"},
	{0},
};
static const struct form_field acknowledge_fields[] = {
	{"acknowledged", FORM_BOOL, .required = true, .help = "true: somebody knows of it"},
	{0},
};
static const struct form acknowledge_form = {"AlertChange", acknowledge_fields, NULL};

static int write_alert(void *opaque, const struct alert_row *row)
{
	struct json *json = opaque;
	char subject[ALERT_SUBJECT_MAX + 1];
	alert_metric_subject(row->metric ? row->metric : "", subject);
	json_object(json);
	json_member_int(json, "id", row->id);
	json_member_wall(json, "at", row->at);
	json_member_wall(json, "ended_at", row->ended);
	json_member_string(json, "rule", row->rule);
	json_member_string(json, "severity", row->severity);
	json_member_string(json, "stream_id", subject[0] ? subject : NULL);
	json_member_string(json, "metric", row->metric);
	json_member_string(json, "message", row->message);
	json_member_real(json, "value", row->value, 4);
	json_member_real(json, "threshold", row->threshold, 4);
	json_member_string(json, "acknowledged_by", row->acknowledged_by);
	json_object_end(json);
	return 0;
}

static void list(
	struct server *server, const struct request *request, struct reply *reply, bool open_only)
{
	struct err err = {0};
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_key(json, "items");
	json_array(json);
	int r = alert_rows_find(server->store, open_only, request_int(request, "before", 0),
		(int)request_int(request, "limit", open_only ? LIMIT_MAX : LIMIT_DEFAULT),
		write_alert, json, &err);
	json_array_end(json);
	json_object_end(json);
	if (r < 0)
		reply_store_failed(reply, request, &err);
}

static void get_active(struct server *server, const struct request *request, struct reply *reply)
{
	list(server, request, reply, true);
}

static void get_all(struct server *server, const struct request *request, struct reply *reply)
{
	list(server, request, reply, request_bool(request, "open", false));
}

static int write_first(void *opaque, const struct alert_row *row)
{
	write_alert(opaque, row);
	return 1;
}

static void acknowledge(struct server *server, const struct request *request, struct reply *reply)
{
	struct err err = {0};
	int64_t id = strtoll(request->params[0], NULL, 10);
	if (!jsonin_bool(jsonin_get(request->document, "acknowledged"), false)) {
		reply_problem(
			reply, request, 422, "what somebody knows of cannot be unknown again");
		return;
	}
	int r = alert_rows_acknowledge(
		server->store, id, wall_now(), request->actor, request->address, &err);
	if (r == -ENOENT) {
		reply_problem(reply, request, 404, "%s", err.text);
		return;
	}
	if (r == 0)
		r = alert_rows_find(
			server->store, false, id + 1, 1, write_first, reply_json(reply, 200), &err);
	if (r < 0)
		reply_store_failed(reply, request, &err);
}

const struct endpoint resource_alerts_endpoints[] = {
	{METHOD_GET, "/monitoring/alerts", ROLE_VIEWER, get_active, "get_alerts",
		"alerts that go on", .status = 200, .reply = &alerts_form},
	{METHOD_GET, "/alerts", ROLE_VIEWER, get_all, "list_alerts",
		"all alerts that are kept, those that ended too", .query = alerts_query,
		.status = 200, .reply = &alerts_form},
	{METHOD_PATCH, "/alerts/{id}", ROLE_OPERATOR, acknowledge, "acknowledge_alert",
		"somebody has taken note of it", .params = alert_params, .body = &acknowledge_form,
		.status = 200, .reply = &alert_form},
	{0},
};
