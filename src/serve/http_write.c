/* Replies: the head written here, the body from memory or from a file. */
#include "base/log.h"
#include "serve/http_inside.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define HEAD_MAX_BYTES 2048
#define SMALL_BODY_BYTES 8192 /* leaves with the head in one piece */
#define CHUNK_BYTES 32768
/* A reply without end ends where its client takes nothing, or nothing comes, for so long. */
#define SOURCE_PATIENCE_S 15

struct head {
	char text[HEAD_MAX_BYTES + SMALL_BODY_BYTES];
	size_t length;
};

static void add(struct head *head, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct head *head, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(head->text + head->length, HEAD_MAX_BYTES - head->length, fmt, args);
	va_end(args);
	if (n > 0 && head->length + (size_t)n < HEAD_MAX_BYTES)
		head->length += (size_t)n;
}

static size_t body_length(const struct reply *reply)
{
	return reply->bytes || reply->fd >= 0 ? reply->length : reply->json.length;
}

/* The origin that may read the reply, NULL where none may. */
static const char *allowed_origin(const struct server *server, const struct request *request)
{
	const struct option_strings *origins = &server->params.cors_origins;
	if (!request->origin[0])
		return NULL;
	for (int i = 0; i < origins->count; i++)
		if (strcmp(origins->items[i], "*") == 0 ||
			strcmp(origins->items[i], request->origin) == 0)
			return origins->items[i];
	return NULL;
}

static void add_cors(struct head *head, const struct server *server, const struct exchange *x)
{
	const char *origin = allowed_origin(server, &x->request);
	if (server->params.cors_origins.count > 0)
		add(head, "Vary: Origin\r\n");
	if (!origin)
		return;
	add(head, "Access-Control-Allow-Origin: %s\r\n", origin);
	add(head, "Access-Control-Expose-Headers: ETag, Location, X-Request-Id, Retry-After\r\n");
	if (x->request.method == METHOD_OPTIONS)
		add(head,
			"Access-Control-Allow-Methods: %s\r\n"
			"Access-Control-Allow-Headers: Authorization, Content-Type, "
			"If-None-Match, Range\r\nAccess-Control-Max-Age: 600\r\n",
			x->reply.allow);
}

static void add_range(struct head *head, const struct reply *reply)
{
	if (reply->file_size > 0 || reply->fd >= 0)
		add(head, "Accept-Ranges: bytes\r\n");
	if (reply->partial && reply->status == 206)
		add(head, "Content-Range: bytes %lld-%lld/%lld\r\n", (long long)reply->offset,
			(long long)(reply->offset + (off_t)reply->length - 1),
			(long long)reply->file_size);
	else if (reply->partial)
		add(head, "Content-Range: bytes */%lld\r\n", (long long)reply->file_size);
}

static void add_extras(struct head *head, const struct reply *reply)
{
	if (reply->etag[0])
		add(head, "ETag: %s\r\n", reply->etag);
	if (reply->location[0])
		add(head, "Location: %s\r\n", reply->location);
	if (reply->allow[0])
		add(head, "Allow: %s\r\n", reply->allow);
	if (reply->disposition[0])
		add(head, "Content-Disposition: %s\r\n", reply->disposition);
	if (reply->gzip)
		add(head, "Content-Encoding: gzip\r\n");
	if (reply->vary_encoding)
		add(head, "Vary: Accept-Encoding\r\n");
	if (reply->retry_after_s > 0)
		add(head, "Retry-After: %d\r\n", reply->retry_after_s);
	if (reply->status == 401)
		add(head, "WWW-Authenticate: Bearer realm=\"gantry\"\r\n");
	if (reply->status == 426)
		add(head, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
}

static void write_head(struct head *head, const struct server *server, const struct exchange *x)
{
	const struct reply *reply = &x->reply;
	const char *type = reply->content_type ? reply->content_type : "application/json";
	size_t length = body_length(reply);
	add(head, "HTTP/1.1 %d %s\r\nServer: gantry\r\nX-Request-Id: %s\r\n", reply->status,
		reply_reason(reply->status), x->request.id);
	if (length > 0 || reply->source)
		add(head, "Content-Type: %s\r\n", type);
	if (reply->status != 204 && reply->status != 304 && !reply->source)
		add(head, "Content-Length: %zu\r\n", length);
	add(head, "Cache-Control: %s\r\n",
		reply->store_allowed ? "private, max-age=86400" : "no-cache");
	add(head, "X-Content-Type-Options: nosniff\r\n"
		  "Content-Security-Policy: default-src 'none'; script-src 'self'; "
		  "style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
		  "connect-src 'self'; base-uri 'none'; form-action 'none'; "
		  "frame-ancestors 'none'; require-trusted-types-for 'script'\r\n"
		  "Referrer-Policy: no-referrer\r\n");
	add_range(head, reply);
	add_extras(head, reply);
	add_cors(head, server, x);
	add(head, "Connection: %s\r\n\r\n", reply->close ? "close" : "keep-alive");
}

static int write_bytes(struct lws *wsi, const void *bytes, size_t length, bool head)
{
	unsigned char *out = (unsigned char *)(uintptr_t)bytes; /* HTTP/1: read only */
	int n = lws_write(wsi, out, length, head ? LWS_WRITE_HTTP_HEADERS : LWS_WRITE_HTTP);
	return n < (int)length ? -1 : 0;
}

static int write_first(struct server *server, struct lws *wsi, struct exchange *x, size_t length)
{
	struct head head;
	head.length = 0;
	write_head(&head, server, x);
	x->head_sent = true;
	if (x->reply.fd < 0 && length <= SMALL_BODY_BYTES) {
		const void *body = x->reply.bytes ? x->reply.bytes : x->reply.json.text;
		if (length > 0)
			memcpy(head.text + head.length, body, length);
		head.length += length;
		x->sent = (off_t)length;
	}
	return write_bytes(wsi, head.text, head.length, true);
}

static int write_file(struct lws *wsi, struct exchange *x, size_t left)
{
	char chunk[CHUNK_BYTES];
	size_t wanted = left < sizeof(chunk) ? left : sizeof(chunk);
	ssize_t n = pread(x->reply.fd, chunk, wanted, x->reply.offset + x->sent);
	if (n <= 0)
		return -1; /* shorter than it was: the client sees a broken transfer */
	x->sent += n;
	return write_bytes(wsi, chunk, (size_t)n, false);
}

static int write_memory(struct lws *wsi, struct exchange *x, size_t left)
{
	const char *body = x->reply.bytes ? x->reply.bytes : x->reply.json.text;
	size_t n = left < CHUNK_BYTES ? left : CHUNK_BYTES;
	int r = write_bytes(wsi, body + x->sent, n, false);
	x->sent += (off_t)n;
	return r;
}

/* A reply without end: 0 after each part of it, 2 where there is none now. */
static int write_source(struct lws *wsi, struct exchange *x)
{
	const void *bytes;
	if (x->piece_left == 0) {
		int r = x->reply.source->next(x->reply.source_opaque, &bytes, &x->piece_left);
		if (r <= 0)
			return r < 0 ? -1 : 2;
		x->piece = bytes;
		lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, SOURCE_PATIENCE_S);
	}
	size_t n = x->piece_left < CHUNK_BYTES ? x->piece_left : CHUNK_BYTES;
	int r = write_bytes(wsi, x->piece, n, false);
	x->piece += n;
	x->piece_left -= n;
	return r;
}

int http_write_reply(struct server *server, struct lws *wsi, struct exchange *x)
{
	size_t length = x->request.method == METHOD_HEAD ? 0 : body_length(&x->reply);
	int r = 0;
	if (!x->head_sent)
		r = write_first(server, wsi, x, length);
	else if (x->reply.source)
		return write_source(wsi, x);
	else if (x->reply.fd >= 0)
		r = write_file(wsi, x, length - (size_t)x->sent);
	else
		r = write_memory(wsi, x, length - (size_t)x->sent);
	if (r < 0)
		return -1;
	if (x->reply.source && x->request.method != METHOD_HEAD)
		return 0;
	return (size_t)x->sent >= length;
}

void http_write_whole(struct server *server, struct lws *wsi, struct exchange *x)
{
	x->reply.close = true;
	while (http_write_reply(server, wsi, x) == 0)
		;
	http_log_reply(server, x);
}

void http_log_reply(const struct server *server, const struct exchange *x)
{
	const struct request *r = &x->request;
	const char *method = r->path[0] ? method_name(r->method) : "no request";
	long long took_us = (long long)(mono_now().us - x->began_us);
	if (x->reply.status >= 500)
		log_error("request %s: %s %s from %s: %d after %lld us", r->id, method, r->path,
			r->address, x->reply.status, took_us);
	else if (server->params.access_log)
		log_info("request %s: %s %s from %s (%s): %d after %lld us", r->id, method, r->path,
			r->address, r->actor, x->reply.status, took_us);
}
