#include "truth/truth.h"

#include "test.h"

#include <errno.h>
#include <string.h>

#define HEADER "{\"gantry_truth\": 1, \"width\": 640, \"height\": 360}\n"

static int parse(const char *text, struct err *err, struct truth **ret)
{
	return truth_parse(text, strlen(text), "f.jsonl", err, ret);
}

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	const struct truth_object objects[] = {
		{.id = 7,
			.road_user = "van",
			.full = {-20.5f, 10, 100, 90.125f},
			.visible = {0, 10, 100, 90},
			.occlusion_ratio = 0.25,
			.has_road = true,
			.ground_m = {-3.5, 42.125},
			.heading_rad = -1.5,
			.speed_mps = 13.875,
			.measurable = false,
			.plate = "GAN \"1\""},
		{.id = 8, .road_user = "person", .full = {1, 2, 3, 4}, .visible = {1, 2, 3, 4}},
	};
	const struct truth_frame frame = {.frame = 3,
		.media = {120001},
		.wall = {1714564800040000},
		.count = 2,
		.signal_count = 1,
		.signals = {{"main", "red_yellow"}}};
	const struct truth_violation violation = {"red_light", 7, {100000}, NAN, NAN};
	const struct truth_count count = {"north", "forward", "car", 4, "left"};
	FILE *file = tmpfile();
	assert_int_equal(truth_write_header(file, 640, 360), 0);
	assert_int_equal(truth_write_frame(file, &frame, objects), 0);
	assert_int_equal(truth_write_violation(file, &violation), 0);
	assert_int_equal(truth_write_count(file, &count), 0);
	char text[4096];
	rewind(file);
	size_t length = fread(text, 1, sizeof(text), file);
	fclose(file);

	struct err err = {""};
	struct truth *truth;
	assert_int_equal(truth_parse(text, length, "f", &err, &truth), 0);
	assert_int_equal(truth->width_px, 640);
	assert_int_equal(truth->frame_count, 1);
	assert_int_equal(truth->frames[0].frame, 3);
	assert_int_equal(truth->frames[0].media.us, 120001);
	assert_int_equal(truth->frames[0].wall.us, 1714564800040000);
	assert_string_equal(truth->frames[0].signals[0].lamp, "red_yellow");
	assert_int_equal(truth->object_count, 2);
	assert_memory_equal(&truth->objects[0].full, &objects[0].full, sizeof(struct box));
	assert_memory_equal(&truth->objects[0].visible, &objects[0].visible, sizeof(struct box));
	assert_true(
		truth->objects[0].ground_m.y == 42.125 && truth->objects[0].speed_mps == 13.875);
	assert_true(truth->objects[0].has_road && !truth->objects[0].measurable);
	assert_string_equal(truth->objects[0].plate, "GAN \"1\"");
	assert_false(truth->objects[1].has_road);
	assert_true(isnan(truth->violations[0].measured));
	assert_int_equal(truth->violations[0].at.us, 100000);
	assert_int_equal(truth->counts[0].count, 4);
	assert_string_equal(truth->counts[0].lane, "left");
	truth_free(&truth);
	assert_null(truth);
}

static void only_id_class_box_and_time_are_required(void **state)
{
	(void)state;
	struct err err;
	struct truth *truth;
	assert_int_equal(
		parse(HEADER "\r\n{\"t\": 1.5, \"objects\": [{\"id\": 0, \"class\": \"bus\", "
			     "\"bbox\": [600, 300, 700, 400]}]}\r\n{\"t\": 2}",
			&err, &truth),
		0);
	assert_int_equal(truth->frame_count, 2);
	assert_int_equal(truth->frames[1].frame, 1);
	/* Where no visible box is given, it is the part inside the frame. */
	assert_true(truth->objects[0].visible.x2 == 640 && truth->objects[0].visible.y2 == 360);
	assert_true(truth->objects[0].full.x2 == 700);
	assert_false(truth->objects[0].measurable);
	truth_free(&truth);
}

static void a_bad_line_is_refused_with_its_number_and_reason(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "f.jsonl: empty: not a truth file"},
		{"{\"width\": 1}\n", "f.jsonl:1: not a truth file: the first line must be"},
		{"{\"gantry_truth\": 2, \"width\": 1, \"height\": 1}",
			"f.jsonl:1: \"gantry_truth\" must be"},
		{"{\"gantry_truth\": 1, \"width\": 0, \"height\": 1}",
			"f.jsonl:1: \"width\" must be a whole"},
		{HEADER "{\"t\": 1, \"objects\": [}", "f.jsonl:2: not valid JSON: column "},
		{HEADER "[1]", "f.jsonl:2: a line must be a JSON object"},
		{HEADER "{\"frame\": 1}", "f.jsonl:2: neither a frame"},
		{HEADER "{\"objects\": []}", "f.jsonl:2: \"t\" is missing"},
		{HEADER "{\"t\": 1}\n\n{\"t\": 1}", "f.jsonl:4: \"t\" is not later"},
		{HEADER "{\"t\": 1, \"objects\": [{\"class\": \"car\", \"bbox\": [1, 2, 3, 4]}]}",
			"f.jsonl:2: \"id\" is missing, in objects[0]"},
		{HEADER "{\"t\": 1, \"objects\": [{\"id\": 1, \"class\": \"car\", \"bbox\": [5, 2, "
			"3, 4]}]}",
			"f.jsonl:2: \"bbox\" must be [x1, y1, x2, y2] with x1 <= x2"},
		{HEADER "{\"t\": 1, \"objects\": [{\"id\": 1, \"class\": \"car\", \"bbox\": [1, 2, "
			"3]}]}",
			"f.jsonl:2: \"bbox\" must be an array of 4 numbers"},
		{HEADER "{\"t\": 1, \"objects\": [{\"id\": 1, \"class\": \"car\", \"bbox\": [1, 2, "
			"3, 4], "
			"\"occlusion\": 1.5}]}",
			"f.jsonl:2: \"occlusion\" must be a number from 0 to 1"},
		{HEADER "{\"t\": 1, \"objects\": [{\"id\": 1, \"class\": \"car\", \"bbox\": [1, 2, "
			"3, 4]}, "
			"{\"id\": 1, \"class\": \"car\", \"bbox\": [1, 2, 3, 4]}]}",
			"f.jsonl:2: the same id twice in one frame, in objects[1]"},
		{HEADER "{\"t\": 1, \"signals\": {\"main\": 3}}",
			"f.jsonl:2: \"main\" must be a string"},
		{HEADER "{\"violation\": {\"id\": 1, \"t\": 1}}",
			"f.jsonl:2: \"type\" is missing, in violation"},
		{HEADER "{\"count\": {\"line\": \"a\", \"direction\": \"f\", \"class\": \"car\", "
			"\"n\": -1}}",
			"f.jsonl:2: \"n\" must be a whole number from 0"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = {""};
		struct truth *truth = NULL;
		assert_int_equal(parse(cases[i].text, &err, &truth), -EINVAL);
		assert_null(truth);
		if (strncmp(err.text, cases[i].message, strlen(cases[i].message)) != 0)
			assert_string_equal(err.text, cases[i].message);
	}
}

static void a_file_that_is_not_there_is_said_to_be(void **state)
{
	(void)state;
	struct err err = {""};
	struct truth *truth = NULL;
	assert_int_equal(truth_load("/nowhere/t.jsonl", &err, &truth), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/t.jsonl: cannot be opened: No such file"));
	assert_int_equal(truth_load("/", &err, &truth), -EISDIR);
}

static void the_nearest_frame_is_found(void **state)
{
	(void)state;
	struct err err;
	struct truth *truth;
	assert_int_equal(
		parse(HEADER "{\"t\": 0}\n{\"t\": 0.04}\n{\"t\": 0.1}\n", &err, &truth), 0);
	assert_ptr_equal(truth_at(truth, (struct media){0}, 0), &truth->frames[0]);
	assert_ptr_equal(truth_at(truth, (struct media){41000}, 5000), &truth->frames[1]);
	assert_ptr_equal(truth_at(truth, (struct media){80000}, 50000), &truth->frames[2]);
	assert_ptr_equal(truth_at(truth, (struct media){102000}, 5000), &truth->frames[2]);
	assert_null(truth_at(truth, (struct media){70000}, 5000));
	assert_null(truth_at(truth, (struct media){200000}, 5000));
	truth_free(&truth);
}

static void violations_are_ordered_by_time(void **state)
{
	(void)state;
	struct err err;
	struct truth *truth;
	assert_int_equal(parse(HEADER "{\"violation\": {\"type\": \"b\", \"id\": 1, \"t\": 2}}\n"
				      "{\"violation\": {\"type\": \"a\", \"id\": 2, \"t\": 1}}\n",
				 &err, &truth),
		0);
	assert_string_equal(truth->violations[0].type, "a");
	assert_string_equal(truth->violations[1].type, "b");
	truth_free(&truth);
}

TEST_MAIN(cmocka_unit_test(what_is_written_is_read_back),
	cmocka_unit_test(only_id_class_box_and_time_are_required),
	cmocka_unit_test(a_bad_line_is_refused_with_its_number_and_reason),
	cmocka_unit_test(a_file_that_is_not_there_is_said_to_be),
	cmocka_unit_test(the_nearest_frame_is_found),
	cmocka_unit_test(violations_are_ordered_by_time))
