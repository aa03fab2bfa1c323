#include "serve/range.h"
#include "test.h"

static void assert_part(const char *text, int64_t size, int64_t first, int64_t length)
{
	int64_t f = -1, n = -1;
	assert_int_equal(range_parse(text, size, &f, &n), RANGE_PART);
	assert_int_equal(f, first);
	assert_int_equal(n, length);
}

static void parts(void **state)
{
	(void)state;
	assert_part("bytes=0-0", 10, 0, 1);
	assert_part("bytes=0-9", 10, 0, 10);
	assert_part("bytes=0-99", 10, 0, 10);
	assert_part("bytes=9-", 10, 9, 1);
	assert_part("bytes=-3", 10, 7, 3);
	assert_part("bytes=-30", 10, 0, 10);
	assert_part("BYTES=2-3", 10, 2, 2);
	assert_part("bytes=0-999999999999999", 10, 0, 10);
}

static void others(void **state)
{
	static const char *const ignored[] = {"", "bytes", "bytes=", "bytes=-", "bytes=5-4",
		"bytes=1-2,4-5", "bytes=a-b", "bytes= 1-2", "items=1-2", "bytes=1-2 ",
		"bytes=9999999999999999-"};
	int64_t f, n;
	(void)state;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		assert_int_equal(range_parse(ignored[i], 10, &f, &n), RANGE_ALL);
	assert_int_equal(range_parse("bytes=10-", 10, &f, &n), RANGE_UNSATISFIABLE);
	assert_int_equal(range_parse("bytes=-0", 10, &f, &n), RANGE_UNSATISFIABLE);
	assert_int_equal(range_parse("bytes=0-", 0, &f, &n), RANGE_UNSATISFIABLE);
	assert_int_equal(range_parse("bytes=-5", 0, &f, &n), RANGE_UNSATISFIABLE);
}

static void tags(void **state)
{
	(void)state;
	assert_true(range_etag_matches("\"a\"", "\"a\""));
	assert_true(range_etag_matches("W/\"a\"", "\"a\""));
	assert_true(range_etag_matches("\"b\", \"a\"", "\"a\""));
	assert_true(range_etag_matches("*", "\"a\""));
	assert_false(range_etag_matches("\"ab\"", "\"a\""));
	assert_false(range_etag_matches("a", "\"a\""));
	assert_false(range_etag_matches("\"a", "\"a\""));
	assert_false(range_etag_matches("", "\"a\""));
}

static void encodings(void **state)
{
	(void)state;
	assert_true(range_accepts_gzip("gzip"));
	assert_true(range_accepts_gzip("br, GZIP;q=0.1"));
	assert_true(range_accepts_gzip("*"));
	assert_false(range_accepts_gzip("gzip;q=0, *"));
	assert_false(range_accepts_gzip("gzip; q=0.0"));
	assert_false(range_accepts_gzip("br, deflate"));
	assert_false(range_accepts_gzip("gzipped"));
	assert_false(range_accepts_gzip(""));
}

TEST_MAIN(cmocka_unit_test(parts), cmocka_unit_test(others), cmocka_unit_test(tags),
	cmocka_unit_test(encodings))
