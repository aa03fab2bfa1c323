/* Problems to those whose request libwebsockets does not take for one. */
#include "serve/http_inside.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define TLS_HANDSHAKE 22 /* the type of a record (RFC 8446, 5.1) */

static void send_problem(
	struct server *server, struct lws *wsi, int status, const char *allow, const char *detail)
{
	struct exchange *x = exchange_create();
	if (!x)
		return;
	x->began_us = mono_now().us;
	http_make_id(&x->request);
	http_peer(wsi, x->request.address, sizeof(x->request.address));
	reply_problem(&x->reply, &x->request, status, "%s", detail);
	snprintf(x->reply.allow, sizeof(x->reply.allow), "%s", allow);
	http_write_whole(server, wsi, x);
	exchange_destroy(&x);
}

void http_refuse(struct server *server, struct lws *wsi, int status, const char *detail)
{
	send_problem(server, wsi, status, "", detail);
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

/* What nobody will read: left in the socket, it would make the kernel throw the reply away. */
static void read_rest(struct lws *wsi)
{
	char bytes[4096];
	ssize_t n;
	do
		n = recv(lws_get_socket_fd(wsi), bytes, sizeof(bytes), MSG_DONTWAIT);
	while (n == (ssize_t)sizeof(bytes));
}

int http_refuse_bytes(struct server *server, struct lws *wsi, const char *bytes, size_t length)
{
	read_rest(wsi);
	if (length == 0)
		send_problem(server, wsi, 400, "", "TLS is spoken here: ask with https://");
	else if (length > 2 && bytes[0] == TLS_HANDSHAKE && bytes[1] == 3)
		send_problem(server, wsi, 400, "", "no TLS is spoken here: ask with http://");
	else if (begins_with_method(bytes, length))
		send_problem(server, wsi, 405, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
			"this method is not taken");
	else
		send_problem(server, wsi, 400, "", "this is no request of HTTP/1.1");
	return -1;
}
