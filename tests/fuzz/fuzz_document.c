/* A change of a camera's configuration: the document that is there, a newline, the body of the
 * request. What is merged must be what each of them said, and what is shown must have no password.
 */
#include "cameras/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

static struct jsonin *parse(const char *text, size_t length)
{
	struct err err;
	struct jsonin *document = NULL;
	return jsonin_parse(text, length, &err, &document) == 0 ? document : NULL;
}

/* Every member of `from`, but for those that `but` has and for null, is in `document`. */
static void expect_members(
	const struct jsonin *document, const struct jsonin *from, const struct jsonin *but)
{
	const struct jsonin *value;
	const char *key;
	void *iter = NULL;
	while (jsonin_next(from, &iter, &key, &value))
		if (!jsonin_get(but, key) && !jsonin_is_null(value))
			insist(jsonin_equal(jsonin_get(document, key), value), key);
}

static void expect_shown(const char *text, const struct jsonin *document)
{
	struct json json = {0};
	document_write(text, &json);
	struct jsonin *shown = parse(json.text, json.length);
	insist(shown, "what is shown is JSON");
	if (jsonin_get(document, "password"))
		insist(strcmp(jsonin_string(jsonin_get(shown, "password"), ""), "***") == 0,
			"a password is hidden");
	jsonin_free(&shown);
	json_reset(&json);
	document_write_diff(text, text, &json);
	insist(json.length == 2, "nothing differs from itself");
	json_finish(&json);
}

static void expect_normal(const char *merged, const struct jsonin *old, const struct jsonin *body)
{
	struct err err;
	char *normal = NULL, *again = NULL;
	insist(document_normal(merged, &err, &normal) == 0, "what is merged is JSON");
	struct jsonin *document = parse(normal, strlen(normal));
	if (document) {
		expect_members(document, body, NULL);
		expect_members(document, old, body);
		insist(document_normal(normal, &err, &again) == 0 && strcmp(normal, again) == 0,
			"the normal form of itself");
		expect_shown(normal, document);
	}
	jsonin_free(&document);
	free(again);
	free(normal);
}

static void change(const char *old_text, const char *body_text, size_t length)
{
	struct err err;
	char *merged = NULL;
	struct jsonin *old = parse(old_text, strlen(old_text)), *body = parse(body_text, length);
	if (body &&
		document_merge(old ? old_text : NULL, body_text, length, body, &err, &merged) == 0)
		expect_normal(merged, old, body);
	free(merged);
	jsonin_free(&body);
	jsonin_free(&old);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	char *newline = memchr(text, '\n', size);
	if (newline) {
		*newline = '\0';
		change(text, newline + 1, (size_t)(text + size - newline - 1));
	}
	free(text);
	return 0;
}
