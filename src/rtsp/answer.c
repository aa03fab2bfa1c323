#include "rtsp/answer.h"

#include "base/log.h"
#include "rtsp/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{200, "OK"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{454, "Session Not Found"},
	{455, "Method Not Valid in This State"},
	{459, "Aggregate Operation Not Allowed"},
	{461, "Unsupported Transport"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
	{551, "Option Not Supported"},
};

static const char *reason_of(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

/* `headers`: whole lines; `body`: NULL or text behind them. */
static void reply(struct client *c, const struct rtsp_request *req, int status, const char *body,
	const char *headers, ...) __attribute__((format(printf, 5, 6)));
static void reply(struct client *c, const struct rtsp_request *req, int status, const char *body,
	const char *headers, ...)
{
	char text[4096];
	int n = snprintf(text, sizeof(text), "RTSP/1.0 %d %s\r\n", status, reason_of(status));
	if (req->cseq >= 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "CSeq: %d\r\n", req->cseq);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "Server: Gantry/" GANTRY_VERSION "\r\n");
	va_list args;
	va_start(args, headers);
	n += vsnprintf(text + n, sizeof(text) - (size_t)n, headers, args);
	va_end(args);
	if (n > (int)sizeof(text) - 64) {
		client_reset(c);
		return;
	}
	if (body)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Content-Length: %zu\r\n",
			strlen(body));
	n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
	client_write(c, text, (size_t)n);
	if (body)
		client_write(c, body, strlen(body));
}

static struct mount *find_mount(const struct answerer *a, const char *url)
{
	char name[MOUNT_NAME_MAX + 1];
	if (!rtsp_request_mount(url, name, sizeof(name)))
		return NULL;
	for (int i = 0; i < a->mount_count; i++)
		if (strcmp(a->mounts[i].name, name) == 0)
			return &a->mounts[i];
	return NULL;
}

static struct in_addr local_address(const struct client *c)
{
	struct sockaddr_in local = {0};
	socklen_t length = sizeof(local);
	getsockname(c->fd, (struct sockaddr *)&local, &length);
	return local.sin_addr;
}

static void describe(const struct answerer *a, struct client *c, const struct rtsp_request *req)
{
	char media[AV_RTP_SDP_SIZE], sdp[AV_RTP_SDP_SIZE + 512], local[INET_ADDRSTRLEN];
	struct mount *mount = find_mount(a, req->url);
	if (!mount) {
		reply(c, req, 404, NULL, "%s", "");
		return;
	}
	if (mount->source->ops->sdp(mount->source, media, sizeof(media)) < 0) {
		reply(c, req, 503, NULL, "%s", "");
		return;
	}
	struct in_addr address = local_address(c);
	inet_ntop(AF_INET, &address, local, sizeof(local));
	snprintf(sdp, sizeof(sdp),
		"v=0\r\no=- %lld 1 IN IP4 %s\r\ns=%s\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
		"a=range:npt=now-\r\na=control:*\r\n%sa=control:track1\r\n",
		(long long)(wall_now().us / 1000000), local, mount->name, media);
	if (a->hooks && a->hooks->describe)
		a->hooks->describe(a->hooks->opaque, c->number, mount->name, sdp, sizeof(sdp));
	reply(c, req, 200, sdp, "Content-Type: application/sdp\r\nContent-Base: %s%s\r\n", req->url,
		req->url[strlen(req->url) - 1] == '/' ? "" : "/");
}

static int open_transport(struct client *c, char *text, size_t size)
{
	int ports[2];
	const struct rtsp_transport *t = &c->transport;
	if (t->tcp) {
		snprintf(text, size, "RTP/AVP/TCP;unicast;interleaved=%d-%d", t->rtp, t->rtcp);
		return 0;
	}
	int r = client_open_udp(c, local_address(c), ports);
	if (r == 0)
		snprintf(text, size, "RTP/AVP;unicast;client_port=%d-%d;server_port=%d-%d", t->rtp,
			t->rtcp, ports[0], ports[1]);
	return r;
}

static void new_session(struct client *c)
{
	uint64_t number = 0;
	if (getrandom(&number, sizeof(number), 0) == (ssize_t)sizeof(number))
		snprintf(c->session, sizeof(c->session), "%016llx", (unsigned long long)number);
}

static void setup(const struct answerer *a, struct client *c, const struct rtsp_request *req)
{
	char transport[128];
	struct mount *mount = find_mount(a, req->url);
	struct rtsp_transport wanted;
	if (!mount) {
		reply(c, req, 404, NULL, "%s", "");
		return;
	}
	if (c->session[0]) {
		reply(c, req, c->playing ? 455 : 459, NULL, "%s", "");
		return;
	}
	if (rtsp_transport_parse(req->transport, &wanted) < 0) {
		reply(c, req, 461, NULL, "%s", "");
		return;
	}
	c->transport = wanted;
	new_session(c);
	if (!c->session[0] || open_transport(c, transport, sizeof(transport)) < 0) {
		client_end_session(c);
		reply(c, req, 500, NULL, "%s", "");
		return;
	}
	c->mount = mount;
	reply(c, req, 200, NULL, "Transport: %s\r\nSession: %s;timeout=%d\r\n", transport,
		c->session, RTSP_SESSION_TIMEOUT_S);
}

static void play(struct client *c, const struct rtsp_request *req)
{
	struct err err = {0};
	if (mount_start(c->mount, &err) < 0) {
		log_error("mount %s: %s", c->mount->name, err.text);
		reply(c, req, 503, NULL, "%s", "");
		return;
	}
	client_play(c);
	reply(c, req, 200, NULL, "Session: %s\r\nRange: npt=now-\r\n", c->session);
}

static void in_session(struct client *c, const struct rtsp_request *req)
{
	switch (req->method) {
	case RTSP_PLAY:
		play(c, req);
		return;
	case RTSP_PAUSE:
		c->playing = false;
		break;
	case RTSP_TEARDOWN:
		reply(c, req, 200, NULL, "%s", "");
		client_end_session(c);
		return;
	default:
		break;
	}
	reply(c, req, 200, NULL, "Session: %s\r\n", c->session);
}

static void options(struct client *c, const struct rtsp_request *req)
{
	char list[256];
	int n = 0;
	for (int i = 0; i < RTSP_METHOD_OTHER; i++)
		n += snprintf(list + n, sizeof(list) - (size_t)n, "%s%s", i ? ", " : "",
			rtsp_method_names[i]);
	reply(c, req, 200, NULL, "Public: %s\r\n", list);
}

/* A session is asked for only where one is named: keep-alives may come without. */
static bool session_fits(const struct client *c, const struct rtsp_request *req)
{
	bool keep_alive = req->method == RTSP_GET_PARAMETER || req->method == RTSP_SET_PARAMETER;
	if (!req->session[0])
		return keep_alive;
	return c->session[0] && strcmp(c->session, req->session) == 0;
}

static void dispatch(const struct answerer *a, struct client *c, const struct rtsp_request *req)
{
	if (req->method == RTSP_METHOD_OTHER)
		reply(c, req, 501, NULL, "%s", "");
	else if (req->method == RTSP_DESCRIBE)
		describe(a, c, req);
	else if (req->method == RTSP_SETUP)
		setup(a, c, req);
	else if (!session_fits(c, req))
		reply(c, req, 454, NULL, "%s", "");
	else
		in_session(c, req);
}

/* What a fault makes of the request; true where nothing else is to be done. */
static bool fated(const struct answerer *a, struct client *c, const struct rtsp_request *req)
{
	if (!a->hooks || !a->hooks->request)
		return false;
	int fate = a->hooks->request(a->hooks->opaque, c->number, req);
	if (fate == RTSP_RESET)
		client_reset(c);
	else if (fate >= 400)
		reply(c, req, fate, NULL, "%s",
			fate == 401 ? "WWW-Authenticate: Basic realm=\"Gantry\"\r\n" : "");
	return fate != RTSP_GO_ON;
}

void answer_request(const struct answerer *a, struct client *c, const struct rtsp_request *req)
{
	char challenge[256];
	if (fated(a, c, req))
		return;
	if (req->method == RTSP_OPTIONS) {
		options(c, req);
	} else if (!rtsp_auth_check(a->auth, c->nonce, req->method_name, req->authorization)) {
		rtsp_auth_challenge(a->auth, c->nonce, challenge, sizeof(challenge));
		reply(c, req, 401, NULL, "WWW-Authenticate: %s\r\n", challenge);
	} else if (req->require[0]) {
		reply(c, req, 551, NULL, "Unsupported: %s\r\n", req->require);
	} else {
		dispatch(a, c, req);
	}
}

void answer_nonsense(struct client *c)
{
	reply(c, &(struct rtsp_request){.cseq = -1}, 400, NULL, "%s", "");
	c->closing = true;
}
