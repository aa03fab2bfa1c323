#include "base/clock.h"
#include "test.h"

#include <errno.h>

static void check_format(int64_t us, const char *expected)
{
	char text[WALL_TEXT_SIZE];
	wall_format((struct wall){us}, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void wall_time_is_iso_8601(void **state)
{
	(void)state;
	check_format(0, "1970-01-01T00:00:00.000Z");
	check_format(1714564800040999, "2024-05-01T12:00:00.040Z");
	check_format(-1, "1969-12-31T23:59:59.999Z");
	check_format(951782400000000, "2000-02-29T00:00:00.000Z");
	check_format(INT64_MAX, "294247-01-10T04:00:54.775Z");
}

static void check_parse(const char *text, int64_t expected_us)
{
	struct wall t = {-1};
	assert_int_equal(wall_parse(text, &t), 0);
	assert_int_equal(t.us, expected_us);
}

static void wall_time_is_read_back(void **state)
{
	(void)state;
	check_parse("2024-05-01T12:00:00.040Z", 1714564800040000);
	check_parse("2024-05-01T14:00:00.04+02:00", 1714564800040000);
	check_parse("2024-05-01T06:30:00-05:30", 1714564800000000);
	check_parse("1969-12-31T23:59:59.999Z", -1000);
	check_parse("2024-05-01T12:00:00.123456789Z", 1714564800123456);
}

static void what_is_no_time_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "yesterday", "2024-05-01", "2024-05-01T12:00:00",
		"2024-13-01T12:00:00Z", "2024-05-01T12:00:00Zx", "2024-05-01T12:00:00+0200",
		"2024-05-01T12:00:00+24:00"};
	struct wall t = {77};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(wall_parse(wrong[i], &t), -EINVAL);
	assert_int_equal(t.us, 77);
}

static void media_seconds_round_to_the_nearest_microsecond(void **state)
{
	(void)state;
	assert_int_equal(media_from_seconds(0.04).us, 40000);
	assert_int_equal(media_from_seconds(1.0 / 3).us, 333333);
	assert_int_equal(media_from_seconds(-0.0000016).us, -2);
	assert_true(media_diff_s((struct media){1500000}, (struct media){500000}) == 1);
}

static void the_monotonic_clock_does_not_go_back(void **state)
{
	(void)state;
	struct mono before = mono_now();
	for (int i = 0; i < 1000; i++) {
		struct mono now = mono_now();
		assert_true(now.us >= before.us);
		before = now;
	}
}

TEST_MAIN(cmocka_unit_test(wall_time_is_iso_8601), cmocka_unit_test(wall_time_is_read_back),
	cmocka_unit_test(what_is_no_time_is_refused),
	cmocka_unit_test(media_seconds_round_to_the_nearest_microsecond),
	cmocka_unit_test(the_monotonic_clock_does_not_go_back))
