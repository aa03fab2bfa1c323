#include "test.h"

#include "eval/yolo.h"

#include <errno.h>
#include <math.h>

static int parse(const char *text, struct err *err, struct yolo_labels *labels)
{
	return yolo_parse(text, strlen(text), err, labels);
}

static void test_reads(void **state)
{
	(void)state;
	struct yolo_labels l;
	assert_int_equal(parse("2 0.5 0.5 0.2 0.4\r\n\n79 0.1 0.1 0.2 0.2", NULL, &l), 0);
	assert_int_equal(l.count, 2);
	assert_int_equal(l.items[0].class_id, 2);
	assert_int_equal(l.items[1].class_id, 79);
	struct box b = l.items[0].box;
	assert_true(fabsf(b.x1 - 0.4f) < 1e-6f && fabsf(b.y1 - 0.3f) < 1e-6f);
	assert_true(fabsf(b.x2 - 0.6f) < 1e-6f && fabsf(b.y2 - 0.7f) < 1e-6f);
	yolo_finish(&l);
	assert_int_equal(parse("", NULL, &l), 0);
	assert_int_equal(l.count, 0);
	assert_int_equal(yolo_read("/nonexistent/labels.txt", NULL, &l), 0);
	assert_int_equal(l.count, 0);
}

static void test_says_which_line(void **state)
{
	(void)state;
	static const char *const wrong[] = {"car 0.5 0.5 0.1 0.1", "0 0.5 0.5 0.1",
		"0 0.5 0.5 0.1 0.1 7", "0 50 50 10 10", "-1 0.5 0.5 0.1 0.1", "0 nan 0.5 0.1 0.1",
		"0 0.5 0.5 -0.01 0.1"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[128];
		struct err err;
		struct yolo_labels l;
		snprintf(text, sizeof(text), "0 0.5 0.5 0.1 0.1\n%s\n", wrong[i]);
		if (parse(text, &err, &l) != -EINVAL)
			fail_msg("accepted: %s", wrong[i]);
		assert_non_null(strstr(err.text, "line 2"));
	}
}

TEST_MAIN(cmocka_unit_test(test_reads), cmocka_unit_test(test_says_which_line))
