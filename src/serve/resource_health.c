/* Whether the process lives, and whether it can do its work. */
#include "serve/resources.h"
#include "serve/server_inside.h"

static const char *const states[] = {"ok", "starting", "degraded", NULL};

static const struct form_field health_fields[] = {
	{"status", FORM_WORD, .words = states,
		.help = "degraded: it serves, and something is wrong"},
	{"version", FORM_STRING, .help = "of the program"},
	{"uptime_s", FORM_REAL, .help = "since it listens"},
	{0},
};
static const struct form health_form = {"Health", health_fields, NULL};

static void write_health(struct server *server, struct json *json, const char *status)
{
	json_object(json);
	json_member_string(json, "status", status);
	json_member_string(json, "version", GANTRY_VERSION);
	json_member_real(json, "uptime_s", (double)(mono_now().us - server->began.us) * 1e-6, 3);
	json_object_end(json);
}

static void get_live(struct server *server, const struct request *request, struct reply *reply)
{
	(void)request;
	write_health(server, reply_json(reply, 200), "ok");
}

static void get_ready(struct server *server, const struct request *request, struct reply *reply)
{
	if (server->ready)
		write_health(server, reply_json(reply, 200), "ok");
	else
		reply_problem(reply, request, 503, "the server is starting or going away");
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
