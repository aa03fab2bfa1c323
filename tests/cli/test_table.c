#include "cli/table.h"
#include "test.h"

static const struct table_column columns[] = {
	{"class", TABLE_LEFT}, {"count", TABLE_RIGHT}, {"note", TABLE_LEFT}};

static void check(struct table *t, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	table_print(t, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	table_finish(t);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	(void)state;
	struct table t;
	table_init(&t, columns, 3);
	table_cell(&t, "motorcycle");
	table_cell(&t, "%d", 7);
	table_cell(&t, "fast");
	table_cell(&t, "car");
	table_cell(&t, "%d", 123456);
	table_end_row(&t);
	table_rule(&t);
	table_cell(&t, "all");
	check(&t, "class        count  note\n"
		  "----------  ------  ----\n"
		  "motorcycle       7  fast\n"
		  "car         123456  \n"
		  "----------  ------  ----\n"
		  "all                 \n");
}

static void width_is_that_on_a_terminal(void **state)
{
	(void)state;
	assert_int_equal(table_text_width("50 ± 2 km/h"), 11);
	assert_int_equal(table_text_width("Straße"), 6);
	assert_int_equal(table_text_width("e\xcc\x81"), 1); /* e and a combining accent */
	assert_int_equal(table_text_width("\xe8\xbb\x8a"), 2); /* a CJK character */
	assert_int_equal(table_text_width("\xf0\x9f\x9a\x97"), 2); /* an emoji */
	assert_int_equal(table_text_width("\xff\xc3"), 2); /* broken bytes: one each */
	struct table t;
	table_init(&t, columns, 3);
	table_cell(&t, "\xe8\xbb\x8a");
	table_cell(&t, "±1");
	table_cell(&t, "x");
	check(&t, "class  count  note\n-----  -----  ----\n\xe8\xbb\x8a        ±1  x\n");
}

static void an_empty_table_has_its_titles(void **state)
{
	(void)state;
	struct table t;
	table_init(&t, columns, 2);
	check(&t, "class  count\n-----  -----\n");
}

static void the_last_column_is_wrapped_at_words(void **state)
{
	(void)state;
	struct table t;
	table_init(&t, columns, 3);
	table_cell(&t, "car");
	table_cell(&t, "1");
	table_cell(&t,
		"drove 75.8 km/h, where 50 km/h is allowed, and AnUnbreakableWordOfThirtyLetters");
	table_cell(&t, "bus");
	table_cell(&t, "2");
	table_cell(&t, "short");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	table_print_within(&t, 40, out);
	fclose(out);
	assert_string_equal(text, "class  count  note\n"
				  "-----  -----  --------------------------\n"
				  "car        1  drove 75.8 km/h, where 50\n"
				  "              km/h is allowed, and\n"
				  "              AnUnbreakableWordOfThirtyLetters\n"
				  "bus        2  short\n");
	free(text);
	table_finish(&t);
}

TEST_MAIN(cmocka_unit_test(the_last_column_is_wrapped_at_words),
	cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
	cmocka_unit_test(width_is_that_on_a_terminal),
	cmocka_unit_test(an_empty_table_has_its_titles))
