#include "sim/path.h"
#include "test.h"

static struct path corner(void)
{
	struct path p = {0};
	assert_int_equal(path_add(&p, (struct vec2){0, 0}), 0);
	assert_int_equal(path_add(&p, (struct vec2){0, 20}), 0);
	assert_int_equal(
		path_add_bend(&p, (struct vec2){0, 1}, (struct vec2){10, 30}, (struct vec2){1, 0}),
		0);
	assert_int_equal(path_add(&p, (struct vec2){40, 30}), 0);
	assert_int_equal(path_seal(&p), 0);
	return p;
}

static void a_bend_of_a_quarter_is_nearly_a_circle(void **state)
{
	(void)state;
	struct path p = corner();
	for (double s = 20; s < 20 + 10 * M_PI / 2; s += 0.37) {
		struct vec2 at = path_at(&p, s).position;
		assert_true(fabs(hypot(at.x - 10, at.y - 20) - 10) < 0.02);
	}
	assert_true(fabs(path_length(&p) - (20 + 5 * M_PI + 30)) < 0.02);
	path_finish(&p);
}

static void nearest_finds_place_and_side(void **state)
{
	(void)state;
	struct path p = corner();
	for (double s = 1; s < path_length(&p) - 1; s += 0.9)
		for (double left = -3; left < 3.1; left += 1.5) {
			struct path_spot spot = path_at(&p, s);
			struct vec2 off = vec2_add(spot.position, vec2_scale(spot.normal, left));
			double found;
			assert_true(
				fabs(path_nearest(&p, off, 0, path_length(&p), &found) - s) < 0.2);
			assert_true(fabs(found - left) < 0.02);
		}
	path_finish(&p);
}

static void crossing_is_where_the_segment_is(void **state)
{
	(void)state;
	struct path p = corner();
	double s;
	assert_true(path_crossing(&p, (struct vec2){-1, 5}, (struct vec2){1, 5}, &s));
	assert_true(fabs(s - 5) < 1e-9);
	assert_false(path_crossing(&p, (struct vec2){1, 5}, (struct vec2){3, 5}, &s));
	path_finish(&p);
}

TEST_MAIN(cmocka_unit_test(a_bend_of_a_quarter_is_nearly_a_circle),
	cmocka_unit_test(nearest_finds_place_and_side),
	cmocka_unit_test(crossing_is_where_the_segment_is))
