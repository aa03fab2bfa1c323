#include "cli/progress.h"
#include "test.h"

#include <string.h>

static void check(int64_t done, int64_t total, double elapsed_s, int columns, const char *expected)
{
	struct progress p = {
		.label = "road.mp4", .unit = "frames", .total_count = total, .done_count = done};
	char text[512];
	progress_format(&p, elapsed_s, columns, text, sizeof(text));
	assert_string_equal(text, expected);
	assert_true((int)strlen(text) <= columns || columns < 40);
}

static void a_bar_where_the_end_is_known(void **state)
{
	(void)state;
	check(0, 300, 0, 76, "road.mp4  [>           ]    0 %  0/300 frames");
	check(150, 300, 1, 76,
		"road.mp4  [======>     ]   50 %  150/300 frames  150 frames/s  0:01 left");
	check(300, 300, 10, 76,
		"road.mp4  [============]  100 %  300/300 frames  30 frames/s  0:00 left");
	/* More frames than the container said. */
	check(330, 300, 11, 76,
		"road.mp4  [============]  100 %  330/300 frames  30 frames/s  0:00 left");
}

static void narrow_terminals_lose_the_bar_then_the_label(void **state)
{
	(void)state;
	check(150, 300, 1, 65, "road.mp4   50 %  150/300 frames  150 frames/s  0:01 left");
	check(150, 300, 1, 50, " 50 %  150/300 frames  150 frames/s  0:01 left");
}

static void without_an_end_there_is_no_bar(void **state)
{
	(void)state;
	check(5, 0, 3700, 80, "road.mp4  5 frames  0.0 frames/s  1:01:40");
}

TEST_MAIN(cmocka_unit_test(a_bar_where_the_end_is_known),
	cmocka_unit_test(narrow_terminals_lose_the_bar_then_the_label),
	cmocka_unit_test(without_an_end_there_is_no_bar))
