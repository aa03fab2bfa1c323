#include "store/recall.h"

#include "test.h"

#include <stdlib.h>

static bool remembers(struct recall *recall, int64_t what, int64_t late_count, const char *text)
{
	struct recall_key key = {what, 1, 2, late_count};
	size_t bytes = 0;
	void *data = NULL;
	int r = recall_get(recall, &key, &data, &bytes);
	bool same = r == 1 && bytes == strlen(text) && memcmp(data, text, bytes) == 0;
	free(data);
	return same;
}

static void remember(struct recall *recall, int64_t what, int64_t late_count, const char *text)
{
	struct recall_key key = {what, 1, 2, late_count};
	recall_put(recall, &key, text, strlen(text));
}

static void answers_are_told_apart(void **state)
{
	(void)state;
	struct recall *recall;
	assert_int_equal(recall_create(&recall), 0);
	assert_false(remembers(recall, 1, 0, ""));
	remember(recall, 1, 0, "one");
	remember(recall, 2, 0, "");
	remember(recall, 1, 5, "later");
	assert_true(remembers(recall, 1, 0, "one"));
	assert_true(remembers(recall, 2, 0, ""));
	assert_true(remembers(recall, 1, 5, "later"));
	remember(recall, 1, 0, "again");
	assert_true(remembers(recall, 1, 0, "again"));
	recall_destroy(&recall);
	assert_null(recall);
}

static void the_one_not_asked_for_longest_goes(void **state)
{
	(void)state;
	struct recall *recall;
	assert_int_equal(recall_create(&recall), 0);
	for (int i = 0; i < RECALL_MAX; i++)
		remember(recall, i, 0, "data");
	assert_true(remembers(recall, 0, 0, "data"));
	remember(recall, RECALL_MAX, 0, "data");
	assert_true(remembers(recall, 0, 0, "data"));
	assert_false(remembers(recall, 1, 0, "data"));
	assert_true(remembers(recall, RECALL_MAX, 0, "data"));
	recall_destroy(&recall);
}

static void too_much_is_not_remembered(void **state)
{
	(void)state;
	struct recall_key key = {1, 1, 2, 0};
	struct recall *recall;
	size_t bytes;
	void *data = calloc(1, RECALL_BYTES_MAX + 1), *copy;
	assert_non_null(data);
	assert_int_equal(recall_create(&recall), 0);
	recall_put(recall, &key, data, RECALL_BYTES_MAX + 1);
	assert_int_equal(recall_get(recall, &key, &copy, &bytes), 0);
	recall_put(recall, &key, data, RECALL_BYTES_MAX);
	assert_int_equal(recall_get(recall, &key, &copy, &bytes), 1);
	assert_int_equal(bytes, RECALL_BYTES_MAX);
	free(copy);
	free(data);
	recall_destroy(&recall);
	recall_put(NULL, &key, "", 0);
	assert_int_equal(recall_get(NULL, &key, &copy, &bytes), 0);
}

TEST_MAIN(cmocka_unit_test(answers_are_told_apart),
	cmocka_unit_test(the_one_not_asked_for_longest_goes),
	cmocka_unit_test(too_much_is_not_remembered))
