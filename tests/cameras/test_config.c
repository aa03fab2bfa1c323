#include "cameras/config.h"
#include "test.h"

#include <errno.h>

static int read_config(const char *text, struct camera_config *config, struct problems *problems)
{
	*problems = (struct problems){0};
	camera_config_defaults(config);
	return camera_config_read(text, strlen(text), config, problems);
}

static void expect_problem(const char *text, const char *problem)
{
	struct camera_config config;
	struct problems problems;
	char line[600];
	assert_int_equal(read_config(text, &config, &problems), -EINVAL);
	problem_format(&problems.items[0], NULL, line, sizeof(line));
	assert_string_equal(line, problem);
	problems_finish(&problems);
	camera_config_free(&config);
}

static void a_stream_and_its_scene_stand_at_one_level(void **state)
{
	(void)state;
	struct camera_config config;
	struct problems problems;
	struct stream_params stream;
	assert_int_equal(
		read_config("{\"id\": \"a\", \"source\": \"sim:\", \"reconnect_attempts\": -1,"
			    "\"pipeline\": {\"target_fps\": 7, \"device_id\": \"gate\"}}",
			&config, &problems),
		0);
	camera_config_stream(&config, &stream);
	assert_string_equal(stream.source, "sim:");
	assert_int_equal(stream.reconnect_attempts, -1);
	assert_true(stream.target_fps == 7 && stream.reconnect_delay_s == 2 && stream.paced);
	assert_string_equal(camera_config_device(&config), "gate");
	problems_finish(&problems);
	camera_config_free(&config);
}

static void what_is_wrong_has_its_place(void **state)
{
	(void)state;
	expect_problem("{\"id\": \"a/b\", \"source\": \"sim:\"}",
		"error: id: must be 1 to 63 letters, digits, '-', '_' and '.', beginning with a "
		"letter or a digit");
	expect_problem("{\"id\": \"\", \"source\": \"sim:\"}",
		"error: id: must be 1 to 63 letters, digits, '-', '_' and '.', beginning with a "
		"letter or a digit");
	expect_problem("{\"id\": \"a\", \"source\": \"\"}", "error: source: must not be empty");
	expect_problem("{\"id\": \"a\", \"source\": \"x\", \"scene_file\": \"y\"}",
		"error: scene_file: is for gantry.yaml only: give the keys of the scene "
		"themselves");
	expect_problem("{\"id\": \"a\", \"source\": \"x\",\n\"buffer_size\": 1}",
		"2:16: error: buffer_size: must be a whole number, 2 to 1000, is '1'");
}

static bool same_video(const char *a, const char *b)
{
	struct camera_config x, y;
	struct problems p, q;
	assert_int_equal(read_config(a, &x, &p), 0);
	assert_int_equal(read_config(b, &y, &q), 0);
	bool same = camera_config_same_video(&x, &y);
	camera_config_free(&x);
	camera_config_free(&y);
	problems_finish(&p);
	problems_finish(&q);
	return same;
}

static void only_the_scene_can_change_under_way(void **state)
{
	(void)state;
	static const char *const other[] = {
		"{\"id\": \"a\", \"source\": \"y\"}",
		"{\"id\": \"a\", \"source\": \"x\", \"password\": \"p\"}",
		"{\"id\": \"a\", \"source\": \"x\", \"detector\": {\"kind\": \"motion\"}}",
		"{\"id\": \"a\", \"source\": \"x\", \"pipeline\": {\"target_fps\": 3}}",
		"{\"id\": \"a\", \"source\": \"x\", \"detector\": {\"nms_iou\": 0.3}}",
	};
	const char *one = "{\"id\": \"a\", \"source\": \"x\"}";
	assert_true(same_video(one,
		"{\"id\": \"a\", \"source\": \"x\", \"lines\": [{\"name\": \"l\", \"points\": "
		"[[0, 0], [9, 9]]}]}"));
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_false(same_video(one, other[i]));
}

TEST_MAIN(cmocka_unit_test(a_stream_and_its_scene_stand_at_one_level),
	cmocka_unit_test(what_is_wrong_has_its_place),
	cmocka_unit_test(only_the_scene_can_change_under_way))
