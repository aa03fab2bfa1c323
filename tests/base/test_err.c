#include "base/err.h"
#include "base/problems.h"
#include "test.h"

#include <errno.h>
#include <string.h>

static void the_sentence_and_the_code(void **state)
{
	(void)state;
	struct err err;
	assert_int_equal(err_set(&err, -ENOENT, "%s: line %d", "a.yaml", 3), -ENOENT);
	assert_string_equal(err.text, "a.yaml: line 3");
	assert_int_equal(err_prefix(&err, -ENOENT, "camera %d", 7), -ENOENT);
	assert_string_equal(err.text, "camera 7: a.yaml: line 3");
	assert_int_equal(err_set(NULL, -EIO, "nobody listens"), -EIO);
	assert_int_equal(err_prefix(NULL, -EIO, "nobody listens"), -EIO);
}

static void long_sentences_are_cut(void **state)
{
	(void)state;
	struct err err;
	char word[2000];
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	err_set(&err, -EIO, "%s", word);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_prefix(&err, -EIO, "camera");
	assert_memory_equal(err.text, "camera: xxx", 11);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void add(
	struct problems *p, enum problem_level level, int line, int column, const char *text)
{
	problems_add(p, level, (struct option_where){line, column}, "a.b", "%s", text);
}

static void problems_are_sorted_by_place_and_else_stay(void **state)
{
	(void)state;
	struct problems p = {.file = "x.yaml"};
	add(&p, PROBLEM_ERROR, 3, 1, "d");
	add(&p, PROBLEM_WARNING, 1, 9, "b");
	add(&p, PROBLEM_ERROR, 3, 1, "e");
	add(&p, PROBLEM_ERROR, 1, 2, "a");
	add(&p, PROBLEM_ERROR, 2, 1, "c");
	problems_sort(&p);
	for (int i = 0; i < 5; i++)
		assert_int_equal(p.items[i].text[0], 'a' + i);
	assert_true(p.error_count == 4 && p.warning_count == 1);
	problems_finish(&p);
	assert_int_equal(p.error_count, 0);
	assert_string_equal(p.file, "x.yaml");
}

static void parts_that_are_not_known_are_left_out(void **state)
{
	(void)state;
	char text[200];
	struct problem p = {PROBLEM_ERROR, 3, 4, "a.b", "is wrong"};
	problem_format(&p, "x.yaml", text, sizeof(text));
	assert_string_equal(text, "x.yaml:3:4: error: a.b: is wrong");
	p = (struct problem){PROBLEM_WARNING, 0, 0, "", "is odd"};
	problem_format(&p, "x.yaml", text, sizeof(text));
	assert_string_equal(text, "x.yaml: warning: is odd");
	problem_format(&p, NULL, text, sizeof(text));
	assert_string_equal(text, "warning: is odd");
}

static void what_is_not_kept_is_counted(void **state)
{
	(void)state;
	struct problems p = {.file = "x.yaml"};
	for (int i = 0; i < PROBLEMS_KEPT_MAX + 25; i++)
		add(&p, PROBLEM_ERROR, i + 1, 1, "w");
	assert_true(p.count == PROBLEMS_KEPT_MAX && p.error_count == PROBLEMS_KEPT_MAX + 25);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	problems_print(&p, out);
	fclose(out);
	assert_non_null(strstr(text, "\nx.yaml: and 25 more, not shown\n"));
	free(text);
	problems_finish(&p);
}

TEST_MAIN(cmocka_unit_test(the_sentence_and_the_code), cmocka_unit_test(long_sentences_are_cut),
	cmocka_unit_test(problems_are_sorted_by_place_and_else_stay),
	cmocka_unit_test(parts_that_are_not_known_are_left_out),
	cmocka_unit_test(what_is_not_kept_is_counted))
