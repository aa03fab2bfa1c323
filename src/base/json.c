#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct json *j, size_t more)
{
	if (j->failed)
		return false;
	if (j->length + more <= j->capacity)
		return true;
	size_t capacity = j->capacity ? j->capacity : 256;
	while (capacity < j->length + more)
		capacity *= 2;
	char *text = realloc(j->text, capacity);
	if (!text) {
		j->failed = true;
		return false;
	}
	j->text = text;
	j->capacity = capacity;
	return true;
}

static void append(struct json *j, const char *text, size_t length)
{
	if (!reserve(j, length))
		return;
	memcpy(j->text + j->length, text, length);
	j->length += length;
}

static void comma(struct json *j)
{
	uint64_t bit = UINT64_C(1) << j->depth;
	if (j->after_key)
		j->after_key = false;
	else if (j->depth > 0 && (j->has_items & bit))
		append(j, ",", 1);
	j->has_items |= bit;
}

static void open_level(struct json *j, const char *bracket)
{
	comma(j);
	append(j, bracket, 1);
	assert(j->depth + 1 < JSON_DEPTH_MAX);
	j->depth++;
	j->has_items &= ~(UINT64_C(1) << j->depth);
}

static void close_level(struct json *j, const char *bracket)
{
	assert(j->depth > 0 && !j->after_key);
	j->depth--;
	append(j, bracket, 1);
}

void json_object(struct json *j)
{
	open_level(j, "{");
}

void json_object_end(struct json *j)
{
	close_level(j, "}");
}

void json_array(struct json *j)
{
	open_level(j, "[");
}

void json_array_end(struct json *j)
{
	close_level(j, "]");
}

void json_key(struct json *j, const char *key)
{
	json_string(j, key);
	append(j, ":", 1);
	j->after_key = true;
}

/* Length in bytes of the valid UTF-8 sequence at `s`, 0 where there is none (RFC 3629). */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	if (s[0] < 0x80)
		return 1;
	size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
	if (s[0] < 0xC2 || s[0] > 0xF4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
	bool surrogate = s[0] == 0xED && s[1] > 0x9F;
	bool beyond = s[0] == 0xF4 && s[1] > 0x8F;
	return overlong || surrogate || beyond ? 0 : n;
}

static void append_escaped(struct json *j, unsigned char c)
{
	static const char short_escape[32] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	char escape[8];
	if (c == '"' || c == '\\')
		append(j, (char[]){'\\', (char)c}, 2);
	else if (c < 0x20 && short_escape[c])
		append(j, (char[]){'\\', short_escape[c]}, 2);
	else
		append(j, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", c));
}

void json_string_n(struct json *j, const char *text, size_t length)
{
	const unsigned char *s = (const unsigned char *)text;
	comma(j);
	append(j, "\"", 1);
	for (size_t i = 0; i < length;) {
		size_t n = utf8_length(s + i, length - i);
		if (n == 0)
			append(j, "\xEF\xBF\xBD", 3);
		else if (s[i] < 0x20 || s[i] == '"' || s[i] == '\\')
			append_escaped(j, s[i]);
		else
			append(j, text + i, n);
		i += n ? n : 1;
	}
	append(j, "\"", 1);
}

void json_string(struct json *j, const char *text)
{
	if (text)
		json_string_n(j, text, strlen(text));
	else
		json_null(j);
}

void json_int(struct json *j, int64_t value)
{
	char digits[24];
	comma(j);
	append(j, digits, (size_t)snprintf(digits, sizeof(digits), "%lld", (long long)value));
}

void json_real(struct json *j, double value, int decimals)
{
	assert(decimals >= 0 && decimals <= 9);
	char digits[352];
	if (!isfinite(value)) {
		json_null(j);
		return;
	}
	int n = snprintf(digits, sizeof(digits), "%.*f", decimals, value);
	if (decimals > 0) {
		while (digits[n - 1] == '0')
			n--;
		if (digits[n - 1] == '.')
			n--;
	}
	if (n == 2 && digits[0] == '-' && digits[1] == '0') {
		digits[0] = '0';
		n = 1;
	}
	comma(j);
	append(j, digits, (size_t)n);
}

void json_bool(struct json *j, bool value)
{
	comma(j);
	append(j, value ? "true" : "false", value ? 4 : 5);
}

void json_null(struct json *j)
{
	comma(j);
	append(j, "null", 4);
}

void json_member_string(struct json *j, const char *key, const char *text)
{
	json_key(j, key);
	json_string(j, text);
}

void json_member_int(struct json *j, const char *key, int64_t value)
{
	json_key(j, key);
	json_int(j, value);
}

void json_member_real(struct json *j, const char *key, double value, int decimals)
{
	json_key(j, key);
	json_real(j, value, decimals);
}

void json_member_bool(struct json *j, const char *key, bool value)
{
	json_key(j, key);
	json_bool(j, value);
}

void json_member_wall(struct json *j, const char *key, struct wall t)
{
	char text[WALL_TEXT_SIZE];
	wall_format(t, text, sizeof(text));
	json_member_string(j, key, t.us == 0 ? NULL : text);
}

void json_raw(struct json *j, const char *text, size_t length)
{
	if (j->depth > 0)
		comma(j);
	append(j, text, length);
}

void json_reset(struct json *j)
{
	j->length = 0;
	j->failed = j->after_key = false;
	j->depth = 0;
	j->has_items = 0;
}

void json_finish(struct json *j)
{
	free(j->text);
	*j = (struct json){0};
}
