#include "record/trails.h"
#include "test.h"

static struct measures measures;

static void step(struct trails *t, uint32_t id, double x)
{
	measures.count = 1;
	measures.items[0] =
		(struct measure){.track = {.id = id, .updated = true}, .ground_px = {x, 1}};
	trails_step(t, &measures);
}

static void the_newest_points_stay_in_order(void **state)
{
	(void)state;
	struct trails *t;
	const struct trail_point *points;
	assert_int_equal(trails_create(&t), 0);
	memset(&measures, 0, sizeof(measures));
	for (int i = 0; i < 10 * TRAIL_MAX + 7; i++) {
		step(t, 5, i);
		int count = trails_get(t, 5, &points);
		assert_int_equal(count, i + 1 < TRAIL_MAX ? i + 1 : TRAIL_MAX);
		for (int k = 0; k < count; k++)
			assert_true(points[k].x == (float)(i - count + 1 + k));
	}
	trails_destroy(&t);
}

static void an_ended_track_leaves_room(void **state)
{
	(void)state;
	struct trails *t;
	const struct trail_point *points;
	assert_int_equal(trails_create(&t), 0);
	memset(&measures, 0, sizeof(measures));
	for (uint32_t id = 1; id < 3 * TRACKS_MAX; id++) {
		step(t, id, id);
		assert_int_equal(trails_get(t, id, &points), 1);
		measures.ended_count = 1;
		measures.ended[0] = id;
	}
	assert_int_equal(trails_get(t, 1, &points), 0);
	trails_destroy(&t);
}

TEST_MAIN(cmocka_unit_test(the_newest_points_stay_in_order),
	cmocka_unit_test(an_ended_track_leaves_room))
