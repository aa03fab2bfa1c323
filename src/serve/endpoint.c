#include "serve/endpoint.h"

#include "serve/resources.h"

#include <stdio.h>
#include <string.h>

/* In the order of the document. */
static const struct endpoint *const tables[] = {
	resource_health_endpoints,
	resource_streams_endpoints,
	resource_versions_endpoints,
	resource_live_endpoints,
	resource_violations_endpoints,
	resource_analytics_endpoints,
	resource_traffic_endpoints,
	resource_monitoring_endpoints,
	resource_alerts_endpoints,
	resource_sockets_endpoints,
	resource_tokens_endpoints,
	resource_dashboard_endpoints,
	resource_about_endpoints,
};
#define TABLE_COUNT (int)(sizeof(tables) / sizeof(tables[0]))

const struct endpoint *endpoint_at(int index)
{
	for (int t = 0; t < TABLE_COUNT; t++)
		for (const struct endpoint *e = tables[t]; e->path; e++)
			if (index-- == 0)
				return e;
	return NULL;
}

static size_t segment_length(const char *path)
{
	return strcspn(path, "/");
}

/* Both begin behind a '/'. False also for a parameter that is empty or too long to exist. */
static bool match_segments(const char *pattern, const char *path, struct request *request)
{
	request->param_count = 0;
	for (;;) {
		size_t m = segment_length(pattern), n = segment_length(path);
		if (pattern[0] == '{') {
			char *param = request->params[request->param_count];
			if (n == 0 || n >= sizeof(request->params[0]) ||
				request->param_count == REQUEST_PARAMS_MAX)
				return false;
			memcpy(param, path, n);
			param[n] = '\0';
			request->param_count++;
		} else if (m != n || memcmp(pattern, path, n) != 0) {
			return false;
		}
		pattern += m;
		path += n;
		if (*pattern != *path)
			return false;
		if (!*pattern)
			return true;
		pattern++;
		path++;
	}
}

static bool takes(const struct endpoint *endpoint, enum method method)
{
	return endpoint->method == method ||
	       (method == METHOD_HEAD && endpoint->method == METHOD_GET && !endpoint->channel);
}

static void write_allow(unsigned methods, char *allow, size_t size)
{
	size_t used = 0;
	allow[0] = '\0';
	if (methods & 1u << METHOD_GET)
		methods |= 1u << METHOD_HEAD;
	methods |= 1u << METHOD_OPTIONS;
	for (int m = 0; m < METHOD_COUNT; m++)
		if (methods & 1u << m && used < size)
			used += (size_t)snprintf(allow + used, size - used, "%s%s",
				used ? ", " : "", method_name((enum method)m));
}

enum endpoint_match endpoint_find(struct request *request, char *allow, size_t size)
{
	unsigned methods = 0;
	const struct endpoint *endpoint;
	if (request->path[0] != '/')
		return ENDPOINT_NO_PATH;
	for (int i = 0; (endpoint = endpoint_at(i)); i++) {
		if (!match_segments(endpoint->path + 1, request->path + 1, request))
			continue;
		methods |= 1u << endpoint->method;
		request->endpoint = endpoint;
		if (takes(endpoint, request->method))
			return ENDPOINT_FOUND;
	}
	if (!methods)
		return ENDPOINT_NO_PATH;
	write_allow(methods, allow, size);
	return request->method == METHOD_OPTIONS ? ENDPOINT_FOUND : ENDPOINT_NO_METHOD;
}

static bool check_params(struct request *request, struct reply *reply)
{
	struct faults faults = {0};
	const struct form_field *field = request->endpoint->params;
	for (int i = 0; i < request->param_count && field && field->name; i++, field++)
		form_check_text(field, request->params[i], &faults);
	if (faults.count == 0)
		return true;
	reply_problem(reply, request, 404, "there is nothing here: %s %s", faults.items[0].name,
		faults.items[0].text);
	return false;
}

static bool check_query(struct request *request, struct reply *reply)
{
	static const struct form_field none[] = {{0}};
	struct faults faults = {0};
	const struct form_field *fields =
		request->endpoint->query ? request->endpoint->query : none;
	for (int i = 0; i < request->query_count; i++) {
		const struct request_pair *pair = &request->query[i];
		const struct form_field *field = form_find(fields, pair->name);
		if (request_text(request, pair->name, NULL) != pair->value)
			faults_add(&faults, pair->name, "is given twice");
		else if (field)
			form_check_text(field, pair->value, &faults);
		else
			faults_add(&faults, pair->name, "is no parameter of this path");
	}
	for (const struct form_field *f = fields; f->name; f++)
		if (f->required && !request_text(request, f->name, NULL))
			faults_add(&faults, f->name, "is missing");
	if (faults.count > 0)
		reply_faults(reply, request, 422, &faults);
	return faults.count == 0;
}

static bool check_body(struct request *request, struct reply *reply)
{
	const struct endpoint *endpoint = request->endpoint;
	struct faults faults = {0};
	struct err err = {0};
	if (!endpoint->body || (endpoint->body_optional && request->body_length == 0))
		return true;
	if (jsonin_parse(request->body ? request->body : "", request->body_length, &err,
		    &request->document) < 0) {
		reply_problem(reply, request, 400, "the body is no JSON: %s", err.text);
		return false;
	}
	form_check_object(endpoint->body->fields, request->document, &faults);
	if (faults.count > 0)
		reply_faults(reply, request, 422, &faults);
	return faults.count == 0;
}

bool endpoint_check(struct request *request, struct reply *reply)
{
	return check_params(request, reply) && check_query(request, reply) &&
	       check_body(request, reply);
}
