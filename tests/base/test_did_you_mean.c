#include "base/did_you_mean.h"
#include "test.h"

#include <string.h>

static const char *const names[] = {"limit_kmh", "zone", "zones", "tolerance_kmh", "on", NULL};

static void check(const char *word, const char *expected)
{
	const char *meant = did_you_mean(word, names);
	assert_string_equal(meant ? meant : "(none)", expected ? expected : "(none)");
}

static void near_words_are_found(void **state)
{
	(void)state;
	check("limt_kmh", "limit_kmh"); /* left out */
	check("limiit_kmh", "limit_kmh"); /* put in */
	check("limut_kmh", "limit_kmh"); /* replaced */
	check("ilmit_kmh", "limit_kmh"); /* neighbours swapped: one step */
	check("ilmit_khm", "limit_kmh"); /* two steps */
	check("Limit-KMH", "limit_kmh"); /* case and hyphen cost nothing */
	check("zoen", "zone");
	check("zonez", "zone"); /* one step from two: the first */
}

static void far_words_are_not(void **state)
{
	(void)state;
	check("ilmti_khm", NULL); /* three steps */
	check("colour", NULL);
	check("", NULL);
	check("no", NULL); /* too short to tell from anything */
	check("of", NULL);
}

static void beginnings_are_found_where_only_one_fits(void **state)
{
	(void)state;
	check("limit", "limit_kmh");
	check("tolerance", "tolerance_kmh");
	check("li", NULL);
}

static void long_words_are_left_alone(void **state)
{
	(void)state;
	char word[1000];
	memset(word, 'z', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	check(word, NULL);
}

TEST_MAIN(cmocka_unit_test(near_words_are_found), cmocka_unit_test(far_words_are_not),
	cmocka_unit_test(beginnings_are_found_where_only_one_fits),
	cmocka_unit_test(long_words_are_left_alone))
