#include "test.h"
#include "track/kalman.h"

static const struct kalman_noise noise = {.centre_ratio = 0.05,
	.size_ratio = 0.05,
	.motion_ratio = 1,
	.growth_ratio = 0.3,
	.first_velocity_ratio = 2};

static struct box box_at(double x, double y, double w, double h)
{
	return (struct box){
		(float)(x - w / 2), (float)(y - h / 2), (float)(x + w / 2), (float)(y + h / 2)};
}

static void finds_the_velocity_at_any_frame_rate(void **state)
{
	(void)state;
	const double steps_s[] = {0.02, 0.04, 0.1, 0.2};
	for (int s = 0; s < 4; s++) {
		struct kalman k;
		kalman_init(&k, box_at(0, 100, 50, 50), &noise);
		for (double t = steps_s[s]; t < 3; t += steps_s[s]) {
			kalman_predict(&k, steps_s[s], &noise);
			kalman_update(&k, box_at(120 * t, 100, 50, 50), &noise);
		}
		assert_true(fabs(k.axis[KALMAN_X].v - 120) < 2);
		assert_true(fabs(k.axis[KALMAN_Y].v) < 1e-6);
	}
}

/* Two half steps are one whole: the filter knows time, not frames. */
static void prediction_does_not_depend_on_the_number_of_steps(void **state)
{
	(void)state;
	struct kalman once, often;
	kalman_init(&once, box_at(10, 20, 40, 40), &noise);
	once.axis[KALMAN_X].v = 33;
	often = once;
	kalman_predict(&once, 0.4, &noise);
	for (int i = 0; i < 8; i++)
		kalman_predict(&often, 0.05, &noise);
	for (int i = 0; i < KALMAN_AXIS_COUNT; i++) {
		assert_true(fabs(once.axis[i].x - often.axis[i].x) < 1e-9);
		assert_true(fabs(once.axis[i].pxx / often.axis[i].pxx - 1) < 1e-9);
		assert_true(fabs(once.axis[i].pvv / often.axis[i].pvv - 1) < 1e-9);
	}
}

static void the_covariance_stays_a_covariance(void **state)
{
	(void)state;
	struct kalman k;
	kalman_init(&k, box_at(0, 0, 30, 60), &noise);
	for (int i = 0; i < 2000; i++) {
		kalman_predict(&k, i % 7 ? 0.01 : 0.5, &noise);
		if (i % 3)
			kalman_update(&k, box_at(i, -i, 30, 60), &noise);
		for (int a = 0; a < KALMAN_AXIS_COUNT; a++) {
			const struct kalman_axis *x = &k.axis[a];
			assert_true(x->pxx > 0 && x->pvv > 0);
			assert_true(x->pxv * x->pxv <= x->pxx * x->pvv * (1 + 1e-9));
		}
	}
}

static void a_shift_moves_the_place_and_not_the_motion(void **state)
{
	(void)state;
	struct kalman k;
	kalman_init(&k, box_at(100, 50, 20, 10), &noise);
	k.axis[KALMAN_X].v = 7;
	kalman_shift(&k, (struct vec2){5, -5});
	struct box b = kalman_box(&k);
	assert_true(fabsf(b.x1 - 95) < 1e-4f && fabsf(b.y1 - 40) < 1e-4f);
	assert_true(fabsf(b.x2 - 115) < 1e-4f && fabsf(b.y2 - 50) < 1e-4f);
	assert_true(k.axis[KALMAN_X].v == 7);
}

static void innovations_come_with_their_variance(void **state)
{
	(void)state;
	struct kalman k;
	struct vec2 offset, variance;
	kalman_init(&k, box_at(100, 50, 20, 20), &noise);
	kalman_innovation(&k, box_at(103, 46, 20, 20), &noise, &offset, &variance);
	assert_true(fabs(offset.x - 3) < 1e-4 && fabs(offset.y + 4) < 1e-4);
	/* One measurement's variance in the estimate, one in the new measurement. */
	assert_true(fabs(variance.x - 2) < 1e-9 && fabs(variance.y - 2) < 1e-9);
	assert_true(fabs(kalman_surprise(&k, box_at(103, 46, 20, 20)) - 0.25) < 1e-6);
}

/* After two places the velocity is the way between them over the time. */
static void what_is_loosened_believes_two_points(void **state)
{
	(void)state;
	struct kalman k;
	kalman_init(&k, box_at(100, 50, 20, 20), &noise);
	kalman_predict(&k, 0.1, &noise);
	kalman_loosen(&k, 0.1, 100);
	kalman_update(&k, box_at(160, 20, 20, 20), &noise);
	assert_true(fabs(k.axis[KALMAN_X].v - 600) < 6 && fabs(k.axis[KALMAN_Y].v + 300) < 3);
}

/* A sure filter that is wrong follows at once; one that is right is not disturbed. */
static void doubt_widens_what_was_too_sure(void **state)
{
	(void)state;
	struct kalman k, same;
	kalman_init(&k, box_at(100, 50, 20, 20), &noise);
	for (int i = 0; i < 100; i++) {
		kalman_predict(&k, 0.04, &noise);
		kalman_update(&k, box_at(100, 50, 20, 20), &noise);
	}
	kalman_predict(&k, 0.04, &noise);
	same = k;
	kalman_doubt(&same, box_at(100.5, 50, 20, 20), 0.04, &noise);
	assert_memory_equal(&same, &k, sizeof(k));
	kalman_doubt(&k, box_at(130, 50, 20, 20), 0.04, &noise);
	kalman_update(&k, box_at(130, 50, 20, 20), &noise);
	assert_true(fabs(k.axis[KALMAN_X].x - 130) < 1);
	assert_true(k.axis[KALMAN_Y].v == same.axis[KALMAN_Y].v);
}

TEST_MAIN(cmocka_unit_test(finds_the_velocity_at_any_frame_rate),
	cmocka_unit_test(prediction_does_not_depend_on_the_number_of_steps),
	cmocka_unit_test(the_covariance_stays_a_covariance),
	cmocka_unit_test(a_shift_moves_the_place_and_not_the_motion),
	cmocka_unit_test(what_is_loosened_believes_two_points),
	cmocka_unit_test(doubt_widens_what_was_too_sure),
	cmocka_unit_test(innovations_come_with_their_variance))
