#include "serve/openapi.h"

#include "serve/endpoint.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FORMS_MAX 96

/* Every form that is reachable from the endpoints, once, in the order met. */
struct form_set {
	const struct form *items[FORMS_MAX];
	int count;
	bool reply[FORMS_MAX];
};

static void collect(struct form_set *set, const struct form *form, bool reply)
{
	if (!form || set->count == FORMS_MAX)
		return;
	for (int i = 0; i < set->count; i++)
		if (set->items[i] == form)
			return;
	set->items[set->count] = form;
	set->reply[set->count++] = reply;
	for (const struct form_field *f = form->fields; f->name; f++)
		collect(set, f->of, reply);
}

static const struct form_field fault_fields[] = {
	{"name", FORM_STRING, .help = "the field or parameter"},
	{"detail", FORM_STRING, .max = 512, .help = "what is wrong with it"},
	{"line", FORM_INT, .optional = true, .help = "of the body; of configurations only"},
	{"column", FORM_INT, .optional = true},
	{0},
};
static const struct form fault_form = {"Fault", fault_fields, NULL};
static const struct form_field problem_fields[] = {
	{"type", FORM_STRING, .help = "about:blank: the title says it"},
	{"title", FORM_STRING, .help = "the reason phrase of the status"},
	{"status", FORM_INT, .min = 400, .max = 599, .help = "the HTTP status"},
	{"detail", FORM_STRING, .max = 512, .help = "what failed, on what, and what to do"},
	{"instance", FORM_STRING, .max = 512, .help = "the path that was asked for"},
	{"request_id", FORM_STRING, .help = "stands in the server's log"},
	{"errors", FORM_LIST, .of = &fault_form, .optional = true,
		.help = "each field that is wrong"},
	{0},
};
static const struct form problem_form = {
	"Problem", problem_fields, "why a request failed (RFC 9457)"};

static void write_components(struct json *json)
{
	struct form_set set = {0};
	const struct endpoint *e;
	collect(&set, &problem_form, true);
	for (int i = 0; (e = endpoint_at(i)); i++) {
		collect(&set, e->body, false);
		collect(&set, e->reply, true);
	}
	json_key(json, "components");
	json_object(json);
	json_key(json, "schemas");
	json_object(json);
	for (int i = 0; i < set.count; i++) {
		json_key(json, set.items[i]->name);
		form_write_object(json, set.items[i], set.reply[i]);
	}
	json_object_end(json);
	json_key(json, "securitySchemes");
	json_object(json);
	json_key(json, "token");
	json_object(json);
	json_member_string(json, "type", "http");
	json_member_string(json, "scheme", "bearer");
	json_object_end(json);
	json_object_end(json);
	json_object_end(json);
}

static void write_parameter(struct json *json, const struct form_field *field, bool in_path)
{
	json_object(json);
	json_member_string(json, "name", field->name);
	json_member_string(json, "in", in_path ? "path" : "query");
	json_member_bool(json, "required", in_path || field->required);
	if (field->help)
		json_member_string(json, "description", field->help);
	json_key(json, "schema");
	form_write_field(json, field);
	json_object_end(json);
}

static void write_parameters(struct json *json, const struct endpoint *endpoint)
{
	if (!endpoint->params && !endpoint->query)
		return;
	json_key(json, "parameters");
	json_array(json);
	for (const struct form_field *f = endpoint->params; f && f->name; f++)
		write_parameter(json, f, true);
	for (const struct form_field *f = endpoint->query; f && f->name; f++)
		write_parameter(json, f, false);
	json_array_end(json);
}

static void write_content(struct json *json, const char *type, const struct form *form)
{
	char path[128];
	json_key(json, "content");
	json_object(json);
	json_key(json, type);
	json_object(json);
	if (form) {
		snprintf(path, sizeof(path), "#/components/schemas/%s", form->name);
		json_key(json, "schema");
		json_object(json);
		json_member_string(json, "$ref", path);
		json_object_end(json);
	}
	json_object_end(json);
	json_object_end(json);
}

static void write_success(struct json *json, const struct endpoint *endpoint)
{
	char status[16];
	snprintf(status, sizeof(status), "%d", endpoint->channel ? 101 : endpoint->status);
	json_key(json, status);
	json_object(json);
	json_member_string(json, "description",
		endpoint->channel ? "a WebSocket" : reply_reason(endpoint->status));
	if (endpoint->reply || endpoint->content_type)
		write_content(json,
			endpoint->content_type ? endpoint->content_type : "application/json",
			endpoint->reply);
	json_object_end(json);
}

static void write_range(struct json *json, const struct endpoint *endpoint)
{
	json_key(json, "206");
	json_object(json);
	json_member_string(json, "description", "the part that Range asked for");
	write_content(json, endpoint->content_type, NULL);
	json_object_end(json);
}

static void write_unchanged(struct json *json)
{
	json_key(json, "304");
	json_object(json);
	json_member_string(json, "description", "what If-None-Match says is what there is");
	json_object_end(json);
}

static void write_problem(struct json *json, const char *statuses, const char *description)
{
	json_key(json, statuses);
	json_object(json);
	json_member_string(json, "description", description);
	write_content(json, "application/problem+json", &problem_form);
	json_object_end(json);
}

static void write_responses(struct json *json, const struct endpoint *endpoint)
{
	json_key(json, "responses");
	json_object(json);
	write_success(json, endpoint);
	if (endpoint->ranges)
		write_range(json, endpoint);
	if (endpoint->method == METHOD_GET && !endpoint->channel)
		write_unchanged(json);
	write_problem(json, "4XX", "the request is wrong: a problem document");
	write_problem(json, "5XX", "the server cannot do it now: a problem document");
	json_object_end(json);
}

static void write_security(struct json *json, const struct endpoint *endpoint)
{
	json_key(json, "security");
	json_array(json);
	if (endpoint->role != ROLE_NOBODY) {
		json_object(json);
		json_key(json, "token");
		json_array(json);
		json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
}

/* "/violations/{id}" belongs to "violations". */
static void write_tag(struct json *json, const char *path)
{
	char tag[32];
	snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(path + 1, "/."), path + 1);
	json_key(json, "tags");
	json_array(json);
	json_string(json, tag[0] ? tag : "about");
	json_array_end(json);
}

static void write_operation(struct json *json, const struct endpoint *endpoint)
{
	char method[16], note[96];
	size_t n = 0;
	for (const char *m = method_name(endpoint->method); *m; m++)
		method[n++] = (char)tolower((unsigned char)*m);
	method[n] = '\0';
	json_key(json, method);
	json_object(json);
	json_member_string(json, "operationId", endpoint->name);
	json_member_string(json, "summary", endpoint->summary);
	snprintf(note, sizeof(note), "%s%s",
		endpoint->role == ROLE_NOBODY ? "Open to all." : "Needs the role: ",
		endpoint->role == ROLE_NOBODY ? "" : role_name(endpoint->role));
	json_member_string(json, "description", note);
	write_tag(json, endpoint->path);
	write_security(json, endpoint);
	write_parameters(json, endpoint);
	if (endpoint->body) {
		json_key(json, "requestBody");
		json_object(json);
		json_member_bool(json, "required", !endpoint->body_optional);
		write_content(json, "application/json", endpoint->body);
		json_object_end(json);
	}
	write_responses(json, endpoint);
	json_object_end(json);
}

/* Whether an earlier row has the same path: it wrote this one too. */
static bool is_written(int index)
{
	for (int i = 0; i < index; i++)
		if (strcmp(endpoint_at(i)->path, endpoint_at(index)->path) == 0)
			return true;
	return false;
}

static void write_paths(struct json *json)
{
	const struct endpoint *e, *same;
	json_key(json, "paths");
	json_object(json);
	for (int i = 0; (e = endpoint_at(i)); i++) {
		if (is_written(i))
			continue;
		json_key(json, e->path);
		json_object(json);
		for (int k = i; (same = endpoint_at(k)); k++)
			if (strcmp(same->path, e->path) == 0)
				write_operation(json, same);
		json_object_end(json);
	}
	json_object_end(json);
}

void openapi_write(struct json *json)
{
	json_object(json);
	json_member_string(json, "openapi", "3.1.0");
	json_key(json, "info");
	json_object(json);
	json_member_string(json, "title", "Gantry");
	json_member_string(json, "version", GANTRY_VERSION);
	json_member_string(json, "description",
		"Road users followed, measured and judged. Times are ISO 8601 in UTC; units are in "
		"the names; every error is a problem document (RFC 9457).");
	json_key(json, "license");
	json_object(json);
	json_member_string(json, "name", "Apache License 2.0");
	json_member_string(json, "identifier", "Apache-2.0");
	json_object_end(json);
	json_object_end(json);
	json_key(json, "servers");
	json_array(json);
	json_object(json);
	json_member_string(json, "url", "/");
	json_object_end(json);
	json_array_end(json);
	write_paths(json);
	write_components(json);
	json_object_end(json);
}
