#include "test.h"

#include "detect/detections.h"
#include "detect/detector.h"

#include <errno.h>
#include <string.h>

static struct detections d;

static void empty(int width_px, int height_px)
{
	memset(&d, 0, sizeof(d));
	d.width_px = width_px;
	d.height_px = height_px;
}

static void add(float x1, float y1, float x2, float y2, float confidence_ratio)
{
	detections_add(&d, (struct detection){.box = {x1, y1, x2, y2},
				   .confidence_ratio = confidence_ratio,
				   .road_user = ROAD_USER_CAR,
				   .truth_id = -1});
}

static void test_names_round_trip(void **state)
{
	(void)state;
	for (int i = 0; i < ROAD_USER_COUNT; i++)
		assert_int_equal(road_user_from_name(road_user_name((enum road_user)i)), i);
	assert_int_equal(road_user_from_name("van"), ROAD_USER_CAR);
	assert_int_equal(road_user_from_name("pedestrian"), ROAD_USER_PERSON);
	assert_int_equal(road_user_from_name("zebra"), ROAD_USER_COUNT);
	assert_int_equal(road_user_from_name(""), ROAD_USER_COUNT);
}

static void test_add_clips(void **state)
{
	(void)state;
	empty(100, 50);
	add(-10, -20, 30, 40, 0.9f);
	assert_int_equal(d.count, 1);
	assert_true(d.items[0].box.x1 == 0 && d.items[0].box.y1 == 0);
	assert_true(d.items[0].box.x2 == 30 && d.items[0].box.y2 == 40);
	add(100, 10, 120, 20, 0.9f);
	add(10, 10, 10, 20, 0.9f);
	assert_int_equal(d.count, 1);
	assert_int_equal(d.dropped_count, 0);
}

static void test_add_keeps_the_strongest(void **state)
{
	(void)state;
	empty(100, 100);
	for (int i = 0; i < DETECTIONS_MAX; i++)
		add(0, 0, 10, 10, 0.5f + (float)i * 1e-4f);
	add(0, 0, 10, 10, 0.1f);
	assert_int_equal(d.dropped_count, 1);
	add(0, 0, 10, 10, 0.99f);
	assert_int_equal(d.dropped_count, 2);
	assert_int_equal(d.count, DETECTIONS_MAX);
	float low = 1, high = 0;
	for (int i = 0; i < d.count; i++) {
		low = d.items[i].confidence_ratio < low ? d.items[i].confidence_ratio : low;
		high = d.items[i].confidence_ratio > high ? d.items[i].confidence_ratio : high;
	}
	assert_true(high == 0.99f);
	assert_true(low == 0.5f + 1e-4f);
}

TEST_MAIN(cmocka_unit_test(test_names_round_trip), cmocka_unit_test(test_add_clips),
	cmocka_unit_test(test_add_keeps_the_strongest))
