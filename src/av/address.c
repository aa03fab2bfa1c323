#include "av/address.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
	char *out;
	size_t length;
	bool full;
};

static void put(struct text *t, char c)
{
	if (t->length + 1 >= ADDRESS_SIZE)
		t->full = true;
	else
		t->out[t->length++] = c;
}

static void put_all(struct text *t, const char *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		put(t, from[i]);
}

static bool is_escape(const char *p, const char *end)
{
	return end - p >= 3 && p[0] == '%' && isxdigit((unsigned char)p[1]) &&
	       isxdigit((unsigned char)p[2]);
}

/* RFC 3986, 2.3: what is not unreserved becomes "%XX". */
static void put_encoded(struct text *t, const char *from, size_t length, bool escapes)
{
	static const char hex[] = "0123456789ABCDEF";
	for (const char *p = from, *end = from + length; p < end; p++) {
		unsigned char c = (unsigned char)*p;
		if (isalnum(c) || (c && strchr("-._~", c)) || (escapes && is_escape(p, end))) {
			put(t, *p);
		} else {
			put(t, '%');
			put(t, hex[c >> 4]);
			put(t, hex[c & 15]);
		}
	}
}

int address_complete(
	const char *url, const char *username, const char *password, char ret_address[ADDRESS_SIZE])
{
	struct text t = {ret_address, 0, false};
	const char *scheme = strstr(url, "://");
	const char *authority = scheme ? scheme + 3 : url;
	const char *host = authority, *colon = NULL;
	size_t span = strcspn(authority, "/?#");
	for (size_t i = 0; i < span; i++)
		if (authority[i] == '@')
			host = authority + i + 1;
	if (host > authority)
		colon = memchr(authority, ':', (size_t)(host - 1 - authority));
	put_all(&t, url, (size_t)(authority - url));
	if (username)
		put_encoded(&t, username, strlen(username), false);
	else if (host > authority)
		put_encoded(&t, authority, (size_t)((colon ? colon : host - 1) - authority), true);
	if (password || colon)
		put(&t, ':');
	if (password)
		put_encoded(&t, password, strlen(password), false);
	else if (colon)
		put_encoded(&t, colon + 1, (size_t)(host - 1 - colon - 1), true);
	if (t.length > (size_t)(authority - url))
		put(&t, '@');
	put_all(&t, host, strlen(host));
	ret_address[t.length] = '\0';
	return t.full ? -ENAMETOOLONG : 0;
}
