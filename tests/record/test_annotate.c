#include "fixtures.h"
#include "record/annotate.h"
#include "test.h"

#include <errno.h>
#include <math.h>

#define W 321
#define H 201

static struct measures measures;
static struct violations violations;

static struct frame_pool *pool;

static struct measure *add_track(uint32_t id, struct box box)
{
	struct measure *m = &measures.items[measures.count++];
	*m = (struct measure){.speed_status = SPEED_OK, .speed_mps = 15, .speed_sigma_mps = 0.5};
	m->track.id = id;
	m->track.state = TRACK_CONFIRMED;
	m->track.updated = true;
	m->track.road_user = ROAD_USER_CAR;
	m->track.box = box;
	m->ground_px = (struct vec2){box.x1, box.y2};
	return m;
}

static struct frame *draw(struct annotator *a, const struct trails *trails)
{
	struct err err = {{0}};
	struct frame *in = fixture_frame(pool), *copy = NULL, *out = NULL;
	in->media = measures.media = violations.media = (struct media){3661001000};
	in->flags = FRAME_CORRUPT;
	uint8_t before[H][W];
	for (int y = 0; y < H; y++)
		memcpy(before[y], in->plane[0] + y * in->stride_bytes[0], W);
	if (annotator_draw(a, in, &measures, &violations, trails, &err, &out) < 0)
		fail_msg("%s", err.text);
	for (int y = 0; y < H; y++)
		assert_memory_equal(before[y], in->plane[0] + y * in->stride_bytes[0], W);
	assert_int_equal(out->media.us, in->media.us);
	assert_int_equal(out->flags, in->flags);
	assert_int_equal(out->width_px, W);
	assert_int_equal(out->height_px, H);
	frame_unref(&in);
	copy = out;
	return copy;
}

/* How many pixels are about red in (area of) the picture. */
static int red_pixels(const struct frame *f, int x1, int y1, int x2, int y2)
{
	int n = 0;
	for (int y = y1 / 2; y < y2 / 2; y++)
		for (int x = x1 / 2; x < x2 / 2; x++)
			n += f->plane[2][y * f->stride_bytes[2] + x] > 165 &&
			     f->plane[1][y * f->stride_bytes[1] + x] < 120;
	return n;
}

static void reset(void)
{
	memset(&measures, 0, sizeof(measures));
	memset(&violations, 0, sizeof(violations));
}

static void an_offender_turns_red_and_stays_red(void **state)
{
	(void)state;
	struct annotator *a;
	reset();
	assert_int_equal(annotator_create(NULL, 0, NULL, &a), 0);
	add_track(7, (struct box){60, 60, 120, 100});
	add_track(8, (struct box){180, 60, 240, 100});
	struct frame *f = draw(a, NULL);
	assert_int_equal(red_pixels(f, 0, 0, W, H), 0);
	frame_unref(&f);
	violations.count = 1;
	violations.items[0] = fixture_violation();
	f = draw(a, NULL);
	assert_true(red_pixels(f, 50, 40, 125, 105) > 50);
	/* The verdict's sentence. */
	assert_true(red_pixels(f, 0, H - 40, W, H) > 500);
	frame_unref(&f);
	violations.count = 0;
	f = draw(a, NULL);
	assert_true(red_pixels(f, 50, 40, 125, 105) > 50);
	frame_unref(&f);
	annotator_destroy(&a);
}

static void only_tracks_that_are_believed_are_drawn(void **state)
{
	(void)state;
	struct annotator *a;
	reset();
	assert_int_equal(annotator_create(NULL, 0, NULL, &a), 0);
	struct frame *without = draw(a, NULL);
	add_track(3, (struct box){60, 60, 120, 100})->track.state = TRACK_TENTATIVE;
	struct frame *with = draw(a, NULL);
	/* But for the status bar, which counts. */
	for (int y = 0; y < H - 20; y++)
		assert_memory_equal(without->plane[0] + y * without->stride_bytes[0],
			with->plane[0] + y * with->stride_bytes[0], W);
	frame_unref(&without);
	frame_unref(&with);
	annotator_destroy(&a);
}

static void a_stop_line_has_the_colour_of_its_lamp(void **state)
{
	(void)state;
	static const struct vec2 line[] = {{20, 90}, {300, 90}};
	const struct shape shape = {SHAPE_STOP_LINE, "", line, 2, 0};
	struct annotator *a;
	reset();
	assert_int_equal(annotator_create(&shape, 1, NULL, &a), 0);
	violations.signal_count = 1;
	violations.signals[0].lamp = LAMP_GREEN;
	struct frame *f = draw(a, NULL);
	assert_int_equal(red_pixels(f, 20, 80, 300, 100), 0);
	frame_unref(&f);
	violations.signals[0].lamp = LAMP_RED;
	f = draw(a, NULL);
	assert_true(red_pixels(f, 20, 80, 300, 100) > 100);
	frame_unref(&f);
	annotator_destroy(&a);
}

/* Boxes and shapes anywhere, many of them, and long names: nothing is written beside the picture.
 */
static void whatever_comes_stays_inside(void **state)
{
	(void)state;
	static const double v[] = {-1e9, -500, -3, 0, 40.5, 200, 320.9, 1000, 1e9, NAN, INFINITY};
	struct vec2 points[40];
	struct annotator *a;
	struct trails *trails;
	uint32_t x = 5;
	reset();
	for (int i = 0; i < 40; i++) {
		x = x * 1664525 + 1013904223;
		points[i] = (struct vec2){v[(x >> 16) % 11], v[(x >> 20) % 11]};
	}
	const struct shape shapes[] = {{SHAPE_ZONE, "zone with a long, long name", points, 12, -1},
		{SHAPE_LINE, NULL, points + 12, 9, -1}, {SHAPE_STOP_LINE, "s", points + 21, 9, 99},
		{SHAPE_ZONE, "none", points, 0, -1}};
	assert_int_equal(trails_create(&trails), 0);
	assert_int_equal(annotator_create(shapes, 4, NULL, &a), 0);
	violations.signal_count = SIGNALS_MAX;
	for (int i = 0; i < 300; i++) {
		x = x * 1664525 + 1013904223;
		add_track((uint32_t)i + 1,
			(struct box){(float)v[(x >> 8) % 11], (float)v[(x >> 14) % 11],
				(float)v[(x >> 20) % 11], (float)v[(x >> 25) % 11]});
	}
	for (int i = 0; i < 3; i++) {
		trails_step(trails, &measures);
		struct frame *f = draw(a, trails);
		frame_unref(&f);
	}
	annotator_destroy(&a);
	trails_destroy(&trails);
}

static void frames_that_are_never_given_back_are_noticed(void **state)
{
	(void)state;
	struct annotator *a;
	struct err err = {{0}};
	struct frame *held[32], *in = fixture_frame(pool);
	int n = 0, r = 0;
	reset();
	assert_int_equal(annotator_create(NULL, 0, NULL, &a), 0);
	for (; n < 32 && r == 0; n += r == 0)
		r = annotator_draw(a, in, &measures, &violations, NULL, &err, &held[n]);
	assert_int_equal(r, -ENOBUFS);
	while (n > 0)
		frame_unref(&held[--n]);
	frame_unref(&in);
	annotator_destroy(&a);
}

static int make_pool(void **state)
{
	(void)state;
	return frame_pool_create(W, H, 1, &pool);
}

static int drop_pool(void **state)
{
	(void)state;
	frame_pool_destroy(&pool);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offender_turns_red_and_stays_red),
		cmocka_unit_test(only_tracks_that_are_believed_are_drawn),
		cmocka_unit_test(a_stop_line_has_the_colour_of_its_lamp),
		cmocka_unit_test(whatever_comes_stays_inside),
		cmocka_unit_test(frames_that_are_never_given_back_are_noticed),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_pool, drop_pool);
}
