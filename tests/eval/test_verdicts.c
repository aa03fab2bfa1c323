/* Scores of violations and counts, on a truth and results small enough to score by hand. */
#include "eval/countscore.h"
#include "eval/violationscore.h"
#include "test.h"

#include <errno.h>
#include <string.h>

static const char truth_text[] =
	"{\"gantry_truth\": 1, \"width\": 640, \"height\": 360}\n"
	"{\"t\": 1.0, \"objects\": [{\"id\": 1, \"class\": \"car\", \"bbox\": [0, 0, 100, 100]}, "
	"{\"id\": 2, "
	"\"class\": \"car\", \"bbox\": [200, 0, 300, 100]}]}\n"
	"{\"violation\": {\"type\": \"red_light\", \"id\": 1, \"t\": 1.0}}\n"
	"{\"violation\": {\"type\": \"red_light\", \"id\": 2, \"t\": 1.0}}\n"
	"{\"violation\": {\"type\": \"speed_violation\", \"id\": 2, \"t\": 1.0}}\n"
	"{\"violation\": {\"type\": \"wrong_way\", \"id\": 2, \"t\": 8.0}}\n"
	"{\"count\": {\"line\": \"a\", \"direction\": \"forward\", \"class\": \"van\", \"n\": 2}}\n"
	"{\"count\": {\"line\": \"a\", \"direction\": \"forward\", \"class\": \"bus\", \"n\": 1}}\n"
	"{\"count\": {\"line\": \"a\", \"direction\": \"backward\", \"class\": \"car\", \"n\": "
	"3}}\n";

/*
 * Found: the red light of 1 by its box (0.1 s late), the speed of 2 by its id (0.3 s early).
 * Invented: a second red light of 1, a red light where nobody is, a wrong way far too early.
 */
static const char result_text[] = "{\"event\": \"run\", \"format\": 1}\n"
				  "{\"event\": \"violation\", \"violation_type\": \"red_light\", "
				  "\"track_id\": 5, \"bbox\": [5, 0, 105, "
				  "100], \"media_s\": 1.1, \"from_s\": 0.5, \"to_s\": 1.0}\n"
				  "{\"event\": \"violation\", \"violation_type\": \"red_light\", "
				  "\"track_id\": 6, \"bbox\": [0, 0, 100, "
				  "100], \"media_s\": 1.2}\n"
				  "{\"event\": \"violation\", \"violation_type\": \"red_light\", "
				  "\"track_id\": 7, \"bbox\": [500, 200, "
				  "600, 300], \"media_s\": 1.0}\n"
				  "{\"event\": \"violation\", \"violation_type\": "
				  "\"speed_violation\", \"track_id\": 8, \"truth_id\": 2, "
				  "\"bbox\": [0, 0, 1, 1], \"media_s\": 0.7}\n"
				  "{\"event\": \"violation\", \"violation_type\": \"wrong_way\", "
				  "\"track_id\": 8, \"truth_id\": 2, "
				  "\"bbox\": [0, 0, 1, 1], \"media_s\": 1}\n"
				  "{\"event\": \"count\", \"line\": \"a\", \"direction\": "
				  "\"forward\", \"total\": 3, \"by_class\": "
				  "{\"car\": 3, \"person\": 9}}\n"
				  "{\"event\": \"count\", \"line\": \"a\", \"direction\": "
				  "\"backward\", \"total\": 1, \"by_class\": "
				  "{\"car\": 1}}\n"
				  "{\"event\": \"count\", \"line\": \"b\", \"direction\": "
				  "\"forward\", \"total\": 7, \"by_class\": "
				  "{\"car\": 7}}\n"
				  "{\"event\": \"end\", \"complete\": true}\n";

static struct truth *truth;
static struct results *results;

static int load(void **state)
{
	(void)state;
	struct err err = {""};
	if (truth_parse(truth_text, strlen(truth_text), "truth", &err, &truth) < 0 ||
		results_parse(result_text, strlen(result_text), "results", &err, &results) < 0)
		print_message("%s\n", err.text);
	return truth && results ? 0 : -1;
}

static int drop(void **state)
{
	(void)state;
	truth_free(&truth);
	results_free(&results);
	return 0;
}

static void near(double a, double b)
{
	assert_true(fabs(a - b) < 1e-9);
}

static void violations_are_found_missed_and_invented(void **state)
{
	(void)state;
	struct violationscore score = {0};
	struct err err;
	assert_true(results->complete);
	assert_int_equal(violationscore_add(&score, truth, results, 2, &err), 0);
	const struct violationscore_kind *red = &score.kinds[VIOLATION_RED_LIGHT];
	assert_int_equal(red->truth_count, 2);
	assert_int_equal(red->found_count, 1);
	assert_int_equal(red->invented_count, 2);
	near(red->error_sum_s, 0.1);
	near(violationscore_precision(red), 1.0 / 3);
	near(violationscore_recall(red), 0.5);
	near(violationscore_f1(red), 0.4);
	struct violationscore_kind all = violationscore_all(&score);
	assert_int_equal(all.truth_count, 4);
	assert_int_equal(all.found_count, 2);
	assert_int_equal(all.invented_count, 3);
	near(all.error_abs_sum_s, 0.4);
	near(all.error_abs_max_s, 0.3);
	assert_true(isnan(violationscore_precision(&score.kinds[VIOLATION_LANE])));
	/* Three invented, two missed: the red light and the wrong way of object 2. */
	assert_int_equal(score.difference_count, 5);
	assert_int_equal(score.differences[1].truth_id, -1);
	violationscore_finish(&score);
}

static void a_second_scene_adds_up(void **state)
{
	(void)state;
	struct violationscore score = {0};
	struct err err;
	assert_int_equal(violationscore_add(&score, truth, results, 2, &err), 0);
	assert_int_equal(violationscore_add(&score, truth, results, 10, &err), 0);
	/* Ten seconds off is near enough for the wrong way now. */
	assert_int_equal(score.kinds[VIOLATION_WRONG_WAY].found_count, 1);
	assert_int_equal(violationscore_all(&score).truth_count, 8);
	assert_int_equal(score.differences[score.difference_count - 1].scene, 1);
	violationscore_finish(&score);
}

static void counts_are_compared_by_line_direction_and_class(void **state)
{
	(void)state;
	struct countscore score = {0};
	struct err err;
	assert_int_equal(countscore_add(&score, truth, results, &err), 0);
	/* The line b is not in the truth. */
	assert_int_equal(score.row_count, 2);
	struct countscore_sum all = countscore_all(&score);
	assert_int_equal(all.truth_count, 6);
	assert_int_equal(all.result_count, 4);
	assert_int_equal(all.difference_count, 2);
	/* Backward two missed; forward the bus was taken for a car. */
	assert_int_equal(all.class_difference_count, 4);
	countscore_finish(&score);
}

/* Three went left and two right; one of them was seen in the other lane, and in all one too few. */
static void lanes_are_compared_where_both_have_them(void **state)
{
	(void)state;
	static const char lanes_truth[] =
		"{\"gantry_truth\": 1, \"width\": 640, \"height\": 360}\n"
		"{\"count\": {\"line\": \"a\", \"lane\": \"left\", \"direction\": \"forward\", "
		"\"class\": \"car\", \"n\": 3}}\n"
		"{\"count\": {\"line\": \"a\", \"lane\": \"right\", \"direction\": \"forward\", "
		"\"class\": \"car\", \"n\": 2}}\n";
	static const char lanes_result[] =
		"{\"event\": \"run\"}\n"
		"{\"event\": \"count\", \"line\": \"a\", \"direction\": \"forward\", \"total\": 4, "
		"\"by_class\": {\"car\": 4}, \"lanes\": ["
		"{\"lane\": \"left\", \"total\": 1, \"by_class\": {\"car\": 1}, \"unsure\": 1}, "
		"{\"lane\": \"right\", \"total\": 3, \"by_class\": {\"car\": 3}}]}\n";
	static const char plain_result[] =
		"{\"event\": \"run\"}\n"
		"{\"event\": \"count\", \"line\": \"a\", \"direction\": \"forward\", \"total\": 4, "
		"\"by_class\": {\"car\": 4}}\n";
	struct truth *with = NULL;
	struct results *seen = NULL, *plain = NULL;
	struct countscore score = {0};
	struct err err = {""};
	assert_int_equal(truth_parse(lanes_truth, strlen(lanes_truth), "t", &err, &with), 0);
	assert_int_equal(results_parse(lanes_result, strlen(lanes_result), "r", &err, &seen), 0);
	assert_int_equal(results_parse(plain_result, strlen(plain_result), "r", &err, &plain), 0);
	assert_int_equal(countscore_add(&score, with, seen, &err), 0);
	assert_int_equal(score.row_count, 2);
	assert_string_equal(score.rows[0].lane, "left");
	struct countscore_sum left = countscore_row_sum(&score.rows[0]);
	assert_true(left.truth_count == 3 && left.result_count == 1);
	assert_int_equal(countscore_all(&score).difference_count, 3);
	/* Where one has none, the whole line is compared. */
	assert_int_equal(countscore_add(&score, with, plain, &err), 0);
	assert_int_equal(score.row_count, 3);
	assert_string_equal(score.rows[2].lane, "");
	struct countscore_sum line = countscore_row_sum(&score.rows[2]);
	assert_true(line.truth_count == 5 && line.result_count == 4);
	assert_int_equal(countscore_add(&score, truth, seen, &err), 0);
	assert_int_equal(score.row_count, 5);
	line = countscore_row_sum(&score.rows[3]);
	assert_true(line.truth_count == 3 && line.result_count == 4);
	countscore_finish(&score);
	truth_free(&with);
	results_free(&seen);
	results_free(&plain);
}

static void bad_results_are_refused_with_their_line(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "f: empty: not an events file"},
		{"{}", "f:1: not an event"},
		{"{\"event\": \"run\"}\n{", "f:2: not valid JSON"},
		{"{\"event\": \"violation\", \"violation_type\": \"rudeness\"}",
			"f:1: \"violation_type\" is not"},
		{"{\"event\": \"violation\", \"violation_type\": \"red_light\"}",
			"f:1: \"media_s\" must be"},
		{"{\"event\": \"violation\", \"violation_type\": \"red_light\", \"media_s\": 1, "
		 "\"bbox\": 7}",
			"f:1: \"bbox\" must be"},
		{"{\"event\": \"count\", \"direction\": \"forward\"}", "f:1: \"line\" must be"},
		{"{\"event\": \"count\", \"line\": \"a\", \"direction\": \"up\"}",
			"f:1: \"direction\" must be"},
		{"{\"event\": \"count\", \"line\": \"a\", \"direction\": \"forward\", "
		 "\"by_class\": {\"ufo\": 1}}",
			"f:1: \"by_class\" names a class"},
		{"{\"event\": \"count\", \"line\": \"a\", \"direction\": \"forward\", "
		 "\"lanes\": [{\"total\": 1}]}",
			"f:1: \"lane\" must be"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct results *bad = NULL;
		struct err err = {""};
		assert_int_equal(
			results_parse(cases[i].text, strlen(cases[i].text), "f", &err, &bad),
			-EINVAL);
		assert_null(bad);
		if (strncmp(err.text, cases[i].message, strlen(cases[i].message)) != 0)
			assert_string_equal(err.text, cases[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(violations_are_found_missed_and_invented),
		cmocka_unit_test(a_second_scene_adds_up),
		cmocka_unit_test(counts_are_compared_by_line_direction_and_class),
		cmocka_unit_test(lanes_are_compared_where_both_have_them),
		cmocka_unit_test(bad_results_are_refused_with_their_line),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, load, drop);
}
