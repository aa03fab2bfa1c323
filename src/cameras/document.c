#include "cameras/document.h"

#include "base/mask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 256
#define SOURCE_MAX_BYTES 4200
#define HIDDEN "***"

static int taken(struct json *json, struct err *err, char **ret_text)
{
	json_raw(json, "", 1); /* the NUL */
	if (json->failed) {
		json_finish(json);
		return err_set(err, -ENOMEM, "out of memory");
	}
	*ret_text = json->text;
	return 0;
}

static void raw(struct json *json, const char *text)
{
	json_raw(json, text, strlen(text));
}

static void write_key(struct json *json, const char *key)
{
	struct json quoted = {0};
	json_string(&quoted, key);
	json_raw(json, quoted.text, quoted.length);
	json->failed |= quoted.failed;
	json_finish(&quoted);
	raw(json, ":");
}

static void write_value(struct json *json, const struct jsonin *value)
{
	char *text = jsonin_text(value);
	json->failed |= !text;
	if (text)
		raw(json, text);
	free(text);
}

/* Those members of `old` that `body` does not name, on one line, each followed by a comma. */
static int keep_rest(const char *old, const struct jsonin *body, struct json *json, struct err *err)
{
	struct jsonin *document = NULL;
	const struct jsonin *value;
	const char *key;
	void *iter = NULL;
	int r = jsonin_parse(old, strlen(old), err, &document);
	if (r < 0)
		return r;
	while (jsonin_next(document, &iter, &key, &value)) {
		if (jsonin_get(body, key))
			continue;
		write_key(json, key);
		write_value(json, value);
		raw(json, ",");
	}
	jsonin_free(&document);
	return 0;
}

int document_merge(const char *old, const char *body, size_t length, const struct jsonin *parsed,
	struct err *err, char **ret_text)
{
	struct json json = {0};
	void *iter = NULL;
	const char *key;
	const struct jsonin *value;
	const char *open = memchr(body, '{', length);
	if (!open || !jsonin_is_object(parsed))
		return err_set(err, -EINVAL, "must be a JSON object");
	raw(&json, "{");
	int r = old ? keep_rest(old, parsed, &json, err) : 0;
	if (r < 0) {
		json_finish(&json);
		return r;
	}
	if (!jsonin_next(parsed, &iter, &key, &value) && json.length > 1)
		json.length--; /* no member follows the last comma */
	raw(&json, "\n");
	json_raw(&json, body, (size_t)(open - body));
	raw(&json, " "); /* in the place of the brace, so that columns stay */
	json_raw(&json, open + 1, length - (size_t)(open + 1 - body));
	return taken(&json, err, ret_text);
}

int document_normal(const char *text, struct err *err, char **ret_text)
{
	struct json json = {0};
	struct jsonin *document = NULL;
	const struct jsonin *value;
	const char *key, *before = "{\n";
	void *iter = NULL;
	int r = jsonin_parse(text, strlen(text), err, &document);
	if (r < 0)
		return r;
	while (jsonin_next(document, &iter, &key, &value)) {
		if (jsonin_is_null(value))
			continue;
		raw(&json, before);
		write_key(&json, key);
		write_value(&json, value);
		before = ",\n";
	}
	raw(&json, "\n}\n");
	jsonin_free(&document);
	return taken(&json, err, ret_text);
}

/* What may be shown of a member of the top level. */
static void write_shown(struct json *json, const char *key, const struct jsonin *value)
{
	char source[SOURCE_MAX_BYTES];
	if (!value) {
		json_null(json);
	} else if (strcmp(key, "password") == 0) {
		json_string(json, HIDDEN);
	} else if (strcmp(key, "source") == 0) {
		mask_secrets(jsonin_string(value, ""), source, sizeof(source));
		json_string(json, source);
	} else {
		char *text = jsonin_text(value);
		json->failed |= !text;
		if (text)
			json_raw(json, text, strlen(text));
		free(text);
	}
}

void document_write_member(const char *text, const char *key, struct json *json)
{
	struct jsonin *document = NULL;
	int r = jsonin_parse(text, strlen(text), NULL, &document);
	write_shown(json, key, r == 0 ? jsonin_get(document, key) : NULL);
	jsonin_free(&document);
}

void document_write(const char *text, struct json *json)
{
	struct jsonin *document = NULL;
	const struct jsonin *value;
	const char *key;
	void *iter = NULL;
	int r = jsonin_parse(text, strlen(text), NULL, &document);
	json_object(json);
	while (r == 0 && jsonin_next(document, &iter, &key, &value)) {
		json_key(json, key);
		write_shown(json, key, value);
	}
	json_object_end(json);
	jsonin_free(&document);
}

bool document_shows_source(const char *text, const char *source)
{
	struct jsonin *document = NULL;
	char shown[SOURCE_MAX_BYTES];
	if (jsonin_parse(text, strlen(text), NULL, &document) < 0)
		return false;
	mask_secrets(jsonin_string(jsonin_get(document, "source"), ""), shown, sizeof(shown));
	jsonin_free(&document);
	return strcmp(shown, source) == 0;
}

/* Comparing */

struct diff {
	struct json *json;
	char path[PATH_MAX_BYTES];
	size_t length;
};

static void compare(struct diff *diff, const struct jsonin *before, const struct jsonin *after);

static void write_difference(
	struct diff *diff, const struct jsonin *before, const struct jsonin *after)
{
	json_object(diff->json);
	json_member_string(diff->json, "path", diff->path);
	json_key(diff->json, "before");
	write_shown(diff->json, diff->path, before);
	json_key(diff->json, "after");
	write_shown(diff->json, diff->path, after);
	json_object_end(diff->json);
}

/* One step down, by ".key", or "[index]" where key is NULL. */
static void compare_at(struct diff *diff, const char *key, int index, const struct jsonin *before,
	const struct jsonin *after)
{
	size_t length = diff->length, left = sizeof(diff->path) - length;
	int n = key ? snprintf(diff->path + length, left, "%s%s", length ? "." : "", key)
		    : snprintf(diff->path + length, left, "[%d]", index);
	diff->length += (size_t)n < left ? (size_t)n : left - 1;
	compare(diff, before, after);
	diff->length = length;
	diff->path[length] = '\0';
}

static void compare_objects(
	struct diff *diff, const struct jsonin *before, const struct jsonin *after)
{
	const struct jsonin *value;
	const char *key;
	void *iter = NULL;
	while (jsonin_next(before, &iter, &key, &value))
		compare_at(diff, key, 0, value, jsonin_get(after, key));
	iter = NULL;
	while (jsonin_next(after, &iter, &key, &value))
		if (!jsonin_get(before, key))
			compare_at(diff, key, 0, NULL, value);
}

static void compare(struct diff *diff, const struct jsonin *before, const struct jsonin *after)
{
	if (jsonin_equal(before, after))
		return;
	if (jsonin_is_object(before) && jsonin_is_object(after)) {
		compare_objects(diff, before, after);
	} else if (jsonin_is_array(before) && jsonin_is_array(after)) {
		int count = jsonin_count(before) > jsonin_count(after) ? jsonin_count(before)
								       : jsonin_count(after);
		for (int i = 0; i < count; i++)
			compare_at(diff, NULL, i, jsonin_at(before, i), jsonin_at(after, i));
	} else {
		write_difference(diff, before, after);
	}
}

void document_write_diff(const char *before, const char *after, struct json *json)
{
	struct jsonin *a = NULL, *b = NULL;
	struct diff diff = {.json = json};
	json_array(json);
	if (jsonin_parse(before, strlen(before), NULL, &a) == 0 &&
		jsonin_parse(after, strlen(after), NULL, &b) == 0)
		compare(&diff, a, b);
	json_array_end(json);
	jsonin_free(&a);
	jsonin_free(&b);
}
