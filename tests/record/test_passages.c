#include "record/passages.h"
#include "test.h"

static struct measures measures;
static struct violations violations;
static struct passage_list ended;

static void reset(void)
{
	memset(&measures, 0, sizeof(measures));
	memset(&violations, 0, sizeof(violations));
}

static struct measure *see(uint32_t id, double t_s, enum speed_status status)
{
	struct measure *m = &measures.items[measures.count++];
	*m = (struct measure){
		.track = {.id = id,
			.state = TRACK_CONFIRMED,
			.updated = true,
			.truth_id = -1,
			.road_user = ROAD_USER_CAR,
			.first = media_from_seconds(0.5),
			.last_update = media_from_seconds(t_s)},
		.ground_px = {10 * t_s, 20},
		.speed_status = status,
	};
	measures.media = media_from_seconds(t_s);
	return m;
}

static void end(uint32_t id)
{
	measures.ended[measures.ended_count++] = id;
}

static void the_best_speed_of_the_track_is_the_rows(void **state)
{
	(void)state;
	struct passages *p;
	assert_int_equal(passages_create(&p), 0);
	const double speeds[] = {10, 14, 30}, bests[] = {10, 14, 14};
	for (int i = 0; i < 3; i++) {
		reset();
		struct measure *m = see(7, 1 + i, SPEED_OK);
		m->speed_mps = speeds[i];
		m->best_speed_mps = bests[i];
		m->best_sigma_mps = 0.2;
		m->best_count = 9;
		passages_step(p, &measures, &violations, &ended);
		assert_int_equal(ended.count, 0);
	}
	reset();
	violations.count = 0;
	end(7);
	passages_step(p, &measures, &violations, &ended);
	assert_int_equal(ended.count, 1);
	assert_int_equal(ended.items[0].track_id, 7);
	assert_true(ended.items[0].speed_mps == 14 && ended.items[0].speed_sigma_mps == 0.2);
	assert_true(ended.items[0].from_px.x == 10 && ended.items[0].to_px.x == 30);
	passages_destroy(&p);
}

static void a_row_without_speed_says_why(void **state)
{
	(void)state;
	struct passages *p;
	assert_int_equal(passages_create(&p), 0);
	const enum speed_status seen[] = {SPEED_TOO_SHORT, SPEED_TOO_SHORT, SPEED_TOO_SHORT,
		SPEED_TURNING, SPEED_OCCLUDED, SPEED_TURNING};
	for (int i = 0; i < 6; i++) {
		reset();
		see(3, 1 + i, seen[i]);
		passages_step(p, &measures, &violations, &ended);
	}
	passages_finish(p, &violations, &ended);
	assert_int_equal(ended.count, 1);
	assert_int_equal(ended.items[0].speed_status, SPEED_TURNING);
	passages_destroy(&p);
}

static void tentative_tracks_give_no_row(void **state)
{
	(void)state;
	struct passages *p;
	assert_int_equal(passages_create(&p), 0);
	reset();
	see(1, 1, SPEED_TOO_SHORT)->track.state = TRACK_TENTATIVE;
	see(2, 1, SPEED_TOO_SHORT);
	violations.count = 1;
	violations.items[0].kind = VIOLATION_RED_LIGHT;
	violations.items[0].track_id = 2;
	passages_step(p, &measures, &violations, &ended);
	reset();
	end(1);
	end(2);
	passages_step(p, &measures, &violations, &ended);
	assert_int_equal(ended.count, 1);
	assert_int_equal(ended.items[0].track_id, 2);
	assert_int_equal(ended.items[0].violation_kinds, 1u << VIOLATION_RED_LIGHT);
	passages_destroy(&p);
}

/* What looked straight until it was seen where it led. */
static void a_speed_that_is_taken_back_is_not_in_the_row(void **state)
{
	(void)state;
	struct passages *p;
	assert_int_equal(passages_create(&p), 0);
	for (int i = 0; i < 4; i++) {
		reset();
		struct measure *m = see(7, 1 + i, i < 1 ? SPEED_OK : SPEED_TURNING);
		m->best_speed_mps = 14;
		m->best_count = i < 2 ? 9 : 0;
		passages_step(p, &measures, &violations, &ended);
	}
	reset();
	end(7);
	passages_step(p, &measures, &violations, &ended);
	assert_int_equal(ended.count, 1);
	assert_int_equal(ended.items[0].speed_status, SPEED_TURNING);
	passages_destroy(&p);
}

/* A track may go over to another road user: the speed remains that of the one it followed then. */
static void a_speed_is_of_whom_it_was_measured(void **state)
{
	(void)state;
	struct passages *p;
	const int ids[] = {4, 4, 9};
	assert_int_equal(passages_create(&p), 0);
	for (int i = 0; i < 3; i++) {
		reset();
		for (uint32_t id = 7; id <= 8; id++) {
			struct measure *m = see(id, 1 + i, SPEED_OUTSIDE_AREA);
			m->track.truth_id = ids[i];
			m->best_speed_mps = 14;
			m->best_count = id == 7 && i > 0 ? 9 : 0;
			m->best_at = media_from_seconds(1.5);
		}
		passages_step(p, &measures, &violations, &ended);
	}
	reset();
	end(7);
	end(8);
	passages_step(p, &measures, &violations, &ended);
	assert_int_equal(ended.count, 2);
	assert_int_equal(ended.items[0].truth_id, 4);
	assert_int_equal(ended.items[1].truth_id, 9);
	passages_destroy(&p);
}

TEST_MAIN(cmocka_unit_test(the_best_speed_of_the_track_is_the_rows),
	cmocka_unit_test(a_speed_that_is_taken_back_is_not_in_the_row),
	cmocka_unit_test(a_speed_is_of_whom_it_was_measured),
	cmocka_unit_test(a_row_without_speed_says_why),
	cmocka_unit_test(tentative_tracks_give_no_row))
