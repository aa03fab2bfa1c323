/* What there is: the OpenAPI document and a page that shows it to a person. */
#include "serve/resources.h"
#include "serve/server_inside.h"

const char resource_about_page[] =
	"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Gantry</title>\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<link rel=\"stylesheet\" href=\"dashboard/style.css\">\n"
	"<main class=\"docs\"><h1>Gantry</h1><p>Everything below is in <a "
	"href=\"openapi.json\">openapi.json</a>. "
	"Send <code>Authorization: Bearer TOKEN</code>.</p><table id=\"t\"></table></main>\n"
	"<script src=\"docs.js\"></script></html>\n";

const char resource_about_script[] =
	"fetch('openapi.json').then(r => r.json()).then(d => {\n"
	"  const t = document.getElementById('t');\n"
	"  for (const [path, ops] of Object.entries(d.paths))\n"
	"    for (const [method, op] of Object.entries(ops)) {\n"
	"      const row = t.insertRow();\n"
	"      row.insertCell().textContent = method.toUpperCase();\n"
	"      const code = document.createElement('code');\n"
	"      code.textContent = path;\n"
	"      row.insertCell().append(code);\n"
	"      const names = (op.parameters || []).filter(p => p.in == 'query');\n"
	"      row.insertCell().textContent = op.summary + '. ' + op.description +\n"
	"        (names.length ? ' Parameters: ' + names.map(p => p.name).join(', ') : '');\n"
	"    }\n"
	"});\n";

static void get_page(struct server *server, const struct request *request, struct reply *reply)
{
	packed_reply(&server->page, request, reply, "text/html; charset=utf-8");
}

static void get_script(struct server *server, const struct request *request, struct reply *reply)
{
	packed_reply(&server->script, request, reply, "text/javascript; charset=utf-8");
}

static void get_openapi(struct server *server, const struct request *request, struct reply *reply)
{
	packed_reply(&server->document, request, reply, "application/json");
}

const struct endpoint resource_about_endpoints[] = {
	{METHOD_GET, "/docs", ROLE_NOBODY, get_page, "get_page", "this list, for people",
		.status = 200, .content_type = "text/html", .quick = true},
	{METHOD_GET, "/docs.js", ROLE_NOBODY, get_script, "get_page_script", "what fills the page",
		.status = 200, .content_type = "text/javascript", .quick = true},
	{METHOD_GET, "/openapi.json", ROLE_NOBODY, get_openapi, "get_openapi",
		"this list, for programs (OpenAPI 3.1)", .status = 200,
		.content_type = "application/json", .quick = true},
	{0},
};
