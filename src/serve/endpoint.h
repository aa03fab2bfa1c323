/*
 * What the server offers, as tables: each file resource_NAME.c ends with one, and endpoint.c lists
 * them. Routing, 405, OPTIONS, HEAD, the checks of queries and bodies and /openapi.json all come
 * from the same rows.
 *
 * Threads: constant. Memory: none.
 */
#pragma once

#include "serve/request.h"

/* What a WebSocket may listen to. */
enum channel {
	CHANNEL_NONE,
	CHANNEL_REALTIME, /* results of frames */
	CHANNEL_MONITORING, /* a sample of the metrics every second */
	CHANNEL_ALERTS,
	CHANNEL_VIOLATIONS, /* every violation from an id on, from the store: none is missed */
	CHANNEL_LIVE, /* one camera's encoded video */
	CHANNEL_COUNT
};

typedef void endpoint_handler(
	struct server *server, const struct request *request, struct reply *reply);

struct endpoint {
	enum method method; /* GET answers HEAD as well; OPTIONS is made up */
	const char *path; /* "/violations/{id}": one segment each, given in request->params */
	enum role role; /* the least that may; ROLE_NOBODY: anyone, without a token */
	endpoint_handler *handle;
	const char *name; /* unique: "list_violations" */
	const char *summary; /* one line */
	const struct form_field *params; /* of the path, in its order; NULL: none */
	const struct form_field *query; /* NULL: takes none */
	const struct form *body; /* NULL: takes none */
	bool body_optional;
	int status; /* of success */
	const struct form *reply; /* of success; NULL: not JSON, or nothing */
	const char *content_type; /* of success where it is not JSON; NULL: nothing */
	bool ranges; /* honours Range: 206, 416 */
	bool quick; /* answers from memory, never waits: runs on the service thread */
	enum channel channel; /* WebSocket only: `handle` is NULL */
};

/* The n-th of all, NULL beyond the last. */
const struct endpoint *endpoint_at(int index);

enum endpoint_match { ENDPOINT_FOUND, ENDPOINT_NO_PATH, ENDPOINT_NO_METHOD };
/*
 * By method and path; the parameters go into request->params and request->endpoint is set. With
 * NO_METHOD, and for OPTIONS, `allow` says what the path takes ("GET, HEAD, OPTIONS").
 */
enum endpoint_match endpoint_find(struct request *request, char *allow, size_t size);

/* Checks path parameters, query and body against the row: true, or false and a problem in `reply`
 * (404 for a path parameter that cannot exist, 400 for a body that is no JSON, 422). */
bool endpoint_check(struct request *request, struct reply *reply);
