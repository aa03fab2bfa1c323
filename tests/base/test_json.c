#include "base/json.h"
#include "base/jsonin.h"
#include "test.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static void expect(struct json *j, const char *expected)
{
	assert_false(j->failed);
	assert_int_equal(j->length, strlen(expected));
	assert_memory_equal(j->text, expected, j->length);
	json_finish(j);
}

static void commas_are_placed(void **state)
{
	(void)state;
	struct json j = {0};
	json_object(&j);
	json_key(&j, "id");
	json_int(&j, -7);
	json_key(&j, "box");
	json_array(&j);
	json_real(&j, 1.5, 2);
	json_array(&j);
	json_array_end(&j);
	json_bool(&j, true);
	json_null(&j);
	json_array_end(&j);
	json_key(&j, "made elsewhere");
	json_raw(&j, "{}", 2);
	json_key(&j, "empty");
	json_object(&j);
	json_object_end(&j);
	json_object_end(&j);
	json_raw(&j, "\n", 1);
	json_int(&j, 2);
	expect(&j, "{\"id\":-7,\"box\":[1.5,[],true,null],\"made elsewhere\":{},\"empty\":{}}\n2");
}

static void strings_are_escaped(void **state)
{
	(void)state;
	struct json j = {0};
	json_string(&j, "a\"b\\c\n\t\x01\x7f é \xF0\x9F\x9A\x97");
	expect(&j, "\"a\\\"b\\\\c\\n\\t\\u0001\x7f é \xF0\x9F\x9A\x97\"");
	json_string(&j, NULL);
	expect(&j, "null");
	json_string_n(&j, "a\0b", 3);
	expect(&j, "\"a\\u0000b\"");
}

/* RFC 3629: what is no UTF-8 becomes U+FFFD, one for each byte. */
static void broken_utf8_is_replaced(void **state)
{
	(void)state;
	static const char *const broken[] = {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
		"\xF4\x90\x80\x80", "\xF5", "\xE2\x82", "\xC3("};
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct json j = {0};
		json_string(&j, broken[i]);
		assert_memory_equal(j.text, "\"\xEF\xBF\xBD", 4);
		struct err err;
		struct jsonin *doc;
		assert_int_equal(jsonin_parse(j.text, j.length, &err, &doc), 0);
		jsonin_free(&doc);
		json_finish(&j);
	}
}

static void check_real(double value, int decimals, const char *expected)
{
	struct json j = {0};
	json_real(&j, value, decimals);
	expect(&j, expected);
}

static void reals_are_as_short_as_they_may_be(void **state)
{
	(void)state;
	check_real(1.0, 3, "1");
	check_real(1.250, 3, "1.25");
	check_real(100, 0, "100");
	check_real(-0.0001, 2, "0");
	check_real(1e20, 1, "100000000000000000000");
	check_real(NAN, 2, "null");
	check_real(-INFINITY, 2, "null");
}

static void reset_keeps_nothing_but_memory(void **state)
{
	(void)state;
	struct json j = {0};
	json_array(&j);
	json_int(&j, 1);
	json_key(&j, "x");
	json_reset(&j);
	json_array(&j);
	json_int(&j, 2);
	json_array_end(&j);
	expect(&j, "[2]");
}

static struct jsonin *parse(const char *text)
{
	struct err err;
	struct jsonin *doc = NULL;
	if (jsonin_parse(text, strlen(text), &err, &doc) < 0)
		fail_msg("%s", err.text);
	return doc;
}

static void values_are_read_by_name(void **state)
{
	(void)state;
	struct jsonin *doc =
		parse("{\"i\": 3, \"r\": 2.5, \"b\": true, \"s\": \"x\", \"v\": [1, 2.5]}");
	assert_int_equal(jsonin_int(jsonin_get(doc, "i"), 9), 3);
	assert_true(jsonin_real(jsonin_get(doc, "i"), 9) == 3);
	assert_true(jsonin_real(jsonin_get(doc, "r"), 9) == 2.5);
	assert_true(jsonin_bool(jsonin_get(doc, "b"), false));
	assert_string_equal(jsonin_string(jsonin_get(doc, "s"), "y"), "x");
	double v[2] = {0};
	assert_true(jsonin_reals(jsonin_get(doc, "v"), v, 2));
	assert_true(v[0] == 1 && v[1] == 2.5);
	jsonin_free(&doc);
	assert_null(doc);
}

static void what_is_missing_or_of_another_type_is_the_default(void **state)
{
	(void)state;
	struct jsonin *doc = parse("{\"r\": 2.5, \"s\": \"x\", \"v\": [1, \"x\"]}");
	assert_int_equal(jsonin_int(jsonin_get(doc, "none"), 9), 9);
	assert_int_equal(jsonin_int(jsonin_get(doc, "r"), 9), 9);
	assert_true(jsonin_real(jsonin_get(doc, "s"), 9) == 9);
	assert_null(jsonin_get(jsonin_get(doc, "s"), "deeper"));
	assert_null(jsonin_at(jsonin_get(doc, "v"), 2));
	assert_null(jsonin_at(jsonin_get(doc, "v"), -1));
	assert_int_equal(jsonin_count(jsonin_get(doc, "s")), 0);
	double v[2] = {7, 7};
	assert_false(jsonin_reals(jsonin_get(doc, "v"), v, 2));
	assert_false(jsonin_reals(jsonin_get(doc, "v"), v, 3));
	assert_true(v[0] == 7);
	jsonin_free(&doc);
}

static void what_is_not_json_has_a_place(void **state)
{
	(void)state;
	struct err err;
	struct jsonin *doc = NULL;
	static const char *const wrong[] = {
		"", "{", "{\"a\":1,\"a\":2}", "[1,]", "nul", "\"\xff\"", "{} {}"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(jsonin_parse(wrong[i], strlen(wrong[i]), &err, &doc), -EINVAL);
		assert_null(doc);
	}
	assert_int_equal(jsonin_parse("{\"a\": 1\0}", 9, &err, &doc), -EINVAL);
	assert_int_equal(jsonin_parse("{\n  \"a\": x}", 11, &err, &doc), -EINVAL);
	assert_non_null(strstr(err.text, "line 2, column 8"));
	assert_true(jsonin_parse_file("no/such.json", &err, &doc) < 0);
	assert_non_null(strstr(err.text, "no/such.json"));
}

static void deep_nesting_is_refused(void **state)
{
	(void)state;
	char text[100000];
	struct err err;
	struct jsonin *doc = NULL;
	memset(text, '[', sizeof(text));
	assert_int_equal(jsonin_parse(text, sizeof(text), &err, &doc), -EINVAL);
}

TEST_MAIN(cmocka_unit_test(commas_are_placed), cmocka_unit_test(strings_are_escaped),
	cmocka_unit_test(broken_utf8_is_replaced),
	cmocka_unit_test(reals_are_as_short_as_they_may_be),
	cmocka_unit_test(reset_keeps_nothing_but_memory), cmocka_unit_test(values_are_read_by_name),
	cmocka_unit_test(what_is_missing_or_of_another_type_is_the_default),
	cmocka_unit_test(what_is_not_json_has_a_place), cmocka_unit_test(deep_nesting_is_refused))
