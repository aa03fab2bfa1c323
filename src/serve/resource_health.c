/* Whether the process lives, and whether it can do its work. */
#include "serve/resources.h"
#include "serve/server_inside.h"

static const char *const states[] = {"ok", "starting", "degraded", NULL};

static const struct form_field health_fields[] = {
	{"status", FORM_WORD, .words = states,
		.help = "degraded: it serves, and something is wrong"},
	{"version", FORM_STRING, .help = "of the program"},
	{"uptime_s", FORM_REAL, .help = "since it listens"},
	{"troubles", FORM_LIST, .optional = true,
		.help = "what does not do its work: store, backend; /monitoring/performance says "
			"why"},
	{0},
};
static const struct form health_form = {"Health", health_fields, NULL};

static void begin_health(struct server *server, struct json *json, const char *status)
{
	json_object(json);
	json_member_string(json, "status", status);
	json_member_string(json, "version", GANTRY_VERSION);
	json_member_real(json, "uptime_s", (double)(mono_now().us - server->began.us) * 1e-6, 3);
}

static void get_live(struct server *server, const struct request *request, struct reply *reply)
{
	struct json *json = reply_json(reply, 200);
	(void)request;
	begin_health(server, json, "ok");
	json_object_end(json);
}

/* 200 also where it is degraded: it serves, and whoever restarts it would make nothing better. */
static void get_ready(struct server *server, const struct request *request, struct reply *reply)
{
	const char *troubles[MONITORING_TROUBLES_MAX];
	if (!server->ready) {
		reply_problem(reply, request, 503, "the server is starting or going away");
		return;
	}
	int count = monitoring_troubles(server, troubles);
	struct json *json = reply_json(reply, 200);
	begin_health(server, json, count > 0 ? "degraded" : "ok");
	json_key(json, "troubles");
	json_array(json);
	for (int i = 0; i < count; i++)
		json_string(json, troubles[i]);
	json_array_end(json);
	json_object_end(json);
}

const struct endpoint resource_health_endpoints[] = {
	{METHOD_GET, "/health", ROLE_NOBODY, get_ready, "get_health",
		"whether it can do its work; the same as /health/ready", .status = 200,
		.reply = &health_form, .quick = true},
	{METHOD_GET, "/health/live", ROLE_NOBODY, get_live, "get_health_live",
		"whether the process lives", .status = 200, .reply = &health_form, .quick = true},
	{METHOD_GET, "/health/ready", ROLE_NOBODY, get_ready, "get_health_ready",
		"whether it can do its work", .status = 200, .reply = &health_form, .quick = true},
	{0},
};
