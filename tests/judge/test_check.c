/* What judge_check() finds in a configuration, all of it in one pass, with line and column. */
#include "scene.h"
#include "test.h"

#include <string.h>

static void expect(const char *yaml, bool calibrated, const char *const *lines)
{
	const char *found = scene_problems(yaml, calibrated), *at = found;
	for (; *lines; lines++) {
		at = strstr(at, *lines);
		if (!at)
			fail_msg("\"%s\" is not said, or not in order; said:\n%s", *lines, found);
	}
}

static void a_good_one_has_no_problems(void **state)
{
	(void)state;
	const char *yaml =
		"lines: [{name: stop, points: [[10, 10], [200, 10]]}]\n"
		"zones: [{name: lane, space: road, polygon: [[0, 0], [5, 0], [5, 50]]}]\n"
		"signals: [{name: main, region: [[5, 5], [20, 50]]}]\n"
		"rules:\n"
		"  - {kind: red_light, line: stop, signal: main, hours: '22:00-06:00'}\n"
		"  - {kind: speed_violation, limit_kmh: 50, zone: lane, classes: [car, van]}\n";
	assert_string_equal(scene_problems(yaml, true), "");
}

static void everything_wrong_is_found_in_one_pass(void **state)
{
	(void)state;
	const char *yaml =
		"lines:\n"
		"  - {name: stop, points: [[2000, 10], [2100, 10]]}\n"
		"  - {name: stop, points: [[10, 10], [10, 10]]}\n"
		"  - {name: edge, points: [[10, 10], [1400, 10]]}\n"
		"zones:\n"
		"  - {name: bow, polygon: [[0, 0], [10, 10], [10, 0], [0, 10]]}\n"
		"  - {name: flat, polygon: [[0, 0], [10, 10], [20, 20]]}\n"
		"  - {name: far, space: road, polygon: [[0, 0], [10, 0], [10, 10]]}\n"
		"signals:\n"
		"  - {name: none}\n"
		"  - {name: both, file: x, region: [[1, 1], [5, 9]]}\n"
		"rules:\n"
		"  - {kind: red_light, line: stopp, signal: man, exempt_zones: [bow, bowl]}\n"
		"  - {kind: speed_violation, limit_kmh: 50, classes: [caar, person]}\n"
		"  - {kind: illegal_parking, zone: flat, hours: noon}\n"
		"  - {kind: wrong_way, zone: bow, direction: [[5, 5], [5, 5]]}\n";
	static const char *const found[] = {
		"2:5 lines[0].points: lies outside the picture of 1280x720 pixels",
		"3:5 lines[1].name: \"stop\" is already the name of lines[0]",
		"3:5 lines[1].points: the points 1 and 2 are the same",
		"4:5 warning: lines[2].points: 1 of 2 points lie outside the picture",
		"6:5 zones[0].polygon: crosses itself: the edge from corner 1 to 2 meets the one "
		"from 3",
		"7:5 zones[1].polygon: has no area",
		"8:5 zones[2].polygon: road coordinates need a calibration",
		"10:5 signals[0]: does not say where its lamps are seen",
		"11:5 signals[1]: has 2 sources",
		"13:5 rules[0].line: there is no line \"stopp\"; did you mean \"stop\"?",
		"13:5 rules[0].signal: there is no signal \"man\"",
		"13:5 rules[0].exempt_zones: there is no zone \"bowl\"; did you mean \"bow\"?",
		"14:5 rules[1].classes: unknown class \"caar\"; did you mean \"car\"?",
		"14:5 rules[1].classes: a person breaks no rule for vehicles",
		"14:5 rules[1]: speed_violation needs a calibration",
		"15:5 rules[2].hours: must be two times of day as 22:00-06:00, is \"noon\"",
		"16:5 rules[3].direction: both ends of the arrow are the same point",
		NULL,
	};
	expect(yaml, false, found);
}

static void lanes_that_cannot_be_are_found(void **state)
{
	(void)state;
	const char *good =
		"lines:\n"
		"  - {name: a, points: [[10, 10], [20, 10]], lanes: [left, middle, right]}\n"
		"  - {name: b, points: [[10, 10], [20, 10], [30, 10]], lanes: [left, right]}\n"
		"  - {name: c, points: [[10, 10], [20, 10], [30, 10]], lanes: [all, all]}\n";
	const char *yaml =
		"lines:\n"
		"  - {name: a, points: [[10, 10], [20, 10]], count: false, lanes: [left]}\n"
		"  - {name: b, points: [[10, 10], [20, 10], [30, 10]], lanes: [l, m, r]}\n"
		"  - {name: c, points: [[10, 10], [20, 10]], lanes: [l, m, m, l]}\n"
		"  - {name: d, points: [[10, 10], [20, 10]], lanes: [aaaaaaaaaaaaaaaaaaaaaaaa"
		"bbbbbbbbbbbbbbbbbbbbbbbb]}\n"
		"  - {name: e, points: [[10, 10], [20, 10]], lanes: [1, 2, 3, 4, 5, 6, 7, 8, 9, "
		"10, 11, 12, 13, 14, 15, 16, 17]}\n"
		"  - {name: f, points: [[10, 10], [20, 10]], lanes: left}\n";
	static const char *const found[] = {
		"2:5 lines[0].lanes: a line that does not count has no lanes",
		"3:5 lines[1].lanes: has 3 names for 2 stretches between its points",
		"4:5 lines[2].lanes: \"l\" is the name of lane 1 and of lane 4",
		"5:5 lines[3].lanes: the name of lane 1 is longer than 47 bytes",
		"6:5 lines[4].lanes: has 17 lanes; at most 16 are possible",
		"7:52 lines[5].lanes: must be a list",
		NULL,
	};
	assert_string_equal(scene_problems(good, false), "");
	expect(yaml, false, found);
}

/* Sixteen lines of four are as many as there may be; the one that is too many is named. */
static void lanes_are_bounded(void **state)
{
	(void)state;
	char yaml[4096] = "lines:\n";
	static const char *const found[] = {
		"18:5 lines[16].lanes: all lines together have more than 64 lanes", NULL};
	for (int i = 0; i < 18; i++) {
		if (i == 16)
			assert_string_equal(scene_problems(yaml, false), "");
		snprintf(yaml + strlen(yaml), sizeof(yaml) - strlen(yaml),
			"  - {name: l%d, points: [[1, 1], [9, 1]], lanes: [a, b, c, d]}\n", i);
	}
	expect(yaml, false, found);
	assert_null(strstr(scene_problems(yaml, false), "lines[17]"));
}

static void a_zone_beyond_the_horizon_is_refused(void **state)
{
	(void)state;
	struct vec2 corners[] = {{100, 10}, {600, 10}, {600, 600}};
	struct zone_params zone = {.name = (char[]){"sky"}, .polygon = {corners, 3}};
	struct judge_params params = {
		.zones = {&zone, 1, sizeof(zone)}, .calibration = scene_calibration()};
	struct judge *judge = NULL;
	struct err err = {""};
	assert_true(judge_create(&params, &err, &judge) < 0);
	assert_null(judge);
	assert_non_null(strstr(err.text, "zone \"sky\": the point [100, 10] is not on the road"));
}

TEST_MAIN(cmocka_unit_test(a_good_one_has_no_problems),
	cmocka_unit_test(everything_wrong_is_found_in_one_pass),
	cmocka_unit_test(lanes_that_cannot_be_are_found), cmocka_unit_test(lanes_are_bounded),
	cmocka_unit_test(a_zone_beyond_the_horizon_is_refused))
