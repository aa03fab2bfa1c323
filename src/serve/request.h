/*
 * One HTTP request as a handler sees it: routed, allowed, its values checked; and the reply that
 * the handler fills.
 *
 * Threads: an exchange belongs to one thread at a time: the service thread, then (endpoints that
 * are not `quick`) a worker, then the service thread again. Memory: exchange_destroy() frees all.
 */
#pragma once

#include "base/err.h"
#include "base/problems.h"
#include "serve/form.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_COUNT
};
const char *method_name(enum method method); /* "GET" */

/* Each may what those before it may. */
enum role { ROLE_NOBODY, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };
const char *role_name(enum role role); /* "viewer" */
enum role role_from_name(const char *name); /* ROLE_NOBODY if unknown */

#define REQUEST_PATH_MAX 512
#define REQUEST_PAIRS_MAX 24
#define REQUEST_PARAMS_MAX 4

struct request_pair {
	char *name, *value; /* decoded; inside request.text */
};

struct endpoint;
struct server;

struct request {
	enum method method;
	char id[20]; /* 16 hexadecimal digits, in the log and in X-Request-Id */
	char address[48]; /* of the peer, numeric */
	char path[REQUEST_PATH_MAX]; /* decoded, without the query */
	char *text; /* what the pairs point into */
	struct request_pair query[REQUEST_PAIRS_MAX];
	int query_count;
	char params[REQUEST_PARAMS_MAX][128]; /* what stood for {id}, in the order of the pattern */
	int param_count;
	char *body;
	size_t body_length, body_capacity;
	struct jsonin *document; /* the parsed body, NULL where there is none */
	char range[128], if_range[96], if_none_match[256], accept_encoding[128], origin[256];
	const struct endpoint *endpoint;
	enum role role; /* of who asks */
	char actor[64]; /* the token's name, "loopback", or "" */
};

/*
 * A body that goes on for as long as it is watched: asked for its next piece whenever the socket
 * takes more. Service thread; never waits.
 */
struct reply_source {
	/* 1 and a piece, borrowed until the next call; 0: nothing now; -1: it has ended. */
	int (*next)(void *opaque, const void **ret_bytes, size_t *ret_length);
	void (*close)(void *opaque);
};

struct reply {
	int status;
	const char *content_type; /* static string; NULL: JSON */
	struct json json; /* the body, where `bytes` is NULL and `fd` is -1 */
	const void *bytes; /* static memory instead */
	size_t length;
	int fd; /* or a file, owned */
	const struct reply_source *source; /* or what has no end; NULL: none */
	void *source_opaque; /* owned: closed with the reply */
	off_t offset; /* of the file: what is sent is offset .. offset + length */
	off_t file_size; /* whole */
	bool partial; /* 206 */
	bool gzip; /* `bytes` are gzip */
	bool vary_encoding; /* with another Accept-Encoding the bytes are others */
	bool store_allowed; /* the client may keep it (evidence never changes); else no-store */
	char etag[72]; /* with quotes; made from the body of JSON replies */
	char location[160], allow[80], disposition[160];
	int retry_after_s; /* 0: none */
	bool close; /* the connection cannot be used again */
};

struct exchange {
	struct request request;
	struct reply reply;
	void *wsi; /* NULL once the client is gone; service thread only */
	uint64_t client_id; /* not 0: the reply feeds this WebSocket client (following.h) */
	int64_t follow_id;
	struct exchange *next; /* in the workers' lists, or in that of replies without end */
	/* Service thread only, while the reply is sent: */
	bool posted; /* to the workers; from then on theirs until workers_take() gives it back */
	bool answered; /* the reply is there */
	bool head_sent;
	off_t sent;
	const char *piece; /* of a source: what is being sent */
	size_t piece_left;
	int64_t began_us; /* CLOCK_MONOTONIC */
};

struct exchange *exchange_create(void); /* NULL: out of memory */
void exchange_destroy(struct exchange **exchange);

/* Values that were checked; `def` where they were not given. Texts are borrowed. */
const char *request_text(const struct request *request, const char *name, const char *def);
int64_t request_int(const struct request *request, const char *name, int64_t def);
double request_real(const struct request *request, const char *name, double def);
bool request_bool(const struct request *request, const char *name, bool def);
int64_t request_time_us(const struct request *request, const char *name, int64_t def);

/* Begins a JSON reply: write it into the writer that is given. */
struct json *reply_json(struct reply *reply, int status);
/* RFC 9457: replaces whatever was there. `detail` is one sentence. */
void reply_problem(struct reply *reply, const struct request *request, int status, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
void reply_faults(struct reply *reply, const struct request *request, int status,
	const struct faults *faults);
/* 422 with every error of a configuration, as `gantry check` says it: path, line and column. */
void reply_problems(
	struct reply *reply, const struct request *request, const struct problems *problems);
/* 503, to be tried again; the client is not told the reason, the log has it. */
void reply_store_failed(struct reply *reply, const struct request *request, const struct err *err);
/* The reason phrase: "Not Found". */
const char *reply_reason(int status);
