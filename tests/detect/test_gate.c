#include "base/random.h"
#include "detect/gate.h"
#include "test.h"

#include <math.h>

#define WIDTH 1920
#define HEIGHT 1080

static uint8_t luma[WIDTH * HEIGHT], chroma[WIDTH * HEIGHT / 4];
static struct frame picture = {
	.width_px = WIDTH,
	.height_px = HEIGHT,
	.plane = {luma, chroma, chroma},
	.stride_bytes = {WIDTH, WIDTH / 2, WIDTH / 2},
};

/* A textured road with the noise of a camera at night, a car if it has a width, and a change of
 * light. */
static void paint(struct random *random, int car_x, int car_width, int car_height, double light)
{
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++) {
			bool car = x >= car_x && x < car_x + car_width && y >= 500 &&
				   y < 500 + car_height;
			double value = car ? 190 : 90 + 30 * ((x / 40 + y / 40) % 2);
			double noise = 6 * (random_unit(random) - 0.5) * 2;
			luma[y * WIDTH + x] = (uint8_t)fmin(fmax(value + light + noise, 0), 255);
		}
}

static void noise_and_light_are_no_motion(void **state)
{
	(void)state;
	struct gate gate = {0};
	struct random random = {1};
	paint(&random, 300, 120, 80, 0);
	assert_true(gate_moved(&gate, &picture)); /* nothing is known yet */
	gate_looked(&gate);
	for (int i = 0; i < 5; i++) {
		paint(&random, 300, 120, 80, 4 * i);
		assert_false(gate_moved(&gate, &picture));
	}
	gate_finish(&gate);
}

static void a_car_far_away_is_motion(void **state)
{
	(void)state;
	struct gate gate = {0};
	struct random random = {2};
	paint(&random, 300, 24, 18, 0);
	assert_true(gate_moved(&gate, &picture));
	gate_looked(&gate);
	paint(&random, 300, 24, 18, 0);
	assert_false(gate_moved(&gate, &picture));
	paint(&random, 324, 24, 18, 0); /* by its own length */
	assert_true(gate_moved(&gate, &picture));
	gate_looked(&gate);
	paint(&random, 324, 24, 18, 0);
	assert_false(gate_moved(&gate, &picture));
	gate_finish(&gate);
}

static void another_size_is_looked_at(void **state)
{
	(void)state;
	struct gate gate = {0};
	struct frame small = picture;
	small.width_px = 640;
	small.height_px = 360;
	assert_true(gate_moved(&gate, &picture));
	gate_looked(&gate);
	assert_false(gate_moved(&gate, &picture));
	assert_true(gate_moved(&gate, &small));
	gate_looked(&gate);
	assert_false(gate_moved(&gate, &small));
	small.width_px = small.height_px = 1;
	assert_true(gate_moved(&gate, &small));
	gate_finish(&gate);
}

TEST_MAIN(cmocka_unit_test(noise_and_light_are_no_motion),
	cmocka_unit_test(a_car_far_away_is_motion), cmocka_unit_test(another_size_is_looked_at))
