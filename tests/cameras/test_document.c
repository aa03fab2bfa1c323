#include "cameras/document.h"
#include "test.h"

#include <errno.h>

static char *merge(const char *old, const char *body)
{
	struct err err = {""};
	struct jsonin *parsed = NULL;
	char *text = NULL;
	if (jsonin_parse(body, strlen(body), &err, &parsed) < 0 ||
		document_merge(old, body, strlen(body), parsed, &err, &text) < 0)
		fail_msg("%s", err.text);
	jsonin_free(&parsed);
	return text;
}

static void expect_merged(const char *old, const char *body, const char *merged, const char *normal)
{
	struct err err = {""};
	char *text = merge(old, body), *document = NULL;
	assert_string_equal(text, merged);
	if (document_normal(text, &err, &document) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(document, normal);
	free(document);
	free(text);
}

static void members_that_are_given_replace(void **state)
{
	(void)state;
	expect_merged(NULL, "{\"a\": 1}", "{\n \"a\": 1}", "{\n\"a\":1\n}\n");
	expect_merged("{\"a\":1,\"b\":[1,2.5]}", "\n {\"a\":\n 3}",
		"{\"b\":[1,2.5],\n\n  \"a\":\n 3}", "{\n\"b\":[1,2.5],\n\"a\":3\n}\n");
	expect_merged("{\"a\":1}", "{ }", "{\"a\":1\n  }", "{\n\"a\":1\n}\n");
	expect_merged(
		"{\"a\":1,\"b\":2}", "{\"b\":null}", "{\"a\":1,\n \"b\":null}", "{\n\"a\":1\n}\n");
	expect_merged("{\"a,}\\\"\":1}", "{\"x\":{\"y\":0.1}}",
		"{\"a,}\\\"\":1,\n \"x\":{\"y\":0.1}}",
		"{\n\"a,}\\\"\":1,\n\"x\":{\"y\":0.10000000000000001}\n}\n");
}

static void what_is_no_object_is_refused(void **state)
{
	(void)state;
	struct err err;
	struct jsonin *parsed = NULL;
	char *text;
	assert_int_equal(jsonin_parse("[{}]", 4, &err, &parsed), 0);
	assert_int_equal(document_merge(NULL, "[{}]", 4, parsed, &err, &text), -EINVAL);
	jsonin_free(&parsed);
	assert_int_equal(document_normal("{", &err, &text), -EINVAL);
}

static void expect_text(struct json *json, const char *text)
{
	assert_int_equal(json->length, strlen(text));
	assert_memory_equal(json->text, text, json->length);
	json_reset(json);
}

static void passwords_are_never_written(void **state)
{
	(void)state;
	static const char text[] =
		"{\"source\":\"rtsp://u:secret@h/1\",\"password\":\"secret\",\"loop\":true}";
	struct json json = {0};
	document_write(text, &json);
	expect_text(&json, "{\"source\":\"rtsp://u:***@h/1\",\"password\":\"***\",\"loop\":true}");
	document_write_member(text, "password", &json);
	expect_text(&json, "\"***\"");
	document_write_member(text, "rules", &json);
	expect_text(&json, "null");
	document_write_diff(text, "{\"loop\":true}", &json);
	expect_text(&json, "[{\"path\":\"source\",\"before\":\"rtsp://u:***@h/1\",\"after\":null},"
			   "{\"path\":\"password\",\"before\":\"***\",\"after\":null}]");
	assert_true(document_shows_source(text, "rtsp://u:***@h/1"));
	assert_false(document_shows_source(text, "rtsp://v:***@h/1"));
	json_finish(&json);
}

static void differences_have_paths(void **state)
{
	(void)state;
	struct json json = {0};
	document_write_diff("{\"a\":1,\"r\":[{\"k\":1},{\"k\":2}],\"o\":{\"x\":1}}",
		"{\"o\":{\"y\":2},\"r\":[{\"k\":3}],\"a\":1}", &json);
	expect_text(&json, "[{\"path\":\"r[0].k\",\"before\":1,\"after\":3},"
			   "{\"path\":\"r[1]\",\"before\":{\"k\":2},\"after\":null},"
			   "{\"path\":\"o.x\",\"before\":1,\"after\":null},"
			   "{\"path\":\"o.y\",\"before\":null,\"after\":2}]");
	document_write_diff("{\"a\":1}", "{\"a\":1}", &json);
	expect_text(&json, "[]");
	json_finish(&json);
}

TEST_MAIN(cmocka_unit_test(members_that_are_given_replace),
	cmocka_unit_test(what_is_no_object_is_refused),
	cmocka_unit_test(passwords_are_never_written), cmocka_unit_test(differences_have_paths))
