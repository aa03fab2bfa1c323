#include "serve/request.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *method_name(enum method method)
{
	static const char *const names[METHOD_COUNT] = {
		"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
	return names[method];
}

static const char *const role_names[] = {"nobody", "viewer", "operator", "admin"};

const char *role_name(enum role role)
{
	return role_names[role];
}

enum role role_from_name(const char *name)
{
	for (int i = ROLE_VIEWER; i <= ROLE_ADMIN; i++)
		if (strcmp(role_names[i], name) == 0)
			return (enum role)i;
	return ROLE_NOBODY;
}

struct exchange *exchange_create(void)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	if (exchange)
		exchange->reply.fd = -1;
	return exchange;
}

static void close_source(struct reply *reply)
{
	if (reply->source)
		reply->source->close(reply->source_opaque);
	reply->source = NULL;
}

void exchange_destroy(struct exchange **exchange)
{
	struct exchange *x = *exchange;
	*exchange = NULL;
	if (!x)
		return;
	close_source(&x->reply);
	if (x->reply.fd >= 0)
		close(x->reply.fd);
	json_finish(&x->reply.json);
	jsonin_free(&x->request.document);
	free(x->request.text);
	free(x->request.body);
	free(x);
}

const char *request_text(const struct request *request, const char *name, const char *def)
{
	for (int i = 0; i < request->query_count; i++)
		if (strcmp(request->query[i].name, name) == 0)
			return request->query[i].value;
	return def;
}

int64_t request_int(const struct request *request, const char *name, int64_t def)
{
	const char *text = request_text(request, name, NULL);
	return text ? strtoll(text, NULL, 10) : def;
}

double request_real(const struct request *request, const char *name, double def)
{
	const char *text = request_text(request, name, NULL);
	return text ? strtod(text, NULL) : def;
}

bool request_bool(const struct request *request, const char *name, bool def)
{
	const char *text = request_text(request, name, NULL);
	return text ? strcmp(text, "true") == 0 : def;
}

int64_t request_time_us(const struct request *request, const char *name, int64_t def)
{
	const char *text = request_text(request, name, NULL);
	struct wall t;
	return text && wall_parse(text, &t) == 0 ? t.us : def;
}

const char *reply_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{206, "Partial Content"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{411, "Length Required"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{416, "Range Not Satisfiable"},
		{422, "Unprocessable Content"},
		{426, "Upgrade Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
	};
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

struct json *reply_json(struct reply *reply, int status)
{
	reply->status = status;
	reply->content_type = NULL;
	reply->bytes = NULL;
	json_reset(&reply->json);
	return &reply->json;
}

static struct json *begin_problem(
	struct reply *reply, const struct request *request, int status, const char *detail)
{
	struct json *json = reply_json(reply, status);
	if (reply->fd >= 0)
		close(reply->fd);
	reply->fd = -1;
	close_source(reply);
	reply->etag[0] = '\0';
	reply->content_type = "application/problem+json";
	json_object(json);
	json_member_string(json, "type", "about:blank");
	json_member_string(json, "title", reply_reason(status));
	json_member_int(json, "status", status);
	json_member_string(json, "detail", detail);
	json_member_string(json, "instance", request->path);
	json_member_string(json, "request_id", request->id);
	return json;
}

void reply_problem(
	struct reply *reply, const struct request *request, int status, const char *fmt, ...)
{
	char detail[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(detail, sizeof(detail), fmt, args);
	va_end(args);
	json_object_end(begin_problem(reply, request, status, detail));
}

void reply_store_failed(struct reply *reply, const struct request *request, const struct err *err)
{
	log_error("request %s: %s", request->id, err->text);
	reply_problem(reply, request, 503, "the store cannot do this now: try again");
	reply->retry_after_s = 1;
}

void reply_faults(
	struct reply *reply, const struct request *request, int status, const struct faults *faults)
{
	char detail[300];
	snprintf(detail, sizeof(detail), "%s %s%s", faults->items[0].name, faults->items[0].text,
		faults->count > 1 ? ", and more" : "");
	struct json *json = begin_problem(reply, request, status, detail);
	json_key(json, "errors");
	json_array(json);
	for (int i = 0; i < faults->count; i++) {
		json_object(json);
		json_member_string(json, "name", faults->items[i].name);
		json_member_string(json, "detail", faults->items[i].text);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void write_problem(struct json *json, const struct problem *problem)
{
	json_object(json);
	json_member_string(json, "name", problem->path);
	json_member_string(json, "detail", problem->text);
	if (problem->line > 0) {
		json_member_int(json, "line", problem->line);
		json_member_int(json, "column", problem->column);
	}
	json_object_end(json);
}

void reply_problems(
	struct reply *reply, const struct request *request, const struct problems *problems)
{
	struct err first = {"the configuration is wrong"};
	problems_first(problems, NULL, "", &first);
	struct json *json = begin_problem(reply, request, 422, first.text);
	json_key(json, "errors");
	json_array(json);
	for (int i = 0; i < problems->count; i++)
		if (problems->items[i].level == PROBLEM_ERROR)
			write_problem(json, &problems->items[i]);
	json_array_end(json);
	json_object_end(json);
}
