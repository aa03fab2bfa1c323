#include "sim/camera.h"
#include "test.h"

#include <errno.h>
#include <string.h>

static struct camera camera_of(struct camera_params p, int width, int height)
{
	struct camera c;
	struct err err;
	assert_int_equal(camera_init(&p, width, height, &err, &c), 0);
	return c;
}

/* A camera that looks along y and down by `pitch`: the textbook formula, written out. */
static void projection_is_the_closed_form(void **state)
{
	(void)state;
	double pitch = 13 * M_PI / 180, height = 9, focal = 1350;
	struct camera c = camera_of((struct camera_params){.position = {-1, 2},
					    .height_m = height,
					    .pitch_deg = 13,
					    .focal_px = focal},
		1280, 720);
	for (double y = 15; y < 200; y += 7.3)
		for (double x = -8; x < 9; x += 1.7)
			for (double z = 0; z < 4; z += 1.3) {
				double ahead = (y - 2) * cos(pitch) + (height - z) * sin(pitch);
				double down = (height - z) * cos(pitch) - (y - 2) * sin(pitch);
				struct vec2 px;
				assert_true(camera_project(&c, (struct vec3){x, y, z}, &px));
				assert_true(fabs(px.x - (640 + focal * (x + 1) / ahead)) < 1e-9);
				assert_true(fabs(px.y - (360 + focal * down / ahead)) < 1e-9);
			}
}

static void ground_undoes_projection_with_any_lens_and_angle(void **state)
{
	(void)state;
	struct camera c = camera_of((struct camera_params){.position = {3, -4},
					    .height_m = 7.5,
					    .yaw_deg = 130,
					    .pitch_deg = 25,
					    .roll_deg = 4,
					    .focal_px = 900,
					    .k1 = -0.12,
					    .k2 = 0.03},
		1920, 1080);
	int seen = 0;
	for (double x = 5; x < 1920; x += 101)
		for (double y = 400; y < 1080; y += 67) {
			struct vec2 ground, px;
			if (!camera_ground(&c, (struct vec2){x, y}, &ground))
				continue;
			assert_true(camera_project(&c, (struct vec3){ground.x, ground.y, 0}, &px));
			assert_true(hypot(px.x - x, px.y - y) < 1e-6);
			seen++;
		}
	assert_true(seen > 100);
}

/* The lens as calibration.h says it: x_u = x_c + (x_d - x_c)(1 + k1 r^2 + k2 r^4). */
static void lens_is_that_of_the_calibration(void **state)
{
	(void)state;
	struct camera_params p = {
		.height_m = 8, .pitch_deg = 20, .focal_px = 1000, .k1 = -0.1, .k2 = 0.02};
	struct camera bent = camera_of(p, 1280, 720);
	p.k1 = p.k2 = 0;
	struct camera straight = camera_of(p, 1280, 720);
	struct vec3 world = {6, 25, 0};
	struct vec2 d, u;
	camera_project(&bent, world, &d);
	camera_project(&straight, world, &u);
	double half = 0.5 * hypot(1280, 720),
	       r2 = (pow(d.x - 640, 2) + pow(d.y - 360, 2)) / (half * half);
	double scale = 1 - 0.1 * r2 + 0.02 * r2 * r2;
	assert_true(fabs(640 + (d.x - 640) * scale - u.x) < 1e-6);
	assert_true(fabs(360 + (d.y - 360) * scale - u.y) < 1e-6);
	assert_true(hypot(d.x - u.x, d.y - u.y) > 1);
}

static void impossible_cameras_are_refused_with_the_reason(void **state)
{
	(void)state;
	const struct {
		struct camera_params params;
		const char *reason;
	} cases[] = {
		{{.height_m = 8, .focal_px = 0}, "focal"},
		{{.height_m = 0, .focal_px = 900}, "height"},
		{{.height_m = 8, .focal_px = 900, .k1 = -0.9}, "fold"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct camera c;
		struct err err = {0};
		assert_int_equal(camera_init(&cases[i].params, 640, 360, &err, &c), -EINVAL);
		assert_non_null(strstr(err.text, cases[i].reason));
	}
}

TEST_MAIN(cmocka_unit_test(projection_is_the_closed_form),
	cmocka_unit_test(ground_undoes_projection_with_any_lens_and_angle),
	cmocka_unit_test(lens_is_that_of_the_calibration),
	cmocka_unit_test(impossible_cameras_are_refused_with_the_reason))
