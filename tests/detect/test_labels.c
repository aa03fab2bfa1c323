#include "test.h"

#include "detect/labels.h"

#include <errno.h>

static void test_note(void **state)
{
	(void)state;
	struct labels l;
	assert_int_equal(
		labels_parse("{0: 'person', 1: \"driver's cab\", 2: 'it\\'s'}", NULL, &l), 0);
	assert_int_equal(l.count, 3);
	assert_string_equal(l.names[0], "person");
	assert_string_equal(l.names[1], "driver's cab");
	assert_string_equal(l.names[2], "it's");
	labels_finish(&l);
	assert_int_equal(labels_parse(" { 0 : 'a' , 1:'b' } ", NULL, &l), 0);
	assert_int_equal(l.count, 2);
	labels_finish(&l);
}

static void test_wrong_notes(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "{", "{}", "[]", "{0: 'a'", "{0: 'a',}", "{1: 'a'}",
		"{0: 'a', 2: 'b'}", "{0: a}", "{0: 'a}", "{0 'a'}", "{0: 'a' 1: 'b'}", "{-1: 'a'}",
		"{99999999999999999999: 'a'}"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct labels l;
		struct err err;
		if (labels_parse(wrong[i], &err, &l) != -EINVAL)
			fail_msg("accepted: %s", wrong[i]);
		assert_non_null(strstr(err.text, "names"));
	}
}

static const char *file_with(const char *text)
{
	static char path[] = "/tmp/gantry-labels-XXXXXX";
	strcpy(path + sizeof(path) - 7, "XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static void test_file(void **state)
{
	(void)state;
	struct labels l;
	const char *path = file_with("car\r\n\ntraffic light \n\n\n");
	assert_int_equal(labels_read_file(path, NULL, &l), 0);
	unlink(path);
	assert_int_equal(l.count, 3);
	assert_string_equal(l.names[0], "car");
	assert_string_equal(l.names[1], "");
	assert_string_equal(l.names[2], "traffic light");
	labels_finish(&l);
}

static void test_wrong_files(void **state)
{
	(void)state;
	struct labels l;
	struct err err;
	const char *path = file_with("\n\n");
	assert_int_equal(labels_read_file(path, &err, &l), -EINVAL);
	assert_non_null(strstr(err.text, "empty"));
	unlink(path);
	char long_line[300];
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	path = file_with(long_line);
	assert_int_equal(labels_read_file(path, &err, &l), -EINVAL);
	assert_non_null(strstr(err.text, "line 1"));
	unlink(path);
	assert_int_equal(labels_read_file(path, &err, &l), -ENOENT);
	assert_non_null(strstr(err.text, path));
}

static void test_coco(void **state)
{
	(void)state;
	struct labels l;
	assert_int_equal(labels_coco(&l), 0);
	assert_int_equal(l.count, 80);
	assert_string_equal(l.names[2], "car");
	assert_string_equal(l.names[79], "toothbrush");
	labels_finish(&l);
}

TEST_MAIN(cmocka_unit_test(test_note), cmocka_unit_test(test_wrong_notes),
	cmocka_unit_test(test_file), cmocka_unit_test(test_wrong_files),
	cmocka_unit_test(test_coco))
