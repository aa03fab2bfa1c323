/* Where a line's lanes are, in the picture and on the road. */
#include "judge/lanes.h"

#include "scene.h"
#include "test.h"

#define LENGTH_M 1e-6

static struct option_points points_of(struct vec2 *items, int count)
{
	return (struct option_points){items, count};
}

static struct option_strings names_of(char **items, int count)
{
	return (struct option_strings){items, count};
}

static struct outline outline_of(
	const struct line_params *params, const struct calibration *calibration)
{
	struct outline line;
	struct err err = {""};
	if (outline_init(&line, "line", &params->points, false, params->space, calibration, &err) <
		0)
		fail_msg("%s", err.text);
	return line;
}

static void expect_lane(const struct lanes *lanes, double along, int lane, double distance)
{
	double found;
	assert_int_equal(lanes_at(lanes, along, &found), lane);
	assert_true(found == distance || fabs(found - distance) < LENGTH_M);
}

static void a_stretch_is_a_lane(void **state)
{
	(void)state;
	struct vec2 points[] = {{0, 0}, {30, 40}, {30, 50}, {30, 100}, {130, 100}};
	char *lanes_said[] = {
		(char[]){"right"}, (char[]){"right"}, (char[]){"middle"}, (char[]){"left"}};
	const struct line_params params = {
		.points = points_of(points, 5), .lanes = names_of(lanes_said, 4)};
	struct outline line = outline_of(&params, NULL);
	const char *names[LINE_LANES_MAX];
	struct lanes lanes;
	lanes_init(&lanes, &params, &line, names);
	assert_int_equal(lanes.count, 3);
	assert_string_equal(names[0], "right");
	assert_string_equal(names[1], "middle");
	assert_string_equal(names[2], "left");
	/* From the ends of the line it is not far to the next lane, but to a division. */
	expect_lane(&lanes, 0, 0, 60);
	expect_lane(&lanes, 50, 0, 10);
	expect_lane(&lanes, 60, 0, 0);
	expect_lane(&lanes, 70, 1, 10);
	expect_lane(&lanes, 100, 1, 10);
	expect_lane(&lanes, 111, 2, 1);
	expect_lane(&lanes, 210, 2, 100);
	outline_finish(&line);
}

static void one_lane_has_no_division(void **state)
{
	(void)state;
	struct vec2 points[] = {{0, 0}, {90, 0}};
	char *lanes_said[] = {(char[]){"all"}};
	struct line_params params = {
		.points = points_of(points, 2), .lanes = names_of(lanes_said, 1)};
	struct outline line = outline_of(&params, NULL);
	const char *names[LINE_LANES_MAX];
	struct lanes lanes;
	lanes_init(&lanes, &params, &line, names);
	assert_int_equal(lanes.count, 1);
	expect_lane(&lanes, 45, 0, INFINITY);
	params.lanes.count = 0;
	lanes_init(&lanes, &params, &line, names);
	assert_int_equal(lanes.count, 0);
	outline_finish(&line);
}

/* Lanes are as wide far from the camera as near it: on the road, not in the picture. */
static void equal_parts_are_equal_on_the_road(void **state)
{
	(void)state;
	const struct calibration *calibration = scene_calibration();
	struct vec2 points[2];
	char *lanes_said[] = {(char[]){"a"}, (char[]){"b"}, (char[]){"c"}};
	assert_true(calibration_to_image(calibration, (struct vec2){-6, 25}, &points[0]));
	assert_true(calibration_to_image(calibration, (struct vec2){6, 60}, &points[1]));
	const struct line_params params = {
		.points = points_of(points, 2), .lanes = names_of(lanes_said, 3)};
	struct outline line = outline_of(&params, calibration);
	const double length = hypot(12, 35);
	const char *names[LINE_LANES_MAX];
	struct lanes lanes;
	lanes_init(&lanes, &params, &line, names);
	assert_int_equal(lanes.count, 3);
	for (int i = 0; i < 3; i++)
		assert_true(fabs(lanes.end[i] - length * (i + 1) / 3) < LENGTH_M);
	expect_lane(&lanes, length / 2, 1, length / 6);
	outline_finish(&line);
}

/* A lens bends the line between two points; the points stay where they divide the road. */
static void a_lens_moves_no_division(void **state)
{
	(void)state;
	struct calibration bent = *scene_calibration();
	const struct vec2 road[] = {{-9, 30}, {-2, 30}, {8, 30}};
	struct vec2 points[3];
	char *lanes_said[] = {(char[]){"left"}, (char[]){"right"}};
	bent.lens = lens_make(0.1, 0, (struct vec2){0, 0}, SCENE_WIDTH_PX, SCENE_HEIGHT_PX);
	for (int i = 0; i < 3; i++)
		assert_true(calibration_to_image(&bent, road[i], &points[i]));
	const struct line_params params = {
		.points = points_of(points, 3), .lanes = names_of(lanes_said, 2)};
	struct outline line = outline_of(&params, &bent);
	const char *names[LINE_LANES_MAX];
	struct lanes lanes;
	lanes_init(&lanes, &params, &line, names);
	assert_int_equal(lanes.count, 2);
	assert_true(line.count > 3 && line.count % 2 == 1);
	struct vec2 division = line.points[line.count / 2];
	assert_true(vec2_length(vec2_sub(division, road[1])) < 1e-5);
	assert_true(lanes.end[0] == outline_length(&line, line.count / 2));
	assert_true(lanes.end[0] > 7 && lanes.end[0] < 7.1);
	assert_true(lanes.end[1] == outline_length(&line, line.count - 1));
	outline_finish(&line);
}

static void a_meeting_is_so_far_along(void **state)
{
	(void)state;
	struct vec2 points[] = {{0, 0}, {30, 40}, {130, 40}};
	const struct line_params params = {.points = points_of(points, 3)};
	struct outline line = outline_of(&params, NULL);
	struct outline_meeting m;
	assert_true(outline_meets(&line, (struct vec2){80, 20}, (struct vec2){80, 60}, &m));
	assert_true(fabs(m.along - 100) < LENGTH_M && fabs(m.t - 0.5) < LENGTH_M);
	int direction = m.direction;
	assert_true(outline_meets(&line, (struct vec2){15, 30}, (struct vec2){15, 10}, &m));
	assert_true(fabs(m.along - 25) < LENGTH_M);
	assert_int_equal(m.direction, -direction);
	assert_false(outline_meets(&line, (struct vec2){140, 20}, (struct vec2){140, 60}, &m));
	outline_finish(&line);
}

TEST_MAIN(cmocka_unit_test(a_stretch_is_a_lane), cmocka_unit_test(one_lane_has_no_division),
	cmocka_unit_test(equal_parts_are_equal_on_the_road),
	cmocka_unit_test(a_lens_moves_no_division), cmocka_unit_test(a_meeting_is_so_far_along))
