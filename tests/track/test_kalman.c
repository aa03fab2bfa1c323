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
			kalman_update(&k, box_at(120 * t, 100, 50, 50), 1, &noise);
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
			kalman_update(&k, box_at(i, -i, 30, 60), 1, &noise);
		for (int a = 0; a < KALMAN_AXIS_COUNT; a++) {
			const struct kalman_axis *x = &k.axis[a];
			assert_true(x->pxx > 0 && x->pvv > 0);
			assert_true(x->pxv * x->pxv <= x->pxx * x->pvv * (1 + 1e-9));
		}
	}
}

static void moving_the_camera_moves_the_estimate(void **state)
{
	(void)state;
	struct kalman k;
	kalman_init(&k, box_at(100, 50, 20, 10), &noise);
	kalman_move(&k, 2, (struct vec2){5, -5});
	struct box b = kalman_box(&k);
	assert_true(fabsf(b.x1 - 185) < 1e-4f && fabsf(b.y1 - 85) < 1e-4f);
	assert_true(fabsf(b.x2 - 225) < 1e-4f && fabsf(b.y2 - 105) < 1e-4f);
}

static void distance_is_in_standard_deviations(void **state)
{
	(void)state;
	struct kalman k;
	kalman_init(&k, box_at(100, 50, 20, 20), &noise);
	double sigma_px = sqrt(2) * noise.centre_ratio * 20;
	double d2 = kalman_distance2(&k, box_at(100 + 3 * sigma_px, 50, 20, 20), &noise);
	assert_true(fabs(d2 - 9) < 1e-3);
}

TEST_MAIN(cmocka_unit_test(finds_the_velocity_at_any_frame_rate),
	cmocka_unit_test(prediction_does_not_depend_on_the_number_of_steps),
	cmocka_unit_test(the_covariance_stays_a_covariance),
	cmocka_unit_test(moving_the_camera_moves_the_estimate),
	cmocka_unit_test(distance_is_in_standard_deviations))
