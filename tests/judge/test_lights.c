#include "judge/lights.h"

#include "av/reader.h"
#include "judge/lamp.h"
#include "judge/signal_file.h"
#include "test.h"

#include <errno.h>
#include <string.h>

#define WIDTH 64
#define HEIGHT 64

static uint8_t luma[HEIGHT * WIDTH], cb[HEIGHT * WIDTH / 4], cr[HEIGHT * WIDTH / 4];
static struct frame picture = {.width_px = WIDTH,
	.height_px = HEIGHT,
	.plane = {luma, cb, cr},
	.stride_bytes = {WIDTH, WIDTH / 2, WIDTH / 2}};
static struct vec2 head_corners[] = {{10, 4}, {30, 58}};

struct rgb {
	int r, g, b;
};
static const struct rgb dark = {25, 25, 28}, red = {255, 30, 20}, yellow = {255, 170, 0},
			green = {20, 255, 130}, sky = {150, 190, 230}, glare = {235, 235, 235};

static void fill(int x1, int y1, int x2, int y2, struct rgb c, double exposure)
{
	double r = fmin(c.r * exposure, 255), g = fmin(c.g * exposure, 255),
	       b = fmin(c.b * exposure, 255);
	for (int y = y1; y < y2; y++)
		for (int x = x1; x < x2; x++) {
			int at = y / 2 * (WIDTH / 2) + x / 2;
			luma[y * WIDTH + x] = (uint8_t)(16 + 0.257 * r + 0.504 * g + 0.098 * b);
			cb[at] = (uint8_t)(128 - 0.148 * r - 0.291 * g + 0.439 * b);
			cr[at] = (uint8_t)(128 + 0.439 * r - 0.368 * g - 0.071 * b);
		}
}

/* A head of three lamps, each lit or dark, before the sky, at an exposure. */
static void paint(bool r, bool y, bool g, double exposure)
{
	fill(0, 0, WIDTH, HEIGHT, sky, exposure);
	fill(10, 4, 30, 58, dark, exposure);
	fill(14, 8, 26, 18, r ? red : dark, exposure);
	fill(14, 26, 26, 36, y ? yellow : dark, exposure);
	fill(14, 44, 26, 54, g ? green : dark, exposure);
}

static enum lamp read_head(void)
{
	struct signal_params params = {.region = {head_corners, 2}};
	struct box lamps[3];
	assert_true(lamp_regions(&params, lamps));
	return lamp_read(&picture, lamps);
}

static void each_lamp_is_told_at_any_exposure(void **state)
{
	(void)state;
	static const double exposures[] = {0.35, 0.6, 1, 1.5, 2.5};
	for (int i = 0; i < 5; i++) {
		double e = exposures[i];
		paint(true, false, false, e);
		assert_int_equal(read_head(), LAMP_RED);
		paint(false, true, false, e);
		assert_int_equal(read_head(), LAMP_YELLOW);
		paint(false, false, true, e);
		assert_int_equal(read_head(), LAMP_GREEN);
		paint(true, true, false, e);
		assert_int_equal(read_head(), LAMP_RED_YELLOW);
		paint(false, false, false, e);
		assert_int_equal(read_head(), LAMP_UNKNOWN);
	}
}

static void an_overexposed_lamp_is_white_with_a_coloured_rim(void **state)
{
	(void)state;
	paint(false, false, true, 1);
	fill(17, 46, 23, 52, glare, 1);
	assert_int_equal(read_head(), LAMP_GREEN);
	paint(true, false, false, 1);
	fill(17, 10, 23, 16, glare, 1);
	assert_int_equal(read_head(), LAMP_RED);
}

static void what_hides_the_head_is_no_lamp(void **state)
{
	(void)state;
	static const struct rgb lorries[] = {
		{200, 200, 200}, {180, 20, 20}, {20, 120, 40}, {10, 10, 10}};
	for (int i = 0; i < 4; i++) {
		fill(0, 0, WIDTH, HEIGHT, lorries[i], 1);
		assert_int_equal(read_head(), LAMP_UNKNOWN);
	}
	paint(true, false, true, 1); /* impossible */
	assert_int_equal(read_head(), LAMP_UNKNOWN);
}

static void regions_may_lie_anywhere(void **state)
{
	(void)state;
	struct vec2 r[] = {{14, 8}, {26, 18}}, g[] = {{26, 54}, {14, 44}};
	struct signal_params params = {.lamps = {.red = {r, 2}, .green = {g, 2}}};
	struct box lamps[3];
	assert_true(lamp_regions(&params, lamps));
	paint(true, false, false, 1);
	assert_int_equal(lamp_read(&picture, lamps), LAMP_RED);
	paint(false, true, false, 1);
	assert_int_equal(lamp_read(&picture, lamps), LAMP_UNKNOWN);
	/* Outside of the picture nothing is seen. */
	for (int i = 0; i < 3; i++)
		lamps[i] = (struct box){1000, 1000, 1010, 1010};
	assert_int_equal(lamp_read(&picture, lamps), LAMP_UNKNOWN);
}

static struct lights *seen(double hold_s)
{
	static struct lights lights;
	struct signal_params params = {
		.name = (char[]){"main"}, .region = {head_corners, 2}, .hold_s = hold_s};
	struct err err;
	assert_int_equal(lights_init(&lights, &params, &err), 0);
	return &lights;
}

static void a_state_must_last_and_counts_from_its_first_frame(void **state)
{
	(void)state;
	struct lights *l = seen(0.2);
	for (int i = 0; i < 100; i++) {
		/* Green to frame 49, with one frame of red in between; then red, pulsing. */
		bool is_red = i >= 50 || i == 20, is_dark = i > 50 && i % 3 == 2;
		paint(is_red && !is_dark, false, !is_red, 1);
		lights_step(l, &picture, (struct media){i * 40000});
		struct signal_state now = lights_at(l, (struct media){i * 40000});
		if (i >= 6 && i < 50)
			assert_int_equal(now.lamp, LAMP_GREEN);
		if (i >= 58) {
			assert_int_equal(now.lamp, LAMP_RED);
			assert_int_equal(now.since.us, 50 * 40000);
		}
	}
	/* The past is known too. */
	assert_int_equal(lights_at(l, (struct media){49 * 40000 + 1}).lamp, LAMP_GREEN);
	assert_int_equal(lights_at(l, (struct media){-1}).lamp, LAMP_UNKNOWN);
	lights_finish(l);
}

static void unseen_for_a_second_it_is_unknown(void **state)
{
	(void)state;
	struct lights *l = seen(0.2);
	paint(true, false, false, 1);
	for (int i = 0; i < 25; i++)
		lights_step(l, &picture, (struct media){i * 40000});
	assert_int_equal(lights_at(l, (struct media){24 * 40000}).lamp, LAMP_RED);
	for (int i = 25; i < 60; i++)
		lights_step(l, NULL, (struct media){i * 40000});
	assert_int_equal(lights_at(l, (struct media){59 * 40000}).lamp, LAMP_UNKNOWN);
	lights_finish(l);
}

static void red_with_yellow_continues_a_red(void **state)
{
	(void)state;
	struct phase_params phases[] = {{.lamp = LAMP_GREEN, .duration_s = 10},
		{.lamp = LAMP_YELLOW, .duration_s = 3}, {.lamp = LAMP_RED, .duration_s = 8},
		{.lamp = LAMP_RED_YELLOW, .duration_s = 1}};
	struct signal_params params = {
		.name = (char[]){"main"}, .phases = {phases, 4, sizeof(phases[0])}, .offset_s = 5};
	struct lights l;
	struct err err;
	static const struct {
		double t;
		enum lamp lamp;
		double since;
	} expect[] = {
		{5, LAMP_GREEN, 5},
		{14.9, LAMP_GREEN, 5},
		{15, LAMP_YELLOW, 15},
		{18, LAMP_RED, 18},
		{26.5, LAMP_RED_YELLOW, 18},
		{27, LAMP_GREEN, 27},
		{4.5, LAMP_RED_YELLOW, -4},
		{27 + 22 * 100 - 4, LAMP_RED, 18 + 22 * 100},
	};
	assert_int_equal(lights_init(&l, &params, &err), 0);
	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++) {
		struct signal_state s = lights_at(&l, media_from_seconds(expect[i].t));
		assert_int_equal(s.lamp, expect[i].lamp);
		assert_true(fabs(media_seconds(s.since) - expect[i].since) < 1e-6);
	}
	lights_finish(&l);
}

static void a_signal_file_is_read_or_refused_with_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} bad[] = {
		{"", "f: says nothing about the signal \"main\""},
		{"{\"t\": 1, \"lamp\": \"red\", \"signal\": \"side\"}\n", "f: says nothing about"},
		{"{\"t\": 1, \"lamp\": \"red\"}\n\n{\"t\": \"x\", \"lamp\": \"red\"}",
			"f:3: \"t\" must be a number"},
		{"{\"t\": 1, \"lamp\": \"purple\"}", "f:1: \"lamp\" must be red, red_yellow"},
		{"{\"t\": 2, \"lamp\": \"red\"}\n{\"t\": 1, \"lamp\": \"red\"}",
			"f:2: \"t\" is earlier"},
		{"{\"t\": 2,", "f:1: not valid JSON: column"},
		{"7", "f:1: a line must be a JSON object"},
	};
	struct lights_change *plan = NULL;
	struct err err;
	int count = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(signal_file_parse(bad[i].text, strlen(bad[i].text), "f", "main",
					 &err, &plan, &count),
			-EINVAL);
		assert_null(plan);
		if (strncmp(err.text, bad[i].message, strlen(bad[i].message)) != 0)
			assert_string_equal(err.text, bad[i].message);
	}
	const char *good =
		"{\"t\": 1.5, \"lamp\": \"red\"}\r\n{\"t\": 2, \"state\": \"green\", \"signal\": "
		"\"main\"}\n{\"t\": 2.5, \"lamp\": \"red\", \"signal\": \"side\"}\n";
	assert_int_equal(
		signal_file_parse(good, strlen(good), "f", "main", &err, &plan, &count), 0);
	assert_int_equal(count, 2);
	struct lights l = {.plan = plan, .plan_count = count};
	assert_int_equal(lights_at(&l, media_from_seconds(1)).lamp, LAMP_UNKNOWN);
	assert_int_equal(lights_at(&l, media_from_seconds(1.7)).lamp, LAMP_RED);
	assert_int_equal(lights_at(&l, media_from_seconds(1e6)).since.us, 2000000);
	free(plan);
}

/* A real head, 35 x 70 pixels: a red arrow, lit in every one of the 179 frames. */
static void a_real_signal_is_read(void **state)
{
	(void)state;
	const char *path = test_data("videos/stop-line-red.mov");
	struct vec2 corners[] = {{183, 97}, {212, 163}};
	struct signal_params params = {
		.name = (char[]){"main"}, .region = {corners, 2}, .hold_s = 0.2};
	struct av_reader *reader;
	struct lights l;
	struct err err;
	struct frame *frame;
	int frames = 0, r;
	assert_int_equal(lights_init(&l, &params, &err), 0);
	assert_int_equal(av_reader_open(path, &(struct av_reader_params){0}, &err, &reader), 0);
	while ((r = av_reader_read(reader, &err, &frame)) == FLOW_MORE) {
		assert_int_equal(lamp_read(frame, l.lamps), LAMP_RED);
		lights_step(&l, frame, frame->media);
		frames++;
		frame_unref(&frame);
	}
	av_reader_close(&reader);
	assert_int_equal(frames, 179);
	struct signal_state s = lights_at(&l, media_from_seconds(5));
	assert_int_equal(s.lamp, LAMP_RED);
	assert_int_equal(s.since.us, 0);
	lights_finish(&l);
}

TEST_MAIN(cmocka_unit_test(each_lamp_is_told_at_any_exposure),
	cmocka_unit_test(an_overexposed_lamp_is_white_with_a_coloured_rim),
	cmocka_unit_test(what_hides_the_head_is_no_lamp),
	cmocka_unit_test(regions_may_lie_anywhere),
	cmocka_unit_test(a_state_must_last_and_counts_from_its_first_frame),
	cmocka_unit_test(unseen_for_a_second_it_is_unknown),
	cmocka_unit_test(red_with_yellow_continues_a_red),
	cmocka_unit_test(a_signal_file_is_read_or_refused_with_its_line),
	cmocka_unit_test(a_real_signal_is_read))
