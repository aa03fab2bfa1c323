#include "serve/answer.h"

#include "base/log.h"
#include "serve/endpoint.h"
#include "serve/range.h"
#include "serve/server_inside.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool ask_guard(struct server *server, struct exchange *x, const char *token)
{
	struct request *request = &x->request;
	int retry_s = 0;
	switch (guard_ask(server->guard, request->address, token, mono_now(), wall_now(),
		&request->role, request->actor, &retry_s)) {
	case GUARD_PASS:
		return true;
	case GUARD_WRONG:
		log_warning("request %s: a wrong or expired token from %s", request->id,
			request->address);
		reply_problem(&x->reply, request, 401, "the token is unknown or has expired");
		return false;
	case GUARD_LOCKED:
		reply_problem(&x->reply, request, 429,
			"too many wrong tokens from this address: wait %d s", retry_s);
		break;
	case GUARD_TOO_FAST:
		reply_problem(&x->reply, request, 429,
			"more than %g requests a second from this address: slow down",
			server->params.requests_per_second);
		break;
	}
	x->reply.retry_after_s = retry_s;
	return false;
}

static bool check_role(struct exchange *x)
{
	const struct request *request = &x->request;
	if (request->role >= request->endpoint->role)
		return true;
	if (request->role == ROLE_NOBODY)
		reply_problem(&x->reply, request, 401,
			"a token is needed: send 'Authorization: Bearer TOKEN'");
	else
		reply_problem(&x->reply, request, 403,
			"this needs the role %s, and %s has the role %s",
			role_name(request->endpoint->role), request->actor,
			role_name(request->role));
	return false;
}

static bool find_endpoint(struct exchange *x, const struct answer_head *head)
{
	struct request *request = &x->request;
	if (!form_is_text(request->path, strlen(request->path))) {
		reply_problem(&x->reply, request, 400,
			"the path must be UTF-8 without control characters");
		return false;
	}
	switch (endpoint_find(request, x->reply.allow, sizeof(x->reply.allow))) {
	case ENDPOINT_NO_PATH:
		reply_problem(&x->reply, request, 404, "there is nothing at this path");
		return false;
	case ENDPOINT_NO_METHOD:
		reply_problem(&x->reply, request, 405, "this path takes %s", x->reply.allow);
		return false;
	case ENDPOINT_FOUND:
		break;
	}
	if (request->method != METHOD_OPTIONS &&
		head->websocket != (request->endpoint->channel != CHANNEL_NONE)) {
		reply_problem(&x->reply, request, head->websocket ? 400 : 426,
			head->websocket ? "this path is no WebSocket"
					: "this path is a WebSocket: ask for an upgrade");
		return false;
	}
	return true;
}

static bool check_body_head(
	const struct server *server, struct exchange *x, const struct answer_head *head)
{
	const struct request *request = &x->request;
	bool takes = request->endpoint->body && request->method != METHOD_OPTIONS;
	if (head->chunked)
		reply_problem(&x->reply, request, 411,
			"bodies must have a Content-Length; chunks are not taken");
	else if (head->has_length && head->length < 0)
		reply_problem(&x->reply, request, 400, "Content-Length must be a number");
	else if (head->length > server->params.max_body_bytes)
		reply_problem(&x->reply, request, 413, "a body has at most %d bytes",
			server->params.max_body_bytes);
	else if (takes && !head->has_length && !request->endpoint->body_optional)
		reply_problem(&x->reply, request, 411, "a body with Content-Length is needed");
	else if (!takes && head->length > 0 && request->method != METHOD_OPTIONS)
		reply_problem(&x->reply, request, 413, "this takes no body");
	else if (takes && head->length > 0 &&
		 strncasecmp(head->content_type, "application/json", 16) != 0)
		reply_problem(&x->reply, request, 415, "the body must be application/json");
	else
		return true;
	x->reply.close = head->chunked || head->length != 0;
	return false;
}

bool answer_head(struct server *server, struct exchange *x, const struct answer_head *head)
{
	bool go_on = ask_guard(server, x, head->has_token ? head->token : NULL) &&
		     find_endpoint(x, head) &&
		     (x->request.method == METHOD_OPTIONS || check_role(x)) &&
		     check_body_head(server, x, head);
	/* A body that is not read would be taken for the next request. */
	if (!go_on && (head->chunked || head->length != 0))
		x->reply.close = true;
	return go_on;
}

/* FNV-1a (Fowler, Noll, Vo), 64 bits: tells versions of a reply apart, hides nothing. */
static uint64_t fingerprint(const void *bytes, size_t length)
{
	const unsigned char *b = bytes;
	uint64_t hash = 0xcbf29ce484222325u;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ b[i]) * 0x100000001b3u;
	return hash;
}

static void add_etag(struct reply *reply)
{
	if (reply->etag[0] || reply->fd >= 0)
		return;
	const void *bytes = reply->bytes ? reply->bytes : reply->json.text;
	size_t length = reply->bytes ? reply->length : reply->json.length;
	if (length > 0)
		snprintf(reply->etag, sizeof(reply->etag), "\"%016llx\"",
			(unsigned long long)fingerprint(bytes, length));
}

static void empty_reply(struct reply *reply, int status)
{
	reply->status = status;
	reply->bytes = "";
	reply->length = 0;
	json_reset(&reply->json);
	if (reply->fd >= 0) {
		reply->offset = 0;
		reply->length = 0;
	}
}

static void apply_range(struct exchange *x)
{
	struct reply *reply = &x->reply;
	int64_t first, length;
	if (reply->fd < 0 || !x->request.range[0])
		return;
	/* RFC 9110, 13.1.5: a part of another file than the client has the rest of is of no use. */
	if (x->request.if_range[0] && strcmp(x->request.if_range, reply->etag) != 0)
		return;
	switch (range_parse(x->request.range, reply->file_size, &first, &length)) {
	case RANGE_ALL:
		break;
	case RANGE_PART:
		reply->status = 206;
		reply->partial = true;
		reply->offset = first;
		reply->length = (size_t)length;
		break;
	case RANGE_UNSATISFIABLE:
		reply_problem(reply, &x->request, 416, "the range lies outside the %lld bytes",
			(long long)reply->file_size);
		reply->partial = true;
		break;
	}
}

static void apply_conditions(struct exchange *x)
{
	struct reply *reply = &x->reply;
	bool reads = x->request.method == METHOD_GET || x->request.method == METHOD_HEAD;
	if (!reads || reply->status != 200)
		return;
	add_etag(reply);
	if (x->request.if_none_match[0] && reply->etag[0] &&
		range_etag_matches(x->request.if_none_match, reply->etag))
		empty_reply(reply, 304);
	else
		apply_range(x);
}

void answer_run(struct server *server, struct exchange *x)
{
	struct request *request = &x->request;
	if (request->method == METHOD_OPTIONS) {
		empty_reply(&x->reply, 204);
		return;
	}
	if (!endpoint_check(request, &x->reply))
		return;
	request->endpoint->handle(server, request, &x->reply);
	if (x->reply.json.failed)
		reply_problem(&x->reply, request, 503, "out of memory");
	apply_conditions(x);
}
