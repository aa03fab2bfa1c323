#include "serve/head.h"
#include "test.h"

#include <string.h>

/* Some of what libwebsockets knows. */
static const char *const names[] = {"get ", "host:", "authorization:", "content-length:", "cookie:",
	"upgrade:", "accept:", "accept-encoding:", "put", "delete", "uri-args",
	"x-auth-token:", ":path", "te:", "transfer-encoding:", NULL};

static int check(const char *line, const char *fields)
{
	char head[HEAD_MAX_BYTES];
	snprintf(head, sizeof(head), "%s\r\nHost: x\r\n%s\r\n", line, fields);
	return head_check(head, strlen(head), names).status;
}

static void requests(void **state)
{
	(void)state;
	assert_int_equal(check("GET / HTTP/1.1", ""), 0);
	assert_int_equal(check("DELETE /a/%20b/%C3%BC?x=%41&y HTTP/1.1", ""), 0);
	assert_int_equal(check("OPTIONS /violations HTTP/1.0", ""), 0);
	assert_int_equal(check("OPTIONS * HTTP/1.1", ""), 204);
	assert_int_equal(check("GET * HTTP/1.1", ""), 400);
	assert_int_equal(check("GET http://x/ HTTP/1.1", ""), 400);
	assert_int_equal(check("GET  HTTP/1.1", ""), 400);
	assert_int_equal(check("CONNECT x:443 HTTP/1.1", ""), 405);
	assert_int_equal(check("get / HTTP/1.1", ""), 405);
	assert_int_equal(check("BREW / HTTP/1.1", ""), 405);
	assert_int_equal(check("GETT / HTTP/1.1", ""), 405);
}

static void escapes(void **state)
{
	static const char *const broken[] = {"GET /% HTTP/1.1", "GET /%2 HTTP/1.1",
		"GET /%zz HTTP/1.1", "GET /a?b=100% HTTP/1.1", "GET /%%41 HTTP/1.1"};
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_int_equal(check(broken[i], ""), 400);
	const char nul[] = "GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n";
	assert_int_equal(check("GET /a%00 HTTP/1.1", ""), 400);
	assert_int_equal(head_check(nul, sizeof(nul) - 1, names).status, 400);
}

static void pieces_of_queries(void **state)
{
	char line[1000] = "GET /violations?a";
	(void)state;
	for (int i = 1; i < HEAD_PAIRS_MAX; i++)
		strcat(line, i % 2 ? "&a" : ";a");
	char more[1000];
	snprintf(more, sizeof(more), "%s&a HTTP/1.1", line);
	strcat(line, " HTTP/1.1");
	assert_int_equal(check(line, ""), 0);
	assert_int_equal(check(more, ""), 414);
}

/* What does not begin like a request is another's to judge: it may be in the midst of one. */
static void others(void **state)
{
	static const char *const lines[] = {"", "GET", "GET /", "GET / FTP/1.1", "HTTP/1.1 200 OK",
		": / HTTP/1.1", "Host: x y HTTP/1.1", "\x16\x03\x01"};
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(check(lines[i], "no colon\r\n"), 0);
}

static int check_field(const char *field)
{
	char fields[500];
	snprintf(fields, sizeof(fields), "%s\r\n", field);
	return check("GET / HTTP/1.1", fields);
}

static void fields(void **state)
{
	static const char *const fine[] = {"Cookie: a", "COOKIE:a", "X-Forwarded-Proto: https",
		"Z: y", "Accept: */*", "Accept-Encoding: gzip", "Accept-Language: de",
		"X-Auth-Token: a", "Upgrade: websocket", "Upgrade: h2c", "upgrade:  WebSocket",
		"Upgrade:", "Upgrade-Insecure-Requests: 1", "Sec-Fetch-Mode: cors",
		"Content-MD5: x", "Trailer: x", "Empty:", "A-Colon: b:c"};
	static const char *const broken[] = {"no colon", ": no name", "Cookie : a", " folded: x",
		"Coo kie: a", "A: \x01\rb", "Upgrade: foo", "Upgrade: websocket, foo",
		"Upgrade: websocket "};
	/* Each of these would make the field behind it invisible, or be taken for a method. */
	static const char *const misread[] = {"X: y", "X-Auth: y", "C: y", "Content: y", "Auth: y",
		"Put: y", "Put-Off: y", "Deleted: y", "uri-args: a=b", "T: y", "A: y"};
	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		assert_int_equal(check_field(fine[i]), 0);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_int_equal(check_field(broken[i]), 400);
	for (size_t i = 0; i < sizeof(misread) / sizeof(misread[0]); i++)
		assert_int_equal(check_field(misread[i]), 400);
}

static void lengths(void **state)
{
	(void)state;
	assert_int_equal(head_length("GET / HTTP/1.1\r\n\r\nmore", 22), 18);
	assert_int_equal(head_length("GET / HTTP/1.1\n\nmore", 20), 16);
	assert_int_equal(head_length("GET / HTTP/1.1\r\nA: b\r\n", 22), 0);
	assert_int_equal(head_length("GET / HTTP/1.1\r\n\r", 17), 0);
	assert_int_equal(head_length("", 0), 0);
}

static void beginnings(void **state)
{
	static const char *const begun[] = {"G", "GET", "GET ", "GET /", "GET / HTTP/1.1\r",
		"GET / HTTP/1.1\r\nHost", "BREW / HTTP/1.1\r\n"};
	static const char *const none[] = {" GET", "\r\n", "{\"a\": 1}", "EHLO x\r\n",
		"SSH-2.0-x\r\n", "Host: x\r\nA: b", "\x16\x03\x01"};
	(void)state;
	for (size_t i = 0; i < sizeof(begun) / sizeof(begun[0]); i++)
		assert_true(head_is_begun(begun[i], strlen(begun[i])));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(head_is_begun(none[i], strlen(none[i])));
}

TEST_MAIN(cmocka_unit_test(requests), cmocka_unit_test(escapes),
	cmocka_unit_test(pieces_of_queries), cmocka_unit_test(others), cmocka_unit_test(fields),
	cmocka_unit_test(lengths), cmocka_unit_test(beginnings))
