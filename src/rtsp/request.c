#include "rtsp/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const rtsp_method_names[] = {"OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE",
	"GET_PARAMETER", "SET_PARAMETER", "TEARDOWN"};

/* A piece of the request; not NUL-terminated. */
struct span {
	const char *text;
	size_t length;
};

static bool copy(struct span from, char *to, size_t size)
{
	if (from.length >= size || memchr(from.text, '\0', from.length))
		return false;
	memcpy(to, from.text, from.length);
	to[from.length] = '\0';
	return true;
}

static struct span trim(struct span s)
{
	while (s.length > 0 && (*s.text == ' ' || *s.text == '\t'))
		s.text++, s.length--;
	while (s.length > 0 && (s.text[s.length - 1] == ' ' || s.text[s.length - 1] == '\t'))
		s.length--;
	return s;
}

/* Cuts the line off the front of `rest`, without its end; false where there is no whole line. */
static bool take_line(struct span *rest, struct span *line)
{
	const char *end = memchr(rest->text, '\n', rest->length);
	if (!end)
		return false;
	*line = (struct span){rest->text, (size_t)(end - rest->text)};
	rest->length -= line->length + 1;
	rest->text = end + 1;
	if (line->length > 0 && line->text[line->length - 1] == '\r')
		line->length--;
	return true;
}

static bool read_number(struct span s, int max, int *ret_value)
{
	char text[12];
	if (s.length == 0 || !copy(s, text, sizeof(text)) || text[0] < '0' || text[0] > '9')
		return false;
	char *end;
	long value = strtol(text, &end, 10);
	if (*end || value > max)
		return false;
	*ret_value = (int)value;
	return true;
}

static bool read_method(struct span word, struct rtsp_request *req)
{
	if (word.length == 0 || !copy(word, req->method_name, sizeof(req->method_name)))
		return false;
	for (const char *c = req->method_name; *c; c++)
		if ((*c < 'A' || *c > 'Z') && *c != '_')
			return false;
	req->method = RTSP_OPTIONS;
	while (req->method < RTSP_METHOD_OTHER &&
		strcmp(req->method_name, rtsp_method_names[req->method]) != 0)
		req->method++;
	return true;
}

/* "DESCRIBE rtsp://host/cam RTSP/1.0" */
static bool read_request_line(struct span line, struct rtsp_request *req)
{
	const char *first = memchr(line.text, ' ', line.length);
	if (!first || !read_method((struct span){line.text, (size_t)(first - line.text)}, req))
		return false;
	struct span rest = {first + 1, line.length - (size_t)(first + 1 - line.text)};
	const char *second = memchr(rest.text, ' ', rest.length);
	if (!second || second == rest.text ||
		!copy((struct span){rest.text, (size_t)(second - rest.text)}, req->url,
			sizeof(req->url)))
		return false;
	struct span version = {second + 1, rest.length - (size_t)(second + 1 - rest.text)};
	return version.length == 8 && memcmp(version.text, "RTSP/1.", 7) == 0;
}

static bool is_named(struct span name, const char *word)
{
	return name.length == strlen(word) && strncasecmp(name.text, word, name.length) == 0;
}

static bool read_header(struct span line, struct rtsp_request *req, int *body_bytes)
{
	const char *colon = memchr(line.text, ':', line.length);
	if (!colon)
		return false;
	struct span name = {line.text, (size_t)(colon - line.text)};
	struct span value = trim((struct span){colon + 1, line.length - name.length - 1});
	if (is_named(name, "CSeq"))
		return read_number(value, 2147483647, &req->cseq);
	if (is_named(name, "Content-Length"))
		return read_number(value, 1 << 20, body_bytes);
	if (is_named(name, "Transport"))
		return copy(value, req->transport, sizeof(req->transport));
	if (is_named(name, "Authorization"))
		return copy(value, req->authorization, sizeof(req->authorization));
	if (is_named(name, "Require"))
		return copy(value, req->require, sizeof(req->require));
	if (is_named(name, "Session")) {
		const char *end = memchr(value.text, ';', value.length);
		value.length = end ? (size_t)(end - value.text) : value.length;
		return copy(trim(value), req->session, sizeof(req->session));
	}
	return true;
}

/* Bytes up to and with the empty line, or 0. */
static size_t head_bytes(const char *bytes, size_t count)
{
	struct span rest = {bytes, count}, line;
	while (take_line(&rest, &line))
		if (line.length == 0)
			return count - rest.length;
	return 0;
}

int rtsp_request_parse(const char *bytes, size_t count, struct rtsp_request *ret_request)
{
	struct rtsp_request req = {.cseq = -1};
	struct span rest, line;
	/* Some clients send an empty line between two requests. */
	size_t blank = 0;
	while (blank < count && (bytes[blank] == '\r' || bytes[blank] == '\n'))
		blank++;
	size_t head = head_bytes(bytes + blank, count - blank);
	if (head == 0)
		return count >= RTSP_REQUEST_MAX_BYTES ? -EMSGSIZE : -EAGAIN;
	rest = (struct span){bytes + blank, head};
	int body_bytes = 0;
	if (!take_line(&rest, &line) || !read_request_line(line, &req))
		return -EBADMSG;
	while (take_line(&rest, &line) && line.length > 0)
		if (!read_header(line, &req, &body_bytes))
			return -EBADMSG;
	size_t whole = blank + head + (size_t)body_bytes;
	if (whole > RTSP_REQUEST_MAX_BYTES)
		return -EMSGSIZE;
	if (whole > count)
		return -EAGAIN;
	*ret_request = req;
	return (int)whole;
}

bool rtsp_request_mount(const char *url, char *ret_name, size_t size)
{
	const char *path = strstr(url, "://");
	path = path ? strchr(path + 3, '/') : url;
	while (path && *path == '/')
		path++;
	if (!path)
		path = "";
	return copy((struct span){path, strcspn(path, "/?")}, ret_name, size);
}

/* "client_port=5000-5001" or "interleaved=0-1"; one number stands for itself and the next. */
static bool read_pair(struct span value, int max, struct rtsp_transport *transport)
{
	const char *dash = memchr(value.text, '-', value.length);
	size_t first = dash ? (size_t)(dash - value.text) : value.length;
	if (!read_number((struct span){value.text, first}, max, &transport->rtp))
		return false;
	transport->rtcp = transport->rtp + 1;
	if (dash && !read_number((struct span){dash + 1, value.length - first - 1}, max,
			    &transport->rtcp))
		return false;
	return transport->rtcp <= max && transport->rtcp != transport->rtp;
}

static bool read_offer(struct span offer, struct rtsp_transport *transport)
{
	struct rtsp_transport found = {.rtcp = 1};
	bool multicast = false, ports = false, channels = true;
	for (bool first = true; offer.length > 0; first = false) {
		const char *end = memchr(offer.text, ';', offer.length);
		struct span item = {offer.text, end ? (size_t)(end - offer.text) : offer.length};
		offer.text += item.length + (end ? 1 : 0);
		offer.length -= item.length + (end ? 1 : 0);
		item = trim(item);
		if (first) {
			found.tcp = is_named(item, "RTP/AVP/TCP");
			if (!found.tcp && !is_named(item, "RTP/AVP") &&
				!is_named(item, "RTP/AVP/UDP"))
				return false;
		} else if (is_named(item, "multicast")) {
			multicast = true;
		} else if (item.length > 12 && strncasecmp(item.text, "client_port=", 12) == 0) {
			item = (struct span){item.text + 12, item.length - 12};
			ports = !found.tcp && read_pair(item, 65535, &found) && found.rtp > 0;
		} else if (item.length > 12 && strncasecmp(item.text, "interleaved=", 12) == 0) {
			item = (struct span){item.text + 12, item.length - 12};
			channels = found.tcp && read_pair(item, 255, &found);
		}
	}
	if (multicast || !(found.tcp ? channels : ports))
		return false;
	*transport = found;
	return true;
}

int rtsp_transport_parse(const char *header, struct rtsp_transport *ret_transport)
{
	while (*header) {
		struct span offer = {header, strcspn(header, ",")};
		if (read_offer(offer, ret_transport))
			return 0;
		header += offer.length;
		header += *header == ',';
	}
	return -ENOTSUP;
}
