/* Fits of a vehicle that drives straight, turns, or changes lanes: which speed is told. */
#include "measure/best.h"
#include "test.h"

#include <math.h>

#define DEGREE (M_PI / 180)

struct drive {
	struct best best;
	double at_s;
	double heading_sigma_rad;
};

static struct drive start(void)
{
	struct drive d = {.at_s = 10};
	best_init(&d.best, 1.5, 15 * DEGREE);
	return d;
}

/* One fit each 0.1 s; the heading changes by `rate` degrees a second.  */
static void fits(struct drive *d, int count, double *heading, double rate, double error_ratio)
{
	for (int i = 0; i < count; i++) {
		struct best_fit fit = {.at_s = d->at_s,
			.error_ratio = error_ratio,
			.speed_mps = 10,
			.sigma_mps = 0.1,
			.count = 13,
			.ok = true,
			.has_heading = true,
			.heading = {cos(*heading * DEGREE), sin(*heading * DEGREE)},
			.heading_sigma_rad = d->heading_sigma_rad};
		best_add(&d->best, &fit);
		*heading += 0.1 * rate;
		d->at_s += 0.1;
	}
}

static void the_surest_straight_stretch_is_told(void **state)
{
	(void)state;
	struct drive d = start();
	double heading = 170;
	assert_false(d.best.has_told);
	fits(&d, 10, &heading, 0, 0.02);
	fits(&d, 1, &heading, 0, 0.01);
	fits(&d, 80, &heading, 0, 0.015);
	assert_true(d.best.has_told);
	assert_true(fabs(d.best.told.at_s - 11) < 1e-9);
}

static void what_may_not_be_told_is_not(void **state)
{
	(void)state;
	struct drive d = start();
	struct best_fit fit = {.at_s = 1, .error_ratio = 0.01, .speed_mps = 5};
	best_add(&d.best, &fit);
	assert_false(d.best.has_told);
	fit.at_s = 5;
	best_add(&d.best, &fit);
	assert_false(d.best.has_told);
	/* A fit without a heading, of one that stands, may. */
	fit.at_s = 6;
	fit.ok = true;
	best_add(&d.best, &fit);
	assert_true(d.best.has_told);
}

/* Through a turn of 20 degrees a second the surest fits are: before and after it are others. */
static void a_turn_is_passed_over(void **state)
{
	(void)state;
	struct drive d = start();
	double heading = 0;
	fits(&d, 20, &heading, 0, 0.02);
	double begin_s = d.at_s;
	fits(&d, 20, &heading, 20, 0.01);
	double end_s = d.at_s;
	fits(&d, 20, &heading, 0, 0.021);
	assert_true(d.best.has_told);
	assert_true(d.best.told.at_s < begin_s || d.best.told.at_s > end_s);
}

static void who_only_turns_has_no_speed(void **state)
{
	(void)state;
	struct drive d = start();
	double heading = 350;
	fits(&d, 25, &heading, -20, 0.01);
	assert_false(d.best.has_told);
}

/* What looked straight is taken back when it is seen where it led. */
static void a_speed_is_taken_back(void **state)
{
	(void)state;
	struct drive d = start();
	double heading = 0;
	fits(&d, 5, &heading, 0, 0.01);
	assert_true(d.best.has_told);
	fits(&d, 12, &heading, 30, 0.02);
	assert_false(d.best.has_told);
}

/* Sixteen degrees to one side and back, with half a window in between each. */
static void a_change_of_lanes_is_not_straight(void **state)
{
	(void)state;
	struct drive d = start();
	double heading = 0;
	fits(&d, 10, &heading, 0, 0.02);
	double begin_s = d.at_s;
	fits(&d, 8, &heading, 20, 0.01);
	fits(&d, 8, &heading, -20, 0.01);
	double end_s = d.at_s;
	fits(&d, 10, &heading, 0, 0.02);
	assert_true(d.best.has_told);
	assert_true(d.best.told.at_s < begin_s + 0.3 || d.best.told.at_s > end_s - 0.4);
}

/* Seen too briefly for windows before and after, only one whose turn is known is told. */
static void a_turn_that_is_not_known_is_not_straight(void **state)
{
	(void)state;
	struct best_fit fit = {.at_s = 5,
		.error_ratio = 0.01,
		.speed_mps = 10,
		.count = 9,
		.ok = true,
		.has_heading = true,
		.heading = {1, 0},
		.turn_rad = 5 * DEGREE};
	const double sigmas_deg[] = {3, 9};
	for (int i = 0; i < 2; i++) {
		struct drive d = start();
		fit.turn_sigma_rad = sigmas_deg[i] * DEGREE;
		best_add(&d.best, &fit);
		assert_true(d.best.has_told == (i == 0));
	}
}

/* Twelve degrees in a window: below the limit, but not where a heading errs by three. */
static void a_turn_near_the_limit_needs_a_sure_heading(void **state)
{
	(void)state;
	for (int sure = 0; sure < 2; sure++) {
		struct drive d = start();
		d.heading_sigma_rad = (sure ? 0.5 : 3) * DEGREE;
		double heading = 0;
		fits(&d, 40, &heading, 8, 0.01);
		assert_true(d.best.has_told == sure);
	}
}

static void lost_time_parts_them(void **state)
{
	(void)state;
	struct drive d = start();
	double heading = 0;
	fits(&d, 3, &heading, 0, 0.01);
	best_cut(&d.best);
	assert_true(d.best.has_told);
	/* It comes back with another heading: that is no turn of the first ones. */
	heading = 90;
	fits(&d, 10, &heading, 0, 0.02);
	assert_true(d.best.has_told);
	assert_true(fabs(d.best.told.error_ratio - 0.01) < 1e-9);
}

TEST_MAIN(cmocka_unit_test(the_surest_straight_stretch_is_told),
	cmocka_unit_test(what_may_not_be_told_is_not), cmocka_unit_test(a_turn_is_passed_over),
	cmocka_unit_test(who_only_turns_has_no_speed), cmocka_unit_test(a_speed_is_taken_back),
	cmocka_unit_test(a_change_of_lanes_is_not_straight),
	cmocka_unit_test(a_turn_that_is_not_known_is_not_straight),
	cmocka_unit_test(a_turn_near_the_limit_needs_a_sure_heading),
	cmocka_unit_test(lost_time_parts_them))
