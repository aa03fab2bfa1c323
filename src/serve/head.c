#include "serve/head.h"

#include "serve/request.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* A part of the bytes, not ended by a NUL. */
struct span {
	const char *at;
	size_t length;
};

static const struct head_fault fine;

static struct head_fault fault(int status, const char *detail)
{
	return (struct head_fault){status, detail};
}

static bool is(struct span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.at, text, span.length) == 0;
}

/* The next line, without its end, off the front of `rest`; false where it is not all there. */
static bool take_line(struct span *rest, struct span *ret_line)
{
	const char *end = memchr(rest->at, '\n', rest->length);
	if (!end)
		return false;
	ret_line->at = rest->at;
	ret_line->length = (size_t)(end - rest->at);
	rest->length -= ret_line->length + 1;
	rest->at = end + 1;
	if (ret_line->length > 0 && end[-1] == '\r')
		ret_line->length--;
	return true;
}

/* RFC 9110, 5.6.2. */
static bool is_token(struct span span)
{
	for (size_t i = 0; i < span.length; i++)
		if (!isalnum((unsigned char)span.at[i]) &&
			(!span.at[i] || !strchr("!#$%&'*+-.^_`|~", span.at[i])))
			return false;
	return span.length > 0;
}

/* "METHOD TARGET HTTP/1.1": false where it has not this shape, and is for others to judge. */
static bool split(struct span line, struct span *ret_method, struct span *ret_target)
{
	const char *first = memchr(line.at, ' ', line.length);
	const char *last = memrchr(line.at, ' ', line.length);
	if (!first || first == last)
		return false;
	*ret_method = (struct span){line.at, (size_t)(first - line.at)};
	*ret_target = (struct span){first + 1, (size_t)(last - first - 1)};
	size_t version = line.length - (size_t)(last + 1 - line.at);
	return is_token(*ret_method) && version > 5 && memcmp(last + 1, "HTTP/", 5) == 0;
}

static bool is_known(struct span method)
{
	for (int m = 0; m < METHOD_COUNT; m++)
		if (is(method, method_name((enum method)m)))
			return true;
	return false;
}

static bool is_escape(const char *at, const char *end)
{
	return end - at > 2 && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]);
}

static struct head_fault check_target(struct span target)
{
	const char *end = target.at + target.length;
	int pieces = 1;
	if (target.length == 0 || target.at[0] != '/')
		return fault(400, "a target begins with '/': no other form of it is taken here");
	for (const char *c = target.at; c < end; c++) {
		if (*c == '%' && !is_escape(c, end))
			return fault(400, "a percent sign is followed by two hexadecimal digits");
		if (!*c || (*c == '%' && c[1] == '0' && c[2] == '0'))
			return fault(400, "path and query must be text");
		if ((*c == '&' || *c == ';') && ++pieces > HEAD_PAIRS_MAX)
			return fault(414, "a query has too many parameters");
	}
	return fine;
}

/* Whether libwebsockets loses its way: `field` begins with a name and a colon. */
static bool is_misread(struct span field, size_t name_length, const char *const *names)
{
	bool misread = false;
	for (; *names; names++) {
		size_t n = strlen(*names);
		if (n == name_length + 1 && strncasecmp(field.at, *names, n) == 0)
			return false;
		bool ends_within = n > name_length;
		size_t same = ends_within ? name_length : n;
		misread |= n > 0 && strncasecmp(field.at, *names, same) == 0;
	}
	return misread;
}

/* Of the value of an Upgrade field, as libwebsockets reads it: only spaces before it are left out.
 */
static bool is_taken(struct span to)
{
	while (to.length > 0 && to.at[0] == ' ') {
		to.at++;
		to.length--;
	}
	return to.length == 0 || (to.length == 9 && strncasecmp(to.at, "websocket", 9) == 0) ||
	       (to.length == 3 && strncasecmp(to.at, "h2c", 3) == 0);
}

static struct head_fault check_field(struct span line, const char *const *names)
{
	const char *colon = memchr(line.at, ':', line.length);
	struct span name = {line.at, colon ? (size_t)(colon - line.at) : 0};
	if (!is_token(name))
		return fault(
			400, "a field of the head is a name, a colon right behind it, a value");
	if (memchr(line.at, '\0', line.length) || memchr(line.at, '\r', line.length))
		return fault(400, "the fields of the head must be text");
	if (is_misread(line, name.length, names))
		return fault(400, "a field of the head has a name that cannot be read here");
	if (name.length == 7 && strncasecmp(name.at, "upgrade", 7) == 0 &&
		!is_taken((struct span){colon + 1, line.length - name.length - 1}))
		return fault(400, "only websocket can be upgraded to");
	return fine;
}

static struct head_fault check_fields(struct span rest, const char *const *names)
{
	struct span line;
	while (take_line(&rest, &line) && line.length > 0) {
		struct head_fault wrong = check_field(line, names);
		if (wrong.status)
			return wrong;
	}
	return fine;
}

struct head_fault head_check(const char *bytes, size_t length, const char *const *names)
{
	struct span rest = {bytes, length}, line, method, target;
	if (!take_line(&rest, &line) || !split(line, &method, &target))
		return fine;
	if (!is_known(method))
		return fault(405, "this method is not taken");
	if (is(method, "OPTIONS") && is(target, "*"))
		return fault(204, "");
	struct head_fault wrong = check_target(target);
	return wrong.status ? wrong : check_fields(rest, names);
}

bool head_is_begun(const char *bytes, size_t length)
{
	struct span rest = {bytes, length}, line, method, target;
	if (take_line(&rest, &line))
		return split(line, &method, &target);
	const char *space = memchr(bytes, ' ', length);
	return is_token((struct span){bytes, space ? (size_t)(space - bytes) : length});
}

size_t head_length(const char *bytes, size_t length)
{
	struct span rest = {bytes, length}, line;
	while (take_line(&rest, &line))
		if (line.length == 0)
			return length - rest.length;
	return 0;
}
