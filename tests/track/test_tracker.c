#include "base/frame.h"
#include "test.h"
#include "track/tracker.h"

#include <errno.h>
#include <string.h>

/* Detections and tracks are too large for the stack of a test. */
struct scene {
	struct tracker *tracker;
	struct detections in;
	struct tracks out;
};

static struct tracker_params defaults(void)
{
	struct tracker_params p;
	options_defaults(&tracker_options, &p);
	return p;
}

static struct scene *scene_create(void)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct tracker_params p = defaults();
	assert_non_null(s);
	s->in.width_px = 1280;
	s->in.height_px = 720;
	assert_int_equal(tracker_create(&p, NULL, &s->tracker), 0);
	return s;
}

static void scene_destroy(struct scene *s)
{
	tracker_destroy(&s->tracker);
	assert_null(s->tracker);
	free(s);
}

static void see_as(struct scene *s, double x, double y, double w, double h, double confidence,
	enum road_user road_user)
{
	s->in.items[s->in.count++] = (struct detection){
		.box = {(float)(x - w / 2), (float)(y - h / 2), (float)(x + w / 2),
			(float)(y + h / 2)},
		.confidence_ratio = (float)confidence,
		.road_user = road_user,
		.truth_id = -1,
	};
}

static void see(struct scene *s, double x, double y)
{
	see_as(s, x, y, 80, 60, 0.9, ROAD_USER_CAR);
}

static void step(struct scene *s, double t)
{
	s->in.media = media_from_seconds(t);
	assert_int_equal(tracker_step(s->tracker, &s->in, &s->out), 0);
	s->in.count = 0;
	s->in.flags = 0;
}

/* The one confirmed and updated track whose centre is near, or 0. */
static const struct track *at(const struct scene *s, double x, double y)
{
	const struct track *found = NULL;
	for (int i = 0; i < s->out.count; i++) {
		const struct track *t = &s->out.items[i];
		struct vec2 c = box_center(t->box);
		if (t->state != TRACK_CONFIRMED || hypot(c.x - x, c.y - y) > 15)
			continue;
		assert_null(found);
		found = t;
	}
	return found;
}

static uint32_t id_at(const struct scene *s, double x, double y)
{
	const struct track *t = at(s, x, y);
	return t ? t->id : 0;
}

static void one_car_is_one_track_at_every_frame_rate(void **state)
{
	(void)state;
	const double rates_hz[] = {5, 10, 12.5, 25, 30};
	for (int r = 0; r < 5; r++) {
		struct scene *s = scene_create();
		for (int i = 0; i < (int)(4 * rates_hz[r]); i++) {
			double t = i / rates_hz[r];
			see(s, 100 + 180 * t, 300);
			step(s, t);
		}
		assert_int_equal(id_at(s, 100 + 180 * (4 - 1 / rates_hz[r]), 300), 1);
		assert_int_equal(s->out.count, 1);
		assert_true(fabs(s->out.items[0].vx_pxps - 180) < 9);
		scene_destroy(s);
	}
}

static void irregular_times_do_not_shake_it(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	const double steps_s[] = {0.04, 0.01, 0.12, 0.033, 0.3, 0.02, 0.2};
	double t = 0;
	for (int i = 0; i < 60; i++) {
		see(s, 100 + 150 * t, 300);
		step(s, t);
		if (i > 20)
			assert_true(fabs(s->out.items[0].vx_pxps - 150) < 5);
		t += steps_s[i % 7];
	}
	assert_int_equal(s->out.count, 1);
	assert_int_equal(s->out.items[0].id, 1);
	scene_destroy(s);
}

static void crossing_cars_keep_their_numbers(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i <= 40; i++) {
		double t = i * 0.1;
		see(s, 100 + 200 * t, 300);
		see(s, 900 - 200 * t, 330);
		step(s, t);
		if (i == 5) {
			assert_int_equal(id_at(s, 200, 300), 1);
			assert_int_equal(id_at(s, 800, 330), 2);
		}
	}
	assert_int_equal(id_at(s, 900, 300), 1);
	assert_int_equal(id_at(s, 100, 330), 2);
	scene_destroy(s);
}

static void an_occluded_car_comes_back_as_itself(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i <= 40; i++) {
		double t = i * 0.1, x = 100 + 150 * t;
		if (i < 15 || i >= 22)
			see(s, x, 300);
		step(s, t);
		if (i == 18) {
			assert_int_equal(s->out.count, 1);
			assert_int_equal(s->out.items[0].state, TRACK_LOST);
			assert_false(s->out.items[0].updated);
			assert_true(fabs(box_center(s->out.items[0].box).x - x) < 15);
		}
	}
	assert_int_equal(id_at(s, 700, 300), 1);
	scene_destroy(s);
}

/* Three quarters of its length from frame to frame, as near the camera. */
static void who_comes_fast_is_one_track(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 12; i++) {
		see(s, 100 + 60 * i, 300);
		step(s, 0.04 * i);
	}
	assert_int_equal(s->out.count, 1);
	assert_int_equal(id_at(s, 760, 300), 1);
	scene_destroy(s);
}

/*
 * A motorcycle at 107 km/h that drives away from the camera at 25 frames/s: its first boxes do not
 * overlap, and in the picture it becomes ever slower.
 */
static void who_comes_faster_than_it_is_long_is_one_track(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 40; i++) {
		double scale = 12 / (12 + 1.19 * i);
		see_as(s, 600 + 500 * scale, 200 + 450 * scale, 90 * scale, 115 * scale, 0.9,
			ROAD_USER_MOTORCYCLE);
		step(s, 0.04 * i);
	}
	assert_int_equal(s->out.count, 1);
	assert_int_equal(s->out.items[0].id, 1);
	assert_true(s->out.items[0].state == TRACK_CONFIRMED && s->out.items[0].updated);
	scene_destroy(s);
}

/* Two boxes that do not overlap may be two things: only a third one says that it is one. */
static void two_boxes_apart_are_not_believed(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 12; i++) {
		see(s, 300 + (i % 2 ? 90 : 0), 100 + 50 * i);
		step(s, 0.1 * i);
		for (int k = 0; k < s->out.count; k++)
			assert_int_equal(s->out.items[k].state, TRACK_TENTATIVE);
	}
	scene_destroy(s);
}

/* What can be seen of a car from `left` to `right`, where that is more than a sliver. */
static void see_part(struct scene *s, double x, double left, double right)
{
	double from = fmax(x - 40, left), to = fmin(x + 40, right);
	if (to - from > 20)
		see_as(s, (from + to) / 2, 300, to - from, 60, 0.9, ROAD_USER_CAR);
}

/* One drives out of the picture; another comes in at the same place soon after. */
static void who_has_left_does_not_come_back(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	double t = 0;
	for (; t < 2; t += 0.04) {
		see_part(s, 1100 + 120 * t, 0, 1280);
		step(s, t);
	}
	assert_true(s->out.count == 0 || s->out.items[0].state == TRACK_LOST);
	for (double from = t; t < from + 1; t += 0.04) {
		see_part(s, 1300 - 120 * (t - from), 0, 1280);
		step(s, t);
	}
	assert_int_equal(s->out.count, 1);
	assert_int_not_equal(s->out.items[0].id, 1);
	scene_destroy(s);
}

static void a_car_waiting_for_minutes_keeps_its_number(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 3000; i++) {
		see_as(s, 400 + i % 3, 300, 80, 60, i % 5 ? 0.8 : 0.3, ROAD_USER_CAR);
		step(s, i * 0.1);
	}
	assert_int_equal(s->out.count, 1);
	assert_int_equal(s->out.items[0].id, 1);
	assert_true(fabs(s->out.items[0].vx_pxps) < 20);
	scene_destroy(s);
}

/* Its neighbour's box overlaps its own; when the detector drops it, it does not become the other.
 */
static void a_parked_car_does_not_jump_onto_its_neighbour(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 100; i++) {
		if (i < 50)
			see(s, 300, 300);
		if (i >= 50 || i % 10 == 0)
			see(s, 336, 300);
		step(s, i * 0.1);
	}
	assert_true(id_at(s, 336, 300) > 1);
	scene_destroy(s);
}

/* A pole shakes: all boxes jump together, a lost car's prediction with them. */
static void a_shaking_camera_breaks_no_track(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	const double shake_px[] = {0, 9, -7, 5, -9, 8};
	for (int i = 0; i < 60; i++) {
		double dx = i > 10 ? shake_px[i % 6] : 0;
		for (int k = 0; k < 5; k++)
			if (k != 2 || i < 30 || i > 36)
				see_as(s, 150 + 200 * k + dx, 300 - dx, 80, 60, 0.9, ROAD_USER_CAR);
		step(s, i * 0.1);
	}
	assert_int_equal(s->out.count, 5);
	for (int k = 0; k < 5; k++)
		assert_int_equal(s->out.items[k].id, k + 1);
	scene_destroy(s);
}

static void missing_time_is_never_bridged_in_silence(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 10; i++) {
		see(s, 300, 300);
		step(s, i * 0.1);
		assert_false(s->out.items[0].gap);
	}
	/* A short gap is marked on the next update, and on that one only. */
	s->in.flags = FRAME_GAP;
	step(s, 1.2);
	assert_false(s->out.items[0].gap);
	see(s, 300, 300);
	step(s, 1.3);
	assert_int_equal(id_at(s, 300, 300), 1);
	assert_true(s->out.items[0].gap);
	see(s, 300, 300);
	step(s, 1.4);
	assert_false(s->out.items[0].gap);
	/* A long one ends every track and says so. */
	see(s, 300, 300);
	step(s, 9);
	assert_true(s->out.reset);
	assert_int_equal(s->out.ended_count, 1);
	assert_int_equal(s->out.ended[0], 1);
	assert_int_equal(s->out.items[0].id, 2);
	see(s, 300, 300);
	step(s, 9.1);
	assert_false(s->out.reset);
	assert_int_equal(s->out.ended_count, 0);
	scene_destroy(s);
}

static void flicker_is_never_believed(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 200; i++) {
		if (i % 9 == 0)
			see_as(s, 100 + (i * 37) % 1000, 100 + (i * 53) % 500, 40, 40, 0.6,
				ROAD_USER_UNKNOWN);
		step(s, i * 0.04);
		for (int k = 0; k < s->out.count; k++)
			assert_int_equal(s->out.items[k].state, TRACK_TENTATIVE);
	}
	scene_destroy(s);
}

static void a_track_ends_once_and_its_number_is_not_used_again(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	int ended = 0;
	for (int i = 0; i < 100; i++) {
		if (i < 10 || i >= 60)
			see(s, 300, 300);
		step(s, i * 0.1);
		for (int k = 0; k < s->out.ended_count; k++, ended++)
			assert_int_equal(s->out.ended[k], 1);
	}
	assert_int_equal(ended, 1);
	assert_int_equal(id_at(s, 300, 300), 2);
	scene_destroy(s);
}

static void the_class_is_voted_and_unknown_fits_all(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	const enum road_user seen[] = {ROAD_USER_UNKNOWN, ROAD_USER_TRUCK, ROAD_USER_CAR,
		ROAD_USER_CAR, ROAD_USER_UNKNOWN, ROAD_USER_UNKNOWN, ROAD_USER_UNKNOWN};
	for (int i = 0; i < 7; i++) {
		see_as(s, 300, 300, 80, 60, 0.8, seen[i]);
		step(s, i * 0.1);
	}
	assert_int_equal(s->out.count, 1);
	assert_int_equal(s->out.items[0].road_user, ROAD_USER_CAR);
	assert_true(fabsf(s->out.items[0].road_user_share - 2.f / 7) < 1e-4f);
	/* A person in the place of a car is another one. */
	for (int i = 7; i < 12; i++) {
		see_as(s, 300, 300, 80, 60, 0.8, ROAD_USER_PERSON);
		step(s, i * 0.1);
	}
	assert_int_equal(s->out.count, 2);
	assert_int_equal(s->out.items[1].road_user, ROAD_USER_PERSON);
	scene_destroy(s);
}

static void what_hides_behind_another_says_so(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 5; i++) {
		see_as(s, 300, 300, 80, 60, 0.9, ROAD_USER_CAR);
		see_as(s, 320, 320, 80, 60, 0.9, ROAD_USER_CAR);
		step(s, i * 0.1);
	}
	/* 60 x 40 of 80 x 60. */
	assert_true(fabsf(at(s, 300, 300)->covered_ratio - 0.5f) < 0.01f);
	assert_true(at(s, 320, 320)->covered_ratio == 0);
	scene_destroy(s);
}

static void a_full_house_keeps_whom_it_has(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 12; i++) {
		for (int k = 0; k < DETECTIONS_MAX; k++) {
			/* From frame 8 on others stand between those that are known. */
			double x = 20 + 40 * (k % 32) + (i >= 8 ? 20 : 0), y = 20 + 40 * (k / 32);
			see_as(s, x, y, 18, 18, 0.9, ROAD_USER_CAR);
		}
		step(s, i * 0.04);
		assert_int_equal(s->out.count, TRACKS_MAX);
	}
	for (int k = 0; k < TRACKS_MAX; k++)
		assert_int_equal(s->out.items[k].id, k + 1);
	scene_destroy(s);
}

static void time_that_does_not_advance_is_refused(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	see(s, 300, 300);
	step(s, 1);
	s->in.media = media_from_seconds(1);
	assert_int_equal(tracker_step(s->tracker, &s->in, &s->out), -EINVAL);
	s->in.media = media_from_seconds(0.5);
	assert_int_equal(tracker_step(s->tracker, &s->in, &s->out), -EINVAL);
	for (int i = 1; i < 4; i++) {
		see(s, 300, 300);
		step(s, 1 + i * 0.1);
	}
	assert_int_equal(id_at(s, 300, 300), 1);
	scene_destroy(s);
}

static void coast_as(struct scene *s, double t, bool still)
{
	s->in.media = media_from_seconds(t);
	s->in.count = 0;
	assert_int_equal(tracker_coast(s->tracker, &s->in, still, &s->out), 0);
	s->in.flags = 0;
}

static void coast(struct scene *s, double t)
{
	coast_as(s, t, false);
}

/* 30 frames a second of which every sixth is looked at: a detector at 5 Hz. */
static void between_looks_a_car_is_predicted_and_not_missed(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 120; i++) {
		double t = i / 30.0, x = 100 + 180 * t;
		if (i % 6 == 0) {
			see(s, x, 300);
			step(s, t);
			assert_false(s->out.coasted);
		} else {
			coast(s, t);
			assert_true(s->out.coasted);
			assert_false(s->out.items[0].updated);
		}
		assert_int_equal(s->out.count, 1);
		assert_int_equal(s->out.ended_count, 0);
		if (i < 30)
			continue;
		assert_int_equal(s->out.items[0].state, TRACK_CONFIRMED);
		assert_true(fabs(box_center(s->out.items[0].box).x - x) < 2);
	}
	assert_int_equal(s->out.items[0].update_count, 20);
	scene_destroy(s);
}

/* One look a second at what stands still: a miss now and then must not end it, two in a row do. */
static void only_looks_decide_what_ends(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 10; i++) {
		see(s, 300, 300);
		step(s, i * 0.1);
	}
	for (int i = 1; i < 30; i++)
		coast(s, 1 + i * 0.033);
	assert_int_equal(id_at(s, 300, 300), 1);
	step(s, 2);
	assert_int_equal(s->out.items[0].state, TRACK_LOST);
	coast(s, 2.5);
	assert_int_equal(s->out.items[0].state, TRACK_LOST);
	see(s, 300, 300);
	step(s, 3);
	assert_int_equal(id_at(s, 300, 300), 1);
	step(s, 3.9);
	coast(s, 4.2);
	assert_int_equal(s->out.count, 1);
	step(s, 4.4);
	assert_int_equal(s->out.ended_count, 1);
	scene_destroy(s);
}

static void a_long_time_without_a_look_is_lost_time(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 10; i++) {
		see(s, 300, 300);
		step(s, i * 0.1);
	}
	for (double t = 1; t < 3.8; t += 0.5) {
		coast(s, t);
		assert_int_equal(s->out.count, 1);
	}
	coast(s, 4);
	assert_true(s->out.reset);
	assert_int_equal(s->out.ended_count, 1);
	coast(s, 4.5);
	assert_false(s->out.reset);
	scene_destroy(s);
}

static void what_has_stopped_is_not_predicted_to_go_on(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 10; i++) {
		see(s, 100 + 20 * i, 300);
		step(s, i * 0.1);
	}
	coast_as(s, 1, true);
	for (int i = 1; i < 30; i++)
		coast(s, 1 + i * 0.033);
	assert_true(fabs(box_center(s->out.items[0].box).x - 280) < 5);
	see(s, 280, 300);
	step(s, 2);
	assert_int_equal(id_at(s, 280, 300), 1);
	scene_destroy(s);
}

static void a_gap_between_looks_shows_in_the_next_update(void **state)
{
	(void)state;
	struct scene *s = scene_create();
	for (int i = 0; i < 10; i++) {
		see(s, 300, 300);
		step(s, i * 0.1);
	}
	s->in.flags = FRAME_GAP;
	coast(s, 1.5);
	see(s, 300, 300);
	step(s, 1.6);
	assert_true(s->out.items[0].gap);
	scene_destroy(s);
}

static void contradicting_parameters_are_refused(void **state)
{
	(void)state;
	struct tracker_params p = defaults();
	struct tracker *tracker = NULL;
	struct err err = {""};
	p.low_confidence = 0.9;
	p.high_confidence = 0.2;
	assert_int_equal(tracker_create(&p, &err, &tracker), -EINVAL);
	assert_null(tracker);
	assert_non_null(strstr(err.text, "low_confidence"));
}

TEST_MAIN(cmocka_unit_test(one_car_is_one_track_at_every_frame_rate),
	cmocka_unit_test(irregular_times_do_not_shake_it),
	cmocka_unit_test(crossing_cars_keep_their_numbers),
	cmocka_unit_test(an_occluded_car_comes_back_as_itself),
	cmocka_unit_test(who_comes_fast_is_one_track),
	cmocka_unit_test(who_comes_faster_than_it_is_long_is_one_track),
	cmocka_unit_test(two_boxes_apart_are_not_believed),
	cmocka_unit_test(who_has_left_does_not_come_back),
	cmocka_unit_test(a_car_waiting_for_minutes_keeps_its_number),
	cmocka_unit_test(a_parked_car_does_not_jump_onto_its_neighbour),
	cmocka_unit_test(a_shaking_camera_breaks_no_track),
	cmocka_unit_test(missing_time_is_never_bridged_in_silence),
	cmocka_unit_test(flicker_is_never_believed),
	cmocka_unit_test(a_track_ends_once_and_its_number_is_not_used_again),
	cmocka_unit_test(the_class_is_voted_and_unknown_fits_all),
	cmocka_unit_test(what_hides_behind_another_says_so),
	cmocka_unit_test(a_full_house_keeps_whom_it_has),
	cmocka_unit_test(between_looks_a_car_is_predicted_and_not_missed),
	cmocka_unit_test(only_looks_decide_what_ends),
	cmocka_unit_test(a_long_time_without_a_look_is_lost_time),
	cmocka_unit_test(what_has_stopped_is_not_predicted_to_go_on),
	cmocka_unit_test(a_gap_between_looks_shows_in_the_next_update),
	cmocka_unit_test(time_that_does_not_advance_is_refused),
	cmocka_unit_test(contradicting_parameters_are_refused))
