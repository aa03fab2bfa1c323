#include "eval/mot.h"
#include "test.h"

#include <errno.h>
#include <string.h>

static struct mot *parse(const char *text, enum mot_format format)
{
	struct mot *mot = NULL;
	struct err err = {""};
	if (mot_parse(text, strlen(text), "x", format, "Car", &err, &mot) < 0)
		fail_msg("%s", err.text);
	return mot;
}

static void challenge_is_read_in_the_order_of_frames(void **state)
{
	(void)state;
	struct mot *mot = parse(
		"2,7,1,2,10,20,0.5,1,1\r\n\n 1 , 3,5,6,7,8\n1,2,0,0,1,1,0\n", MOT_FORMAT_AUTO);
	assert_int_equal(mot->format, MOT_FORMAT_CHALLENGE);
	assert_int_equal(mot->count, 3);
	assert_int_equal(mot->first_frame, 1);
	assert_int_equal(mot->last_frame, 2);
	assert_int_equal(mot->items[0].id, 3);
	assert_true(mot->items[0].x2 == 12 && mot->items[0].y2 == 14);
	assert_true(mot->items[0].confidence == 1);
	assert_int_equal(mot->items[1].role, MOT_UNASKED);
	assert_int_equal(mot->items[2].id, 7);
	assert_int_equal(mot->items[2].line, 1);
	assert_true(mot->items[2].confidence == 0.5);
	assert_int_equal(mot_find(mot, 2), 2);
	assert_int_equal(mot_find(mot, 3), 3);
	mot_free(&mot);
	assert_null(mot);
}

static void kitti_knows_what_is_not_asked_for(void **state)
{
	(void)state;
	const char *text = "0 -1 DontCare -1 -1 -10 1 2 3 4 -1 -1 -1 -1 -1 -1 -1\n"
			   "0 1 Car 0 2 -1.5 10 20 30 40 1 1 1 1 1 1 1\n"
			   "0 2 Car 1 0 -1.5 10 20 30 40 1 1 1 1 1 1 1\n"
			   "0 3 Car 0 3 -1.5 10 20 30 40 1 1 1 1 1 1 1\n"
			   "0 4 Van 0 0 -1.5 10 20 30 40 1 1 1 1 1 1 1\n"
			   "0 5 Tram 0 0 -1.5 10 20 30 40 1 1 1 1 1 1 1 0.25\n";
	const enum mot_role roles[] = {
		MOT_REGION, MOT_TARGET, MOT_HARD, MOT_HARD, MOT_DISTRACTOR, MOT_OTHER};
	struct mot *mot = parse(text, MOT_FORMAT_AUTO);
	assert_int_equal(mot->format, MOT_FORMAT_KITTI);
	assert_int_equal(mot->count, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(mot->items[i].role, roles[i]);
	assert_true(mot->items[5].confidence == 0.25);
	mot_free(&mot);
}

static void detections_of_kitti_are_read(void **state)
{
	(void)state;
	struct mot *mot = parse("3,2,1.5,2.5,3.5,4.5,-0.75,1,2,3\n", MOT_FORMAT_KITTI_DETECTIONS);
	assert_int_equal(mot->items[0].frame, 3);
	assert_int_equal(mot->items[0].id, -1);
	assert_true(mot->items[0].x1 == 1.5 && mot->items[0].y2 == 4.5);
	assert_true(mot->items[0].confidence == -0.75);
	mot_free(&mot);
}

static void truth_files_of_our_own_are_read(void **state)
{
	(void)state;
	const char *text =
		"{\"gantry_truth\": 1, \"width\": 640, \"height\": 480}\n"
		"{\"frame\": 0, \"t\": 0.0, \"objects\": [{\"id\": 4, \"class\": \"car\", "
		"\"bbox\": [10, 20, 30, 50], \"visible\": [10, 20, 30, 50], \"occlusion\": 0.1}]}\n"
		"{\"frame\": 1, \"t\": 0.1, \"objects\": [{\"id\": 4, \"class\": \"car\", "
		"\"bbox\": [11, 20, 31, 50], \"visible\": [11, 20, 31, 22], \"occlusion\": "
		"0.95}]}\n";
	struct mot *mot = parse(text, MOT_FORMAT_AUTO);
	assert_int_equal(mot->format, MOT_FORMAT_GANTRY);
	assert_int_equal(mot->count, 2);
	assert_int_equal(mot->items[0].role, MOT_TARGET);
	assert_int_equal(mot->items[1].role, MOT_HARD);
	assert_int_equal(mot->items[1].frame, 1);
	assert_true(mot->items[1].x1 == 11 && mot->items[1].y2 == 50);
	mot_free(&mot);
}

static void malformed_lines_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *text, *where, *why;
	} cases[] = {
		{"1,1,0,0,5,5\n1,2,0,0,5\n", "x:2:", "has 5 fields, needs at least 6"},
		{"1,1,0,0,5,5\n\n1,b,0,0,5,5", "x:3:", "\"b\": is not a number"},
		{"1,1,0,0,-5,5", "x:1:", "the width is negative"},
		{"1,1,0,0,5,-5", "x:1:", "the height is negative"},
		{"1.5,1,0,0,5,5", "x:1:", "is not a whole number"},
		{"-1,1,0,0,5,5", "x:1:", "is out of range"},
		{"1,1,0,nan,5,5", "x:1:", "is not a number"},
		{"1,1,0,0,5,1e300", "x:1:", "is out of range"},
		{"1,7,0,0,5,5\n2,7,0,0,5,5\n1,7,1,1,5,5", "x:3:", "before in line 1"},
		{"0 1 Car 0 0 0 30 20 10 40", "x:1:", "right edge is left"},
		{"0 1 Car 0", "x:1:", "has 4 fields, needs at least 5"},
		{"{\"gantry_truth\": 1, \"width\": 6, \"height\": 4}\n{\"frame\": }", "x:2:", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mot *mot = NULL;
		struct err err = {""};
		assert_int_equal(mot_parse(cases[i].text, strlen(cases[i].text), "x",
					 MOT_FORMAT_AUTO, "Car", &err, &mot),
			-EINVAL);
		assert_null(mot);
		if (!strstr(err.text, cases[i].where) || !strstr(err.text, cases[i].why))
			fail_msg("case %zu says: %s", i, err.text);
	}
}

static void a_sequence_needs_a_frame_rate(void **state)
{
	(void)state;
	struct mot_info info;
	struct err err = {""};
	char good[] = "[Sequence]\r\nname=X\nframeRate=12.5\nseqLength=30\nimWidth=8\nother=1\n";
	char bad[] = "[Sequence]\nname=X\nframeRate=0\n";
	assert_int_equal(mot_info_parse(good, "x", &err, &info), 0);
	assert_string_equal(info.name, "X");
	assert_true(info.fps == 12.5);
	assert_int_equal(info.frame_count, 30);
	assert_int_equal(info.width_px, 8);
	assert_int_equal(mot_info_parse(bad, "x", &err, &info), -EINVAL);
	assert_non_null(strstr(err.text, "frameRate"));
}

static void what_is_written_is_read_again(void **state)
{
	(void)state;
	char text[4096] = "";
	struct mot *mot = parse("1,4,10,20,30,40,0.5\n2,4,11.25,20,30,40,0.25\n", MOT_FORMAT_AUTO);
	FILE *file = fmemopen(text, sizeof(text), "w");
	assert_non_null(file);
	assert_int_equal(mot_write(file, mot), 0);
	fclose(file);
	struct mot *again = parse(text, MOT_FORMAT_AUTO);
	assert_int_equal(again->count, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(again->items[i].frame, mot->items[i].frame);
		assert_int_equal(again->items[i].id, mot->items[i].id);
		assert_true(again->items[i].x1 == mot->items[i].x1);
		assert_true(again->items[i].y2 == mot->items[i].y2);
		assert_true(again->items[i].confidence == mot->items[i].confidence);
	}
	mot_free(&mot);
	mot_free(&again);
}

TEST_MAIN(cmocka_unit_test(challenge_is_read_in_the_order_of_frames),
	cmocka_unit_test(kitti_knows_what_is_not_asked_for),
	cmocka_unit_test(detections_of_kitti_are_read),
	cmocka_unit_test(truth_files_of_our_own_are_read),
	cmocka_unit_test(malformed_lines_are_named),
	cmocka_unit_test(a_sequence_needs_a_frame_rate),
	cmocka_unit_test(what_is_written_is_read_again))
