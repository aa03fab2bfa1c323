/* The head of a request, out of libwebsockets' hands. */
#include "serve/http_inside.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

/* lws's numbers of methods. CONNECT never comes here (http_refuse.c). */
static const enum method methods[] = {METHOD_GET, METHOD_POST, METHOD_OPTIONS, METHOD_PUT,
	METHOD_PATCH, METHOD_DELETE, METHOD_COUNT, METHOD_HEAD};

void http_make_id(struct request *request)
{
	uint64_t bits = 0;
	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits))
		bits = (uint64_t)mono_now().us;
	snprintf(request->id, sizeof(request->id), "%016llx", (unsigned long long)bits);
}

void http_peer(struct lws *wsi, char *address, size_t size)
{
	char text[64] = "";
	lws_get_peer_simple(wsi, text, sizeof(text));
	bool mapped = strncmp(text, "::ffff:", 7) == 0;
	snprintf(address, size, "%s", mapped ? text + 7 : text);
}

/* A field, "" where it is not there; false where it has no room. */
static bool read_field(struct lws *wsi, enum lws_token_indexes field, char *text, size_t size)
{
	text[0] = '\0';
	if (lws_hdr_total_length(wsi, field) == 0)
		return true;
	return lws_hdr_copy(wsi, text, (int)size, field) > 0;
}

/* "name=value" in place; false where there are too many. */
static bool add_pair(struct request *request, char *text)
{
	if (request->query_count == REQUEST_PAIRS_MAX)
		return false;
	char *equals = strchr(text, '=');
	struct request_pair *pair = &request->query[request->query_count++];
	pair->name = text;
	pair->value = equals ? equals + 1 : text + strlen(text);
	if (equals)
		*equals = '\0';
	return true;
}

/* libwebsockets has split at '&' and decoded. -E2BIG: too many; -EINVAL: a NUL in it. */
static int read_query(struct lws *wsi, struct request *request)
{
	int total = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS);
	if (total <= 0)
		return 0;
	size_t room = (size_t)total + REQUEST_PAIRS_MAX + 2, used = 0;
	request->text = malloc(room);
	if (!request->text)
		return -ENOMEM;
	for (int i = 0;; i++) {
		char *text = request->text + used;
		int n = lws_hdr_copy_fragment(
			wsi, text, (int)(room - used), WSI_TOKEN_HTTP_URI_ARGS, i);
		if (n < 0)
			return 0;
		if (strlen(text) != (size_t)n)
			return -EINVAL;
		if (n > 0 && !add_pair(request, text))
			return -E2BIG;
		used += (size_t)n + 1;
	}
}

/* Digits only, no list of lengths: what else it could be is another's idea of where a body ends. */
static int64_t read_length(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	return digits > 0 && digits <= 15 && !text[digits] ? strtoll(text, NULL, 10) : -1;
}

static bool read_fields(struct lws *wsi, struct request *request)
{
	return read_field(wsi, WSI_TOKEN_HTTP_RANGE, request->range, sizeof(request->range)) &&
	       read_field(wsi, WSI_TOKEN_HTTP_IF_RANGE, request->if_range,
		       sizeof(request->if_range)) &&
	       read_field(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, request->if_none_match,
		       sizeof(request->if_none_match)) &&
	       read_field(wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, request->accept_encoding,
		       sizeof(request->accept_encoding)) &&
	       read_field(wsi, WSI_TOKEN_ORIGIN, request->origin, sizeof(request->origin));
}

/* Live pictures, which a page shows as an image. */
static bool is_live(const struct request *request)
{
	size_t length = strlen(request->path);
	return length > 5 && strcmp(request->path + length - 5, "/live") == 0;
}

/* A subprotocol that is offered beside "gantry" may be the token: what a page can say in no other
 * field, and what is in no address. */
static bool read_offered_token(struct lws *wsi, struct answer_head *head)
{
	char offered[128];
	if (!read_field(wsi, WSI_TOKEN_PROTOCOL, offered, sizeof(offered)))
		return false;
	char *token = strstr(offered, "gantry_");
	if (!token)
		return true;
	token[strcspn(token, ", \t")] = '\0';
	snprintf(head->token, sizeof(head->token), "%s", token);
	head->has_token = true;
	return true;
}

/* From the Authorization field; browsers cannot set it on a WebSocket or an image, so there also
 * from the query, out of which it is taken. */
static bool read_token(struct lws *wsi, struct request *request, struct answer_head *head)
{
	char field[sizeof(head->token) + 16];
	if (!read_field(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, field, sizeof(field)))
		return false;
	bool bearer = strncasecmp(field, "Bearer ", 7) == 0;
	head->has_token = field[0] != '\0';
	snprintf(head->token, sizeof(head->token), "%s", bearer ? field + 7 : "");
	if (head->websocket && !head->has_token && !read_offered_token(wsi, head))
		return false;
	bool in_query = head->websocket || is_live(request);
	for (int i = 0; i < request->query_count && in_query; i++) {
		if (strcmp(request->query[i].name, "access_token") != 0)
			continue;
		snprintf(head->token, sizeof(head->token), "%s", request->query[i].value);
		head->has_token = true;
		request->query[i] = request->query[--request->query_count];
		break;
	}
	return true;
}

static bool read_body_fields(struct lws *wsi, struct answer_head *head)
{
	char length[32], coding[32];
	if (!read_field(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, head->content_type,
		    sizeof(head->content_type)) ||
		!read_field(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING, coding, sizeof(coding)))
		return false;
	head->chunked = coding[0] != '\0';
	head->has_length = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
	if (!head->has_length)
		return true;
	bool fits = read_field(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof(length));
	head->length = fits ? read_length(length) : -1;
	return true;
}

static int read_path(struct lws *wsi, struct request *request)
{
	char *path;
	int length;
	int method = lws_http_get_uri_and_method(wsi, &path, &length);
	if (method < 0 || method >= (int)(sizeof(methods) / sizeof(methods[0])))
		return -EINVAL;
	request->method = methods[method];
	if (length <= 0 || length >= REQUEST_PATH_MAX)
		return -E2BIG;
	memcpy(request->path, path, (size_t)length);
	request->path[length] = '\0';
	return strlen(request->path) == (size_t)length ? 0 : -EINVAL;
}

/* What RFC 9112 (2.3, 3.2) wants of every request; NULL where it is so. */
static const char *wrong_protocol(struct lws *wsi)
{
	char version[16];
	bool read = read_field(wsi, WSI_TOKEN_HTTP, version, sizeof(version));
	bool one = read && strcmp(version, "HTTP/1.1") == 0;
	if (!one && !(read && strcmp(version, "HTTP/1.0") == 0))
		return "only HTTP/1.1 and HTTP/1.0 are spoken here";
	if (one && lws_hdr_total_length(wsi, WSI_TOKEN_HOST) == 0)
		return "a request must say its Host";
	return lws_hdr_fragment_length(wsi, WSI_TOKEN_HOST, 1) > 0 ? "there can be but one Host"
								   : NULL;
}

static bool wants_to_close(struct lws *wsi)
{
	char connection[64], version[16];
	if (!read_field(wsi, WSI_TOKEN_CONNECTION, connection, sizeof(connection)) ||
		!read_field(wsi, WSI_TOKEN_HTTP, version, sizeof(version)))
		return true;
	for (char *c = connection; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return strstr(connection, "close") || strstr(version, "1.0");
}

bool http_waits_to_go_on(struct lws *wsi)
{
	char expects[16], version[16];
	return read_field(wsi, WSI_TOKEN_HTTP_EXPECT, expects, sizeof(expects)) &&
	       strcasecmp(expects, "100-continue") == 0 &&
	       read_field(wsi, WSI_TOKEN_HTTP, version, sizeof(version)) &&
	       strcmp(version, "HTTP/1.1") == 0;
}

/* Another upgrade may be asked for, and is ignored (http_upgrade.c). */
static bool asks_for_websocket(struct lws *wsi)
{
	char to[16];
	return read_field(wsi, WSI_TOKEN_UPGRADE, to, sizeof(to)) &&
	       strcasecmp(to, "websocket") == 0;
}

bool http_read_head(struct lws *wsi, struct exchange *x, struct answer_head *ret_head)
{
	struct request *request = &x->request;
	http_make_id(request);
	http_peer(wsi, request->address, sizeof(request->address));
	x->reply.close = wants_to_close(wsi);
	ret_head->websocket = asks_for_websocket(wsi);
	int r = read_path(wsi, request);
	if (r == 0)
		r = read_query(wsi, request);
	const char *wrong = r == 0 ? wrong_protocol(wsi) : NULL;
	if (wrong) {
		reply_problem(&x->reply, request, 400, "%s", wrong);
	} else if (r == -EINVAL) {
		reply_problem(&x->reply, request, 400, "path and query must be text");
	} else if (r < 0) {
		reply_problem(&x->reply, request, 414,
			"a path has at most %d bytes, a query at most %d parameters",
			REQUEST_PATH_MAX - 1, REQUEST_PAIRS_MAX);
	} else if (!read_fields(wsi, request) || !read_token(wsi, request, ret_head) ||
		   !read_body_fields(wsi, ret_head)) {
		reply_problem(&x->reply, request, 431, "a field of the head is too long");
	} else {
		return true;
	}
	x->reply.close = true;
	return false;
}
