#include "rtsp/auth.h"

#include "base/digest.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define REALM "Gantry"

int rtsp_auth_nonce(char ret_nonce[RTSP_NONCE_SIZE])
{
	uint8_t bytes[(RTSP_NONCE_SIZE - 1) / 2];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(ret_nonce + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

void rtsp_auth_challenge(const struct rtsp_auth *auth, const char *nonce, char *text, size_t size)
{
	if (auth->kind == RTSP_AUTH_BASIC)
		snprintf(text, size, "Basic realm=\"" REALM "\"");
	else
		snprintf(text, size, "Digest realm=\"" REALM "\", nonce=\"%s\", algorithm=MD5",
			nonce);
}

/* In a time that does not tell how much of it was right. */
static bool same(const char *a, const char *b)
{
	size_t n = strlen(a);
	if (n != strlen(b))
		return false;
	unsigned difference = 0;
	for (size_t i = 0; i < n; i++)
		difference |= (unsigned)(a[i] ^ b[i]);
	return difference == 0;
}

static void base64(const char *text, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = strlen(text);
	for (size_t i = 0; i < n; i += 3) {
		uint32_t bits = (uint32_t)(uint8_t)text[i] << 16;
		bits |= i + 1 < n ? (uint32_t)(uint8_t)text[i + 1] << 8 : 0;
		bits |= i + 2 < n ? (uint8_t)text[i + 2] : 0;
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = i + 1 < n ? digits[bits >> 6 & 63] : '=';
		*out++ = i + 2 < n ? digits[bits & 63] : '=';
	}
	*out = '\0';
}

static bool check_basic(const struct rtsp_auth *auth, const char *value)
{
	char plain[2 * RTSP_AUTH_TEXT_MAX + 2], coded[sizeof(plain) / 3 * 4 + 8];
	snprintf(plain, sizeof(plain), "%s:%s", auth->user, auth->password);
	base64(plain, coded);
	return same(coded, value);
}

/* name="value" or name=value among the comma-separated items; false where it is not there. */
static bool field(const char *items, const char *name, char *value, size_t size)
{
	size_t n = strlen(name);
	for (const char *p = items; *p;) {
		p += strspn(p, " \t,");
		bool found = strncasecmp(p, name, n) == 0 && p[n] == '=';
		p += strcspn(p, "=,");
		bool quoted = p[0] == '=' && p[1] == '"';
		p += *p == '=' ? 1 + quoted : 0;
		size_t length = strcspn(p, quoted ? "\"" : ", \t");
		if (found && length < size) {
			memcpy(value, p, length);
			value[length] = '\0';
			return true;
		}
		p += length;
		p += quoted && *p == '"';
	}
	return false;
}

/* MD5 of "a:b:c", or of "a:b" where c is NULL. */
static bool hash(char ret_hash[DIGEST_MD5_TEXT_SIZE], const char *a, const char *b, const char *c)
{
	char text[2048];
	int n = snprintf(text, sizeof(text), "%s:%s%s%s", a, b, c ? ":" : "", c ? c : "");
	return n >= 0 && (size_t)n < sizeof(text) && digest_md5(text, (size_t)n, ret_hash) == 0;
}

static bool check_digest(
	const struct rtsp_auth *auth, const char *nonce, const char *method, const char *items)
{
	char user[RTSP_AUTH_TEXT_MAX + 1], their_nonce[64], uri[1024], response[64];
	char qop[16], nc[16], cnonce[128], middle[256];
	char a1[DIGEST_MD5_TEXT_SIZE], a2[DIGEST_MD5_TEXT_SIZE], wanted[DIGEST_MD5_TEXT_SIZE];
	if (!field(items, "username", user, sizeof(user)) ||
		!field(items, "nonce", their_nonce, sizeof(their_nonce)) ||
		!field(items, "uri", uri, sizeof(uri)) ||
		!field(items, "response", response, sizeof(response)))
		return false;
	snprintf(middle, sizeof(middle), "%s", nonce);
	if (field(items, "qop", qop, sizeof(qop))) {
		if (!field(items, "nc", nc, sizeof(nc)) ||
			!field(items, "cnonce", cnonce, sizeof(cnonce)))
			return false;
		snprintf(middle, sizeof(middle), "%s:%s:%s:%s", nonce, nc, cnonce, qop);
	}
	return hash(a1, auth->user, REALM, auth->password) && hash(a2, method, uri, NULL) &&
	       hash(wanted, a1, middle, a2) && same(auth->user, user) && same(nonce, their_nonce) &&
	       same(wanted, response);
}

bool rtsp_auth_check(const struct rtsp_auth *auth, const char *nonce, const char *method,
	const char *authorization)
{
	if (auth->kind == RTSP_AUTH_NONE)
		return true;
	const char *word = auth->kind == RTSP_AUTH_BASIC ? "Basic " : "Digest ";
	size_t n = strlen(word);
	if (strncasecmp(authorization, word, n) != 0)
		return false;
	return auth->kind == RTSP_AUTH_BASIC ? check_basic(auth, authorization + n)
					     : check_digest(auth, nonce, method, authorization + n);
}
