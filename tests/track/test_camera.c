#include "test.h"
#include "track/camera.h"

static const struct kalman_noise noise = {.centre_ratio = 0.05,
	.size_ratio = 0.05,
	.motion_ratio = 1,
	.growth_ratio = 0.3,
	.first_velocity_ratio = 2};

/* Five cars, known well, seen again where `shift` and `own` (of the last one) put them. */
static struct vec2 shift_seen(struct vec2 shift, double own_px, double sigma_px)
{
	static struct target targets[5];
	static struct detections in;
	in.count = 0;
	for (int i = 0; i < 5; i++) {
		float x = 100 + 200 * (float)i, y = 300;
		struct detection d = {.box = {x, y, x + 80, y + 60}, .confidence_ratio = 0.9f};
		target_start(&targets[i], (uint32_t)i + 1, &d, (struct media){0}, &noise);
		targets[i].state = TRACK_CONFIRMED;
		float dx = (float)(shift.x + (i == 4 ? own_px : 0)), dy = (float)shift.y;
		d.box = (struct box){x + dx, y + dy, x + 80 + dx, y + 60 + dy};
		in.items[in.count++] = d;
	}
	return camera_shift(targets, 5, &in, 0.1, sigma_px, &noise);
}

static void what_all_do_is_the_camera(void **state)
{
	(void)state;
	struct vec2 s = shift_seen((struct vec2){10, -6}, 0, 20);
	assert_true(fabs(s.x - 10) < 0.5 && fabs(s.y + 6) < 0.5);
}

static void what_one_does_is_its_own(void **state)
{
	(void)state;
	struct vec2 s = shift_seen((struct vec2){0, 0}, 30, 20);
	assert_true(fabs(s.x) < 1.5 && fabs(s.y) < 1e-6);
}

static void a_camera_that_cannot_move_does_not(void **state)
{
	(void)state;
	struct vec2 s = shift_seen((struct vec2){10, -6}, 0, 0);
	assert_true(s.x == 0 && s.y == 0);
	s = shift_seen((struct vec2){10, -6}, 0, 0.1);
	assert_true(fabs(s.x) < 0.1 && fabs(s.y) < 0.1);
}

TEST_MAIN(cmocka_unit_test(what_all_do_is_the_camera), cmocka_unit_test(what_one_does_is_its_own),
	cmocka_unit_test(a_camera_that_cannot_move_does_not))
