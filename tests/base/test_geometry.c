#include "base/geometry.h"
#include "test.h"

static void self_crossing_is_found_and_named(void **state)
{
	(void)state;
	const struct vec2 square[] = {{0, 0}, {10, 0}, {10, 10}, {0, 10}};
	const struct vec2 bow[] = {{0, 0}, {10, 10}, {10, 0}, {0, 10}};
	int a, b;
	assert_false(polygon_crosses_itself(square, 4, &a, &b));
	assert_true(polygon_crosses_itself(bow, 4, &a, &b));
	assert_int_equal(a, 0);
	assert_int_equal(b, 2);
}

static void inverse_undoes_a_homography(void **state)
{
	(void)state;
	struct mat3 h = {{{2, 0.1, 30}, {-0.2, 1.5, 7}, {1e-3, 2e-3, 1}}}, inverse;
	assert_int_equal(mat3_invert(h, &inverse), 0);
	struct vec2 p = {123, 456}, q = mat3_project(&inverse, mat3_project(&h, p, NULL), NULL);
	assert_true(vec2_length(vec2_sub(p, q)) < 1e-9);
	assert_true(mat3_invert((struct mat3){{{1, 2, 3}, {2, 4, 6}, {0, 0, 1}}}, &inverse) < 0);
}

static void segments_meet_where_they_should(void **state)
{
	(void)state;
	double t, u;
	assert_true(segments_meet((struct vec2){0, 0}, (struct vec2){4, 0}, (struct vec2){1, -1},
		(struct vec2){1, 3}, &t, &u));
	assert_true(fabs(t - 0.25) < 1e-12 && fabs(u - 0.25) < 1e-12);
	/* A finite segment ends: beyond it nothing is crossed. */
	assert_false(segments_meet((struct vec2){0, 0}, (struct vec2){4, 0}, (struct vec2){5, -1},
		(struct vec2){5, 3}, &t, &u));
}

TEST_MAIN(cmocka_unit_test(self_crossing_is_found_and_named),
	cmocka_unit_test(inverse_undoes_a_homography),
	cmocka_unit_test(segments_meet_where_they_should))
