/*
 * The motion detector on drawn pictures: a road with texture, and rectangles that drive on it.
 */
#include "detect/detector.h"
#include "test.h"

#include <math.h>
#include <string.h>

#define WIDTH 320
#define HEIGHT 240
#define FPS 25
#define SURE 0.5f

struct mover {
	struct box box; /* at time 0 */
	double from_s, to_s; /* it moves between these times, else it stands */
	double vx_pxps;
	int level;
};

static uint8_t luma[WIDTH * HEIGHT], chroma[WIDTH * HEIGHT / 4];
static struct frame picture = {
	.width_px = WIDTH,
	.height_px = HEIGHT,
	.plane = {luma, chroma, chroma},
	.stride_bytes = {WIDTH, WIDTH / 2, WIDTH / 2},
};

static struct box where(const struct mover *m, double t)
{
	float x = (float)(m->vx_pxps * (fmin(fmax(t, m->from_s), m->to_s) - m->from_s));
	return (struct box){m->box.x1 + x, m->box.y1, m->box.x2 + x, m->box.y2};
}

static void fill(struct box b, int level)
{
	for (int y = (int)b.y1; y < (int)b.y2; y++)
		for (int x = (int)fmaxf(b.x1, 0); x < (int)fminf(b.x2, WIDTH); x++)
			luma[y * WIDTH + x] = (uint8_t)(level + 14 * ((x - (int)b.x1) / 5 % 2));
}

/* The later ones are in front. */
static const struct frame *paint(const struct mover *movers, int count, double t)
{
	memset(chroma, 128, sizeof(chroma));
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			luma[y * WIDTH + x] = (uint8_t)(90 + (x * 7 + y * 13) % 5);
	for (int i = 0; i < count; i++)
		fill(where(&movers[i], t), movers[i].level);
	picture.media = media_from_seconds(t);
	return &picture;
}

/* Seen from above: ten samples a metre, across, along and up. */
static const struct mat3 road_from_image = {{{0.1, 0, 0}, {0, 0.1, 0}, {0, 0, 1}}};
static const double up_column[3] = {0, -10, 0};
/* The same, three times as near. */
static const struct mat3 near_road = {{{1.0 / 30, 0, 0}, {0, 1.0 / 30, 0}, {0, 0, 1}}};

static struct detector *create_on(
	const struct mat3 *road, double preview_s, const struct mover *movers, int count)
{
	struct detector_params params;
	struct detector *detector;
	struct err err;
	options_defaults(&detector_options, &params);
	params.road_from_image = road;
	params.up_column = road ? up_column : NULL;
	params.kind = DETECTOR_MOTION;
	params.motion.preview_s = preview_s;
	assert_int_equal(detector_create(&params, &err, &detector), 0);
	assert_true(detector_preview_s(detector) == preview_s);
	for (int i = 0; i < preview_s * FPS; i++)
		assert_int_equal(
			detector_preview(detector, paint(movers, count, (double)i / FPS), &err), 0);
	return detector;
}

static struct detector *create(double preview_s, const struct mover *movers, int count)
{
	return create_on(NULL, preview_s, movers, count);
}

static struct detections found;

/* Whoever is surely there at that time. */
static int detect(struct detector *detector, const struct mover *movers, int count, double t)
{
	struct err err;
	int sure = 0;
	assert_int_equal(detector_detect(detector, paint(movers, count, t), &found, &err), 0);
	for (int i = 0; i < found.count; i++)
		if (found.items[i].confidence_ratio >= SURE)
			found.items[sure++] = found.items[i];
	return sure;
}

static bool is_found(int sure, struct box box)
{
	for (int i = 0; i < sure; i++)
		if (box_iou(found.items[i].box, box) > 0.7f)
			return true;
	return false;
}

static const struct mover car = {{20, 100, 60, 130}, 0, 9, 70, 180};

static void a_preview_knows_the_road(void **state)
{
	(void)state;
	struct detector *with = create(4, &car, 1), *without = create(0, NULL, 0);
	int seen = 0, seen_without = 0;
	for (int i = 0; i < FPS / 2; i++) {
		double t = (double)i / FPS;
		seen += is_found(detect(with, &car, 1, t), where(&car, t));
		seen_without += detect(without, &car, 1, t) > 0;
	}
	assert_in_range(seen, 5, FPS / 2);
	assert_int_equal(seen_without, 0);
	detector_destroy(&with);
	detector_destroy(&without);
}

/* It came within the preview, stood for most of it and left: the road under it is known all the
 * same. */
static void who_waits_in_a_preview_is_no_background(void **state)
{
	(void)state;
	const struct mover waits[] = {{{-60, 100, -20, 130}, 1, 4, 60, 180}};
	struct detector *detector = create(16, waits, 1);
	const struct box place = where(waits, 16);
	assert_int_equal(detect(detector, waits, 0, 0), 0);
	for (int i = 1; i < FPS; i++)
		assert_false(is_found(detect(detector, waits, 0, (double)i / FPS), place));
	detector_destroy(&detector);
}

/* A lorry that is hidden by its own colour between cab and lamp is one, and stays one. */
static void what_goes_along_is_a_part(void **state)
{
	(void)state;
	const struct mover parts[] = {
		{{10, 80, 90, 140}, 0, 9, 60, 180}, {{10, 146, 20, 154}, 0, 9, 60, 200}};
	struct detector *detector = create(6, parts, 2);
	for (int i = 0; i < 3 * FPS; i++) {
		int sure = detect(detector, parts, 2, (double)i / FPS);
		if (i > FPS / 2)
			assert_int_equal(sure, 1);
	}
	detector_destroy(&detector);
}

/* Two that meet: while the further one is behind the nearer one, only that is there. */
static void who_is_behind_another_is_not_carried_along(void **state)
{
	(void)state;
	const struct mover two[] = {
		{{20, 90, 60, 120}, 0, 9, 40, 140}, {{200, 70, 300, 150}, 0, 9, -40, 200}};
	struct detector *detector = create(7, two, 2);
	int hidden = 0, after = 0;
	for (int i = 0; i < 6 * FPS; i++) {
		double t = (double)i / FPS;
		int sure = detect(detector, two, 2, t);
		struct box far = where(&two[0], t), near = where(&two[1], t);
		if (far.x1 > near.x1 + 4 && far.x2 < near.x2 - 4) {
			assert_int_equal(sure, 1);
			assert_true(is_found(sure, near));
			hidden++;
		}
		after += far.x1 > near.x2 + 4 && is_found(sure, far) && is_found(sure, near);
	}
	assert_in_range(hidden, FPS / 2, 2 * FPS);
	assert_in_range(after, FPS / 2, 6 * FPS);
	detector_destroy(&detector);
}

/* It came into sight from behind a lorry that is fourteen times as large. */
static void who_is_small_beside_a_lorry_is_a_car(void **state)
{
	(void)state;
	const struct mover two[] = {
		{{10, 80, 110, 160}, 0, 9, 30, 180}, {{110, 84, 134, 100}, 0, 9, 36, 150}};
	struct detector *detector = create_on(&road_from_image, 5, two, 0);
	for (int i = 0; i < 4 * FPS; i++) {
		double t = (double)i / FPS;
		int sure = detect(detector, two, 2, t);
		if (i > 2 * FPS) {
			assert_true(is_found(sure, where(&two[0], t)));
			assert_true(is_found(sure, where(&two[1], t)));
		}
	}
	detector_destroy(&detector);
}

/* What is three metres wide and less than half a metre high is a part of something unseen. */
static void what_is_too_flat_is_no_road_user(void **state)
{
	(void)state;
	const struct mover flat = {{10, 100, 40, 103}, 0, 9, 60, 180};
	const struct mover high = {{10, 100, 40, 120}, 0, 9, 60, 180};
	struct detector *detector = create_on(&road_from_image, 4, &flat, 0);
	for (int i = 0; i < 2 * FPS; i++)
		assert_int_equal(detect(detector, &flat, 1, (double)i / FPS), 0);
	detector_destroy(&detector);
	detector = create_on(&road_from_image, 4, &high, 0);
	int seen = 0;
	for (int i = 0; i < 2 * FPS; i++)
		seen += detect(detector, &high, 1, (double)i / FPS);
	assert_in_range(seen, FPS, 2 * FPS);
	detector_destroy(&detector);
}

/* A car whose roof has the road's grey waits on a marking, and does not wipe it out. */
static void who_stands_on_a_marking_leaves_it(void **state)
{
	(void)state;
	/* What stands beside the road tells that the camera does not move. */
	const struct mover all[] = {{{20, 20, 47, 58}, 0, 0, 0, 40},
		{{90, 30, 138, 51}, 0, 0, 0, 220}, {{230, 170, 301, 221}, 0, 0, 0, 160},
		{{60, 180, 93, 207}, 0, 0, 0, 30}, {{150, 104, 280, 110}, 0, 0, 0, 200},
		{{10, 80, 70, 130}, 3, 6, 60, 150}, {{18, 88, 62, 122}, 3, 6, 60, 84}};
	const struct box place = where(&all[5], 12);
	struct detector *detector = create(12, all, 7);
	for (int i = 0; i < FPS; i++) {
		detect(detector, all, 5, (double)i / FPS);
		for (int k = 0; k < found.count; k++)
			assert_true(box_gap(found.items[k].box, place) > 0);
	}
	detector_destroy(&detector);
}

/* A grey car stops on a dark patch of the road, just as large: it is no hole in the background. */
static void who_stops_on_a_dark_patch_is_there(void **state)
{
	(void)state;
	const struct mover all[] = {
		{{100, 100, 160, 140}, 0, 0, 0, 30}, {{-100, 100, -40, 140}, 0, 2, 100, 104}};
	struct detector *detector = create_on(&road_from_image, 4, all, 1);
	for (int i = 0; i < 6 * FPS; i++) {
		double t = (double)i / FPS;
		int sure = detect(detector, all, 2, t);
		if (i > 2.5 * FPS)
			assert_true(is_found(sure, where(&all[1], t)));
	}
	detector_destroy(&detector);
}

/* Roof and body of a car whose windows have the road's grey. */
static void a_roof_is_part_of_a_car(void **state)
{
	(void)state;
	const struct mover parts[] = {
		{{10, 83, 64, 116}, 0, 9, 60, 180}, {{19, 60, 55, 77}, 0, 9, 60, 180}};
	struct detector *detector = create_on(&near_road, 4, parts, 0);
	for (int i = 0; i < 3 * FPS; i++) {
		double t = (double)i / FPS;
		int sure = detect(detector, parts, 2, t);
		if (i <= FPS)
			continue;
		assert_int_equal(sure, 1);
		assert_true(is_found(sure, box_union(where(&parts[0], t), where(&parts[1], t))));
	}
	detector_destroy(&detector);
}

TEST_MAIN(cmocka_unit_test(a_preview_knows_the_road),
	cmocka_unit_test(who_waits_in_a_preview_is_no_background),
	cmocka_unit_test(what_goes_along_is_a_part),
	cmocka_unit_test(who_is_behind_another_is_not_carried_along),
	cmocka_unit_test(who_is_small_beside_a_lorry_is_a_car),
	cmocka_unit_test(what_is_too_flat_is_no_road_user),
	cmocka_unit_test(who_stands_on_a_marking_leaves_it),
	cmocka_unit_test(who_stops_on_a_dark_patch_is_there),
	cmocka_unit_test(a_roof_is_part_of_a_car))
