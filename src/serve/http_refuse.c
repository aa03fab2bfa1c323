/* Problems to those whose request libwebsockets does not take for one. */
#include "serve/http_inside.h"

#include <string.h>

#define TLS_HANDSHAKE 22 /* the type of a record (RFC 8446, 5.1) */

/* What nobody will read: left in the socket, it would make the kernel throw the reply away. */
static void read_rest(struct lws *wsi)
{
	char bytes[4096];
	while (http_receive(wsi, bytes, sizeof(bytes), false) > 0)
		;
}

static void fill(struct exchange *x, int status, const char *detail)
{
	if (status == 204) {
		x->reply.status = status;
		x->reply.bytes = "";
	} else {
		reply_problem(&x->reply, &x->request, status, "%s", detail);
	}
	if (status == 204 || status == 405)
		snprintf(x->reply.allow, sizeof(x->reply.allow),
			"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

void http_refuse(struct server *server, struct lws *wsi, int status, const char *detail)
{
	struct exchange *x = exchange_create();
	read_rest(wsi);
	if (!x)
		return;
	x->began_us = mono_now().us;
	http_make_id(&x->request);
	http_peer(wsi, x->request.address, sizeof(x->request.address));
	fill(x, status, detail);
	http_write_whole(server, wsi, x);
	exchange_destroy(&x);
}

/* "BREW /": a token (RFC 9110, 5.6.2) and what is asked for. */
static bool begins_with_method(const char *bytes, size_t length)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t n = 0;
	while (n < length && bytes[n] && strchr(token, bytes[n]))
		n++;
	return n > 0 && n + 1 < length && bytes[n] == ' ' && bytes[n + 1] > ' ';
}

int http_refuse_bytes(struct server *server, struct lws *wsi, const char *bytes, size_t length)
{
	if (length == 0)
		http_refuse(server, wsi, 400, "TLS is spoken here: ask with https://");
	else if (length > 2 && bytes[0] == TLS_HANDSHAKE && bytes[1] == 3)
		http_refuse(server, wsi, 400, "no TLS is spoken here: ask with http://");
	else if (begins_with_method(bytes, length))
		http_refuse(server, wsi, 405, "this method is not taken");
	else
		http_refuse(server, wsi, 400, "this is no request of HTTP/1.1");
	return -1;
}
