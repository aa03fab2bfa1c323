/* The handshake of a WebSocket (RFC 6455, 4.2), before libwebsockets does its part: what it does
 * not take it hangs up on. */
#include "serve/http_inside.h"
#include "serve/live.h"

#include <string.h>
#include <strings.h>

#define SOCKETS_RETRY_S 5
#define KEY_LENGTH 24 /* 16 bytes in base 64 */

static bool is_key(const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	return strlen(text) == KEY_LENGTH && strspn(text, digits) == KEY_LENGTH - 2 &&
	       strcmp(text + KEY_LENGTH - 2, "==") == 0;
}

/* A member of a list with commas, in any case of letters. */
static bool lists(const char *text, const char *word)
{
	size_t length = strlen(word);
	while (*text) {
		text += strspn(text, " \t,");
		size_t n = strcspn(text, " \t,");
		if (n == length && strncasecmp(text, word, n) == 0)
			return true;
		text += n;
	}
	return false;
}

/* False where the field is not there, or has no room. */
static bool copy(struct lws *wsi, enum lws_token_indexes field, char *text, size_t size)
{
	return lws_hdr_copy(wsi, text, (int)size, field) > 0;
}

static bool check_handshake(struct lws *wsi, struct exchange *x)
{
	char connection[100], key[KEY_LENGTH + 2], version[8], protocols[100];
	bool speaks = lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) == 0 ||
		      (copy(wsi, WSI_TOKEN_PROTOCOL, protocols, sizeof(protocols)) &&
			      lists(protocols, "gantry"));
	if (!copy(wsi, WSI_TOKEN_CONNECTION, connection, sizeof(connection)) ||
		!lists(connection, "upgrade"))
		reply_problem(&x->reply, &x->request, 400, "an upgrade needs Connection: Upgrade");
	else if (!copy(wsi, WSI_TOKEN_VERSION, version, sizeof(version)) ||
		 strcmp(version, "13") != 0)
		reply_problem(&x->reply, &x->request, 426,
			"only version 13 of WebSocket is spoken here: say Sec-WebSocket-Version");
	else if (!copy(wsi, WSI_TOKEN_KEY, key, sizeof(key)) || !is_key(key))
		reply_problem(&x->reply, &x->request, 400,
			"Sec-WebSocket-Key must be 16 bytes in base 64");
	else if (!speaks)
		reply_problem(&x->reply, &x->request, 400,
			"the only subprotocol is 'gantry'; none need be named");
	else
		return true;
	return false;
}

static bool check_room(struct server *server, struct exchange *x)
{
	const struct endpoint *endpoint = x->request.endpoint;
	if (hub_client_count(server->hub) >= server->params.max_websockets) {
		reply_problem(&x->reply, &x->request, 429, "there are %d WebSockets already",
			server->params.max_websockets);
		x->reply.retry_after_s = SOCKETS_RETRY_S;
		return false;
	}
	return endpoint->channel != CHANNEL_LIVE || live_may_begin(server, &x->request, &x->reply);
}

int http_confirm_upgrade(struct server *server, struct lws *wsi, char *to)
{
	struct answer_head head = {0};
	/* HTTP/2, which many clients offer to speak: it may be ignored (RFC 9110, 7.8), and is
	 * where libwebsockets does not find it when it looks again. */
	if (strcasecmp(to, "websocket") != 0) {
		to[0] = '\0';
		return 0;
	}
	struct exchange *x = exchange_create();
	if (!x)
		return -1;
	x->began_us = mono_now().us;
	bool right = http_read_head(wsi, x, &head) && answer_head(server, x, &head) &&
		     endpoint_check(&x->request, &x->reply) && check_handshake(wsi, x) &&
		     check_room(server, x);
	if (!right)
		http_write_whole(server, wsi, x);
	exchange_destroy(&x);
	return right ? 0 : -1;
}
