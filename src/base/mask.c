#include "base/mask.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define STARS "***"

static const char *const words[] = {
	"password", "passwd", "passphrase", "pass", "pwd", "token", "secret", "key"};

/* Where a URL, or what stands for one in a sentence, must have ended. */
static bool ends_url(char c)
{
	return c == '\0' || isspace((unsigned char)c) || c == '"' || c == '\'' || c == '<' ||
	       c == '>';
}

/* `authority` follows "://". The '@' that ends its user information, or NULL. */
static const char *user_end(const char *authority)
{
	const char *at = NULL;
	for (const char *p = authority; !ends_url(*p) && !strchr("/?#", *p); p++)
		if (*p == '@')
			at = p;
	return at;
}

/* The length of "NAME=" with a name of `words` at `p`, or 0; `before` is the character before. */
static size_t secret_name(const char *p, char before)
{
	if (isalpha((unsigned char)before))
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);
		if (strncasecmp(p, words[i], n) == 0 && p[n] == '=')
			return n + 1;
	}
	return 0;
}

struct out {
	char *text;
	size_t size, length;
};

static void put(struct out *out, const char *text, size_t length)
{
	if (length > out->size - 1 - out->length)
		length = out->size - 1 - out->length;
	memmove(out->text + out->length, text, length);
	out->length += length;
}

/* What follows the secret that begins at `p` of the text that began at `start`; NULL for none. */
static const char *after_secret(const char *p, const char *start, size_t *ret_keep)
{
	if (strncmp(p, "://", 3) == 0) {
		const char *at = user_end(p + 3);
		const char *colon = at ? memchr(p + 3, ':', (size_t)(at - p - 3)) : NULL;
		*ret_keep = colon ? (size_t)(colon + 1 - p) : 0;
		return colon ? at : NULL;
	}
	*ret_keep = secret_name(p, p > start ? p[-1] : ' ');
	if (*ret_keep == 0)
		return NULL;
	p += *ret_keep;
	while (!ends_url(*p) && !strchr("&;/#", *p))
		p++;
	return p;
}

void mask_secrets(const char *text, char *out, size_t size)
{
	/* The stars may be longer than what they hide, so not in place. */
	char copy[4096];
	struct out o = {copy, size < sizeof(copy) ? size : sizeof(copy), 0};
	for (const char *p = text; *p;) {
		size_t keep;
		const char *rest = after_secret(p, text, &keep);
		if (!rest) {
			put(&o, p++, 1);
			continue;
		}
		put(&o, p, keep);
		put(&o, STARS, strlen(STARS));
		p = rest;
	}
	memcpy(out, copy, o.length);
	out[o.length] = '\0';
}
