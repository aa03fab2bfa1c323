/*
 * Vehicles seen by a pinhole camera (camera.h): their boxes, with noise, become tracks, and
 * what the measurer makes of them is compared with how they really moved.
 */
#include "base/random.h"
#include "camera.h"
#include "measure/measurer.h"
#include "measure/path.h"
#include "test.h"

#include <string.h>

static const struct camera camera = {1400, 8, 0.28, 1920, 1080};

struct vehicle {
	struct camera_body body;
	enum road_user road_user;
	struct vec2 start;
	double heading_rad, speed_mps, acceleration_mps2, yaw_radps;
};

struct run {
	struct measurer *measurer;
	struct tracks tracks;
	struct measures measures;
};

static struct calibration calibrate(void)
{
	static const struct vec2 road[] = {
		{-8, 14}, {8, 14}, {-12, 70}, {12, 70}, {0, 30}, {-8, 30}, {8, 30}, {0, 50}};
	struct calibration_point points[8];
	struct calibration_params params;
	struct calibration cal;
	struct err err = {{0}};
	memset(points, 0, sizeof(points));
	for (int i = 0; i < 8; i++)
		points[i] = (struct calibration_point){
			.image = camera_see(&camera, road[i], 0), .road = road[i]};
	options_defaults(&calibration_options, &params);
	params.points = (struct option_list){points, 8, sizeof(points[0])};
	params.image_sigma_px = 0.3;
	params.road_sigma_m = 0;
	if (calibration_solve(&params, 1920, 1080, &err, &cal) < 0)
		fail_msg("%s", err.text);
	return cal;
}

static struct run *run_start(const struct calibration *cal, double max_speed_kmh)
{
	struct measure_params params;
	struct err err;
	struct run *run = calloc(1, sizeof(*run));
	assert_non_null(run);
	options_defaults(&measure_options, &params);
	params.ground_sigma_m = 0.02; /* these boxes do end where the bodies do */
	if (max_speed_kmh > 0)
		params.max_speed_kmh = max_speed_kmh;
	assert_int_equal(measurer_create(&params, cal, &err, &run->measurer), 0);
	run->tracks.width_px = 1920;
	run->tracks.height_px = 1080;
	return run;
}

static void run_end(struct run **run)
{
	measurer_destroy(&(*run)->measurer);
	free(*run);
	*run = NULL;
}

static struct vec2 place(const struct vehicle *v, double t, double *ret_heading)
{
	double h = v->heading_rad + v->yaw_radps * t, s;
	*ret_heading = h;
	s = v->speed_mps * t + 0.5 * v->acceleration_mps2 * t * t;
	if (fabs(v->yaw_radps) < 1e-9)
		return vec2_add(v->start, (struct vec2){s * cos(h), s * sin(h)});
	double r = v->speed_mps / v->yaw_radps;
	return vec2_add(v->start, (struct vec2){r * (sin(h) - sin(v->heading_rad)),
					  r * (cos(v->heading_rad) - cos(h))});
}

/* One frame with one vehicle, its box's edges moved by sigma_px. */
static const struct measure *run_frame(struct run *run, const struct vehicle *v, double t,
	double sigma_px, struct random *random, bool seen)
{
	double heading;
	struct vec2 at = place(v, t, &heading);
	struct box b = camera_box(&camera, at, heading, &v->body);
	struct track *track = &run->tracks.items[0];
	b.x1 += (float)(sigma_px * random_normal(random));
	b.y1 += (float)(sigma_px * random_normal(random));
	b.x2 += (float)(sigma_px * random_normal(random));
	b.y2 += (float)(sigma_px * random_normal(random));
	run->tracks.media = media_from_seconds(t);
	run->tracks.sequence++;
	run->tracks.count = 1;
	track->id = 7;
	track->state = seen ? TRACK_CONFIRMED : TRACK_LOST;
	track->updated = seen;
	track->road_user = v->road_user;
	track->box = track->measured = box_clip(b, 1920, 1080);
	assert_int_equal(measurer_step(run->measurer, &run->tracks, &run->measures), 0);
	assert_int_equal(run->measures.count, 1);
	return &run->measures.items[0];
}

static const struct vehicle car = {
	{4.4, 1.8, 1.5, 0.19, 2.6}, ROAD_USER_CAR, {2, 55}, -M_PI / 2, 15, 0, 0};

static void exact_boxes_give_the_exact_speed(void **state)
{
	(void)state;
	struct calibration cal = calibrate();
	static const struct vec2 starts[] = {{2, 50}, {-6, 55}, {8, 60}, {-3, 18}, {5, 16}};
	for (int i = 0; i < 5; i++) {
		struct run *run = run_start(&cal, 0);
		struct random r = random_at(1, 0, 0, 0);
		struct vehicle v = car;
		v.start = starts[i];
		v.heading_rad = starts[i].y > 30 ? -M_PI / 2 + 0.05 : M_PI / 2 - 0.05;
		int ok = 0;
		for (double t = 0; t < 2.4; t += 0.04) {
			const struct measure *m = run_frame(run, &v, t, 0, &r, true);
			if (m->speed_status != SPEED_OK)
				continue;
			ok++;
			assert_true(fabs(m->speed_mps - 15) < 0.05);
			double heading;
			struct vec2 at = place(&v, t, &heading);
			assert_true(vec2_length(vec2_sub(at, m->road_m)) < 0.1);
			assert_true(fabs(remainder(heading - m->heading_rad, 2 * M_PI)) < 0.01);
		}
		assert_true(ok > 30);
		run_end(&run);
	}
}

/* Sizes, lanes, speeds, accelerations and noise vary; the car is of no class's usual size. */
static void intervals_hold_what_they_promise(void **state)
{
	(void)state;
	enum { DRAWS = 600 };
	struct calibration cal = calibrate();
	int inside = 0, best_count = 0, within = 0, fits = 0;
	double sum2 = 0, bias = 0, worst = 0;
	for (int draw = 0; draw < DRAWS; draw++) {
		struct run *run = run_start(&cal, 0);
		struct random r = random_at(2, (uint64_t)draw, 0, 0);
		struct vehicle v = car;
		bool away = random_unit(&r) < 0.5;
		v.body.length *= random_range(&r, 0.88, 1.12);
		v.body.tyres *= random_range(&r, 0.88, 1.12);
		v.body.width *= random_range(&r, 0.9, 1.1);
		v.body.height *= random_range(&r, 0.9, 1.2);
		v.body.clearance += 0.03 * random_normal(&r);
		v.start = (struct vec2){random_range(&r, -8, 8), away ? 15 : 65};
		v.heading_rad = (away ? 1 : -1) * M_PI / 2 + random_range(&r, -0.15, 0.15);
		v.speed_mps = random_range(&r, 6, 30);
		v.acceleration_mps2 = random_range(&r, -1.5, 1.5);
		const struct measure *m = NULL;
		double dt = random_unit(&r) < 0.5 ? 0.04 : 1 / 30.0, last = -1;
		for (double t = 0; t < 6; t += dt) {
			if (random_unit(&r) < 0.05)
				continue;
			double heading, y = place(&v, t, &heading).y;
			if (y < 13 || y > 70)
				break;
			m = run_frame(run, &v, t, 1.5, &r, true);
			if (m->speed_status == SPEED_OK && t > last + 0.5) {
				double at = media_seconds(m->speed_at);
				double truth = v.speed_mps + v.acceleration_mps2 * at;
				double e = m->speed_mps - truth;
				within += fabs(e) < 1.96 * m->speed_sigma_mps;
				fits++;
				last = t;
			}
		}
		if (m && m->best_count) {
			double truth =
				v.speed_mps + v.acceleration_mps2 * media_seconds(m->best_at);
			double e = 3.6 * (m->best_speed_mps - truth);
			best_count++;
			inside += fabs(e) < 1.96 * 3.6 * m->best_sigma_mps;
			sum2 += e * e;
			bias += e;
			worst = fmax(worst, fabs(e));
		}
		run_end(&run);
	}
	print_message("# %d best: rms %.3f bias %.3f worst %.2f km/h, intervals hold in %.1f %%; "
		      "of %d running ones in %.1f %%\n",
		best_count, sqrt(sum2 / best_count), bias / best_count, worst,
		100.0 * inside / best_count, fits, 100.0 * within / fits);
	assert_true(best_count > DRAWS * 9 / 10);
	assert_true(sqrt(sum2 / best_count) < 0.7);
	assert_true(inside > 0.92 * best_count && inside < 0.985 * best_count);
	assert_true(within > 0.92 * fits && within < 0.985 * fits);
}

static enum speed_status last_status(
	const struct calibration *cal, const struct vehicle *v, double max_speed_kmh, double to)
{
	struct run *run = run_start(cal, max_speed_kmh);
	struct random r = random_at(3, 0, 0, 0);
	enum speed_status status = SPEED_STATUS_COUNT;
	for (double t = 0; t < to; t += 0.04)
		status = run_frame(run, v, t, 0.5, &r, true)->speed_status;
	run_end(&run);
	return status;
}

static void every_status_has_its_reason(void **state)
{
	(void)state;
	struct calibration cal = calibrate();
	struct vehicle v = car;
	assert_int_equal(last_status(NULL, &v, 0, 1), SPEED_UNCALIBRATED);
	assert_int_equal(last_status(&cal, &v, 0, 0.3), SPEED_TOO_SHORT);
	assert_int_equal(last_status(&cal, &v, 0, 1.2), SPEED_OK);
	/* Out of the picture at the bottom. */
	assert_int_equal(last_status(&cal, &v, 0, 3.2), SPEED_OUTSIDE_AREA);
	v.start = (struct vec2){0, 200};
	assert_int_equal(last_status(&cal, &v, 0, 1), SPEED_OUTSIDE_AREA);
	v = car;
	v.start = (struct vec2){0, 68};
	v.heading_rad = -M_PI / 2;
	v.speed_mps = 40;
	assert_int_equal(last_status(&cal, &v, 0, 1.2), SPEED_OK);
	assert_int_equal(last_status(&cal, &v, 120, 1.2), SPEED_IMPLAUSIBLE);
	v = car;
	v.start = (struct vec2){6, 25};
	v.heading_rad = M_PI;
	v.speed_mps = 7;
	v.yaw_radps = -0.6;
	assert_int_equal(last_status(&cal, &v, 0, 1.5), SPEED_TURNING);
	/* As fast a turn, seen for half as long. */
	assert_int_equal(last_status(&cal, &v, 0, 0.75), SPEED_TURNING);
}

/* A lorry comes: its front is in the area, which ends at 70 m, before its middle is. */
static void the_middle_must_be_in_the_area(void **state)
{
	(void)state;
	static const struct vec2 corners[] = {{-8, 14}, {8, 14}, {12, 70}, {-12, 70}};
	struct calibration cal = calibrate();
	struct vehicle v = {
		{8.5, 2.5, 3.3, 0.43, 4.8}, ROAD_USER_TRUCK, {2, 73}, -M_PI / 2, 5, 0, 0};
	cal.area_count = 4;
	for (int i = 0; i < 4; i++)
		cal.area[i] = camera_see(&camera, corners[i], 0);
	assert_int_equal(last_status(&cal, &v, 0, 1), SPEED_OUTSIDE_AREA);
	v.start.y = 69;
	assert_int_equal(last_status(&cal, &v, 0, 1), SPEED_OK);
}

/* Whoever turns for as long as it is seen has no speed, and no best one. */
static void a_turn_has_no_best_speed(void **state)
{
	(void)state;
	struct calibration cal = calibrate();
	struct run *run = run_start(&cal, 0);
	struct random r = random_at(8, 0, 0, 0);
	struct vehicle v = car;
	v.start = (struct vec2){-4, 40};
	v.heading_rad = 0;
	v.speed_mps = 4;
	v.yaw_radps = -0.45;
	for (double t = 0; t < 3; t += 0.04)
		run_frame(run, &v, t, 1.5, &r, true);
	assert_int_equal(run->measures.items[0].best_count, 0);
	run_end(&run);
}

/* 46 degrees of a circle, by fits and starts: what wanders along the way is no doubt of the turn.
 */
static void a_bend_is_surely_one(void **state)
{
	(void)state;
	struct path path = {.count = 15};
	struct path_fit fit;
	for (int i = 0; i < path.count; i++) {
		struct random r = random_at(9, (uint64_t)i, 0, 0);
		double angle = 0.8 * i / (path.count - 1) + 0.04 * sin(2 * i);
		path.t_s[i] = 0.1 * i;
		path.road_m[i] = (struct vec2){10 * sin(angle) + 0.05 * random_normal(&r),
			10 * (1 - cos(angle)) + 0.05 * random_normal(&r)};
		path.var_m2[i][0] = path.var_m2[i][2] = 0.05 * 0.05;
	}
	assert_true(path_fit(&path, &fit));
	assert_true(fabs(fit.turn_rad - 0.8) < 0.15);
	assert_true(fit.turn_sigma_rad < 0.15);
}

/* To the next lane: the heading is the same at both ends, and was another one in between. */
static void a_change_of_lanes_is_a_turn(void **state)
{
	(void)state;
	struct path path = {.count = 15};
	struct path_fit fit;
	for (int i = 0; i < path.count; i++) {
		struct random r = random_at(10, (uint64_t)i, 0, 0);
		double t = 0.1 * i;
		path.t_s[i] = t;
		path.road_m[i] = (struct vec2){10 * t + 0.05 * random_normal(&r),
			1.5 * cos(M_PI * t / 1.4) + 0.05 * random_normal(&r)};
		path.var_m2[i][0] = path.var_m2[i][2] = 0.05 * 0.05;
	}
	assert_true(path_fit(&path, &fit));
	assert_true(fabs(fit.turn_rad) < 0.1);
	assert_true(fit.turn_total_rad > 0.5 && fit.turn_total_rad < 0.9);
}

static void a_parked_car_stands_still(void **state)
{
	(void)state;
	struct calibration cal = calibrate();
	struct run *run = run_start(&cal, 0);
	struct random r = random_at(4, 0, 0, 0);
	struct vehicle v = car;
	v.start = (struct vec2){3, 25};
	v.speed_mps = 0;
	const struct measure *m = NULL;
	for (double t = 0; t < 5; t += 0.04)
		m = run_frame(run, &v, t, 1, &r, true);
	assert_int_equal(m->speed_status, SPEED_OK);
	assert_true(m->speed_mps < 3 * m->speed_sigma_mps + 0.02);
	run_end(&run);
}

static void hidden_and_lost_vehicles_have_no_speed(void **state)
{
	(void)state;
	struct calibration cal = calibrate();
	struct run *run = run_start(&cal, 0);
	struct random r = random_at(5, 0, 0, 0);
	double t = 0;
	for (; t < 1; t += 0.04)
		run_frame(run, &car, t, 0.5, &r, true);
	assert_int_equal(run->measures.items[0].speed_status, SPEED_OK);
	/* A miss of one frame changes little; of half a second, it ends. */
	assert_int_equal(run_frame(run, &car, t, 0.5, &r, false)->speed_status, SPEED_OK);
	for (; t < 1.6; t += 0.04)
		run_frame(run, &car, t, 0.5, &r, false);
	assert_int_equal(run->measures.items[0].speed_status, SPEED_OCCLUDED);
	/* Its best speed stands. */
	assert_true(run->measures.items[0].best_count > 0);
	assert_true(fabs(run->measures.items[0].best_speed_mps - 15) < 0.5);
	/* Seen now and then there are points enough, but most of its way is not known. */
	for (; t < 2.6; t += 0.04)
		run_frame(run, &car, t, 0.5, &r, run->tracks.sequence % 3 == 0);
	assert_int_equal(run->measures.items[0].speed_status, SPEED_OCCLUDED);
	run->tracks.items[0].covered_ratio = 0.6f;
	for (; t < 2.8; t += 0.04)
		assert_int_equal(
			run_frame(run, &car, t, 0.5, &r, true)->speed_status, SPEED_OCCLUDED);
	run_end(&run);
}

/* The same boxes, some gone astray by a metre or more: the fit is not impressed. */
static void outliers_do_not_pull(void **state)
{
	(void)state;
	struct calibration cal = calibrate();
	struct run *run = run_start(&cal, 0);
	struct random r = random_at(6, 0, 0, 0);
	const struct measure *m = NULL;
	int n = 0;
	for (double t = 0; t < 1.8; t += 0.04)
		m = run_frame(run, &car, t, n++ % 7 == 3 ? 25 : 0.5, &r, true);
	assert_int_equal(m->speed_status, SPEED_OK);
	assert_true(fabs(m->speed_mps - 15) < 0.25);
	run_end(&run);
}

static void tracks_come_and_go(void **state)
{
	(void)state;
	struct calibration cal = calibrate();
	struct run *run = run_start(&cal, 0);
	/* Far more identities than slots, in one life of the measurer. */
	for (uint32_t id = 1; id < 3000; id += 15) {
		run->tracks.count = 15;
		for (int k = 0; k < 12; k++) {
			run->tracks.media.us += 100000;
			for (uint32_t i = 0; i < 15; i++) {
				struct track *t = &run->tracks.items[i];
				struct vec2 at = {-4.0 + 4 * (i % 3), 27 + 13 * (i / 3) - 1.0 * k};
				*t = (struct track){.id = id + i,
					.state = TRACK_CONFIRMED,
					.updated = true,
					.road_user = ROAD_USER_CAR};
				t->box = t->measured =
					camera_box(&camera, at, -M_PI / 2, &car.body);
			}
			assert_int_equal(
				measurer_step(run->measurer, &run->tracks, &run->measures), 0);
		}
		for (int i = 0; i < 9; i++) {
			assert_int_equal(run->measures.items[i].speed_status, SPEED_OK);
			assert_true(fabs(run->measures.items[i].speed_mps - 10) < 0.05);
		}
	}
	run_end(&run);
}

TEST_MAIN(cmocka_unit_test(exact_boxes_give_the_exact_speed),
	cmocka_unit_test(intervals_hold_what_they_promise),
	cmocka_unit_test(every_status_has_its_reason), cmocka_unit_test(a_bend_is_surely_one),
	cmocka_unit_test(the_middle_must_be_in_the_area),
	cmocka_unit_test(a_turn_has_no_best_speed), cmocka_unit_test(a_change_of_lanes_is_a_turn),
	cmocka_unit_test(a_parked_car_stands_still),
	cmocka_unit_test(hidden_and_lost_vehicles_have_no_speed),
	cmocka_unit_test(outliers_do_not_pull), cmocka_unit_test(tracks_come_and_go))
