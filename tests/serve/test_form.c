#include "serve/form.h"
#include "test.h"

static const char *const words[] = {"low", "high", NULL};
static const struct form_field inner_fields[] = {{"x", FORM_REAL, .required = true}, {0}};
static const struct form inner = {"Inner", inner_fields, NULL};
static const struct form_field fields[] = {
	{"name", FORM_STRING, .min = 1, .max = 5, .required = true},
	{"count", FORM_INT, .min = 1, .max = 10},
	{"level", FORM_WORD, .words = words},
	{"at", FORM_TIME, .nullable = true},
	{"inner", FORM_OBJECT, .of = &inner},
	{"list", FORM_LIST, .min = 1, .max = 2, .of = &inner},
	{0},
};

static int faults_in(const char *text, char *first)
{
	struct faults faults = {0};
	struct jsonin *document;
	struct err err;
	assert_int_equal(jsonin_parse(text, strlen(text), &err, &document), 0);
	form_check_object(fields, document, &faults);
	jsonin_free(&document);
	snprintf(first, 64, "%s", faults.count ? faults.items[0].name : "");
	return faults.count;
}

static void assert_fault(const char *text, const char *name)
{
	char first[64];
	assert_int_equal(faults_in(text, first), 1);
	assert_string_equal(first, name);
}

static void objects(void **state)
{
	char first[64];
	(void)state;
	assert_int_equal(faults_in("{\"name\": \"a\", \"count\": 10, \"level\": \"low\", "
				   "\"at\": null, \"inner\": {\"x\": 1}, \"list\": [{\"x\": 1.5}]}",
				 first),
		0);
	assert_fault("{}", "name");
	assert_fault("{\"name\": \"\"}", "name");
	assert_fault("{\"name\": \"abcdef\"}", "name");
	assert_fault("{\"name\": \"a\", \"count\": 11}", "count");
	assert_fault("{\"name\": \"a\", \"count\": 1.5}", "count");
	assert_fault("{\"name\": \"a\", \"count\": null}", "count");
	assert_fault("{\"name\": \"a\", \"level\": \"hgih\"}", "level");
	assert_fault("{\"name\": \"a\", \"at\": \"now\"}", "at");
	assert_fault("{\"name\": \"a\", \"inner\": {}}", "x");
	assert_fault("{\"name\": \"a\", \"list\": []}", "list");
	assert_fault("{\"name\": \"a\", \"list\": [1]}", "list");
	assert_fault("{\"name\": \"a\", \"other\": 1}", "other");
	assert_fault("[]", "body");
	assert_int_equal(faults_in("{\"count\": 0, \"level\": 1, \"x\": 1}", first), 4);
}

static int text_faults(const struct form_field *field, const char *text)
{
	struct faults faults = {0};
	form_check_text(field, text, &faults);
	return faults.count;
}

static void texts(void **state)
{
	static const char *const no_integers[] = {
		"", " 1", "1 ", "+1", "0x1", "1e1", "11", "0", "99999999999999999999", "1.0"};
	const struct form_field real = {"r", FORM_REAL};
	const struct form_field flag = {"b", FORM_BOOL};
	(void)state;
	assert_int_equal(text_faults(&fields[1], "10"), 0);
	for (size_t i = 0; i < sizeof(no_integers) / sizeof(no_integers[0]); i++)
		assert_int_equal(text_faults(&fields[1], no_integers[i]), 1);
	assert_int_equal(text_faults(&real, "-1.5e3"), 0);
	assert_int_equal(text_faults(&real, "1e999"), 1);
	assert_int_equal(text_faults(&real, "nan"), 1);
	assert_int_equal(text_faults(&real, "0x1p3"), 1);
	assert_int_equal(text_faults(&flag, "true"), 0);
	assert_int_equal(text_faults(&flag, "1"), 1);
}

static void utf8(void **state)
{
	(void)state;
	assert_true(form_is_text("\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\x97", 9));
	static const char *const wrong[] = {"\x01", "\x7f", "\xc3", "\xc0\x80", "\xe0\x80\x80",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\x80", "\xc2\x85"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(form_is_text(wrong[i], strlen(wrong[i])));
	assert_false(form_is_text("a\0b", 3));
}

TEST_MAIN(cmocka_unit_test(objects), cmocka_unit_test(texts), cmocka_unit_test(utf8))
