/* The dashboard: its page at "/", the rest below "/dashboard/". */
#include "serve/dashboard.h"
#include "serve/resources.h"
#include "serve/server_inside.h"

#include <string.h>

#define PAGE "index.html"

/* Of a file that the program brings. */
static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	if (strcmp(dot, ".html") == 0)
		return "text/html; charset=utf-8";
	return strcmp(dot, ".css") == 0 ? "text/css; charset=utf-8"
					: "text/javascript; charset=utf-8";
}

static void reply_file(
	struct server *server, const struct request *request, struct reply *reply, const char *name)
{
	for (int i = 0; i < dashboard_file_count; i++) {
		if (strcmp(dashboard_files[i].name, name) != 0)
			continue;
		packed_reply(&server->dashboard[i], request, reply, type_of(name));
		return;
	}
	reply_problem(reply, request, 404, "the dashboard has no such file: %.64s", name);
}

static void get_page(struct server *server, const struct request *request, struct reply *reply)
{
	reply_file(server, request, reply, PAGE);
}

static void get_file(struct server *server, const struct request *request, struct reply *reply)
{
	reply_file(server, request, reply, request->params[0]);
}

static const struct form_field file_params[] = {
	{"file", FORM_STRING, .min = 1, .max = 63, .help = "as the page names it"},
	{0},
};

const struct endpoint resource_dashboard_endpoints[] = {
	{METHOD_GET, "/", ROLE_NOBODY, get_page, "get_dashboard",
		"the dashboard: a page that shows all of this to a person", .status = 200,
		.content_type = "text/html", .quick = true},
	{METHOD_GET, "/dashboard/{file}", ROLE_NOBODY, get_file, "get_dashboard_file",
		"its style and scripts", .params = file_params, .status = 200,
		.content_type = "application/octet-stream", .quick = true},
	{0},
};
