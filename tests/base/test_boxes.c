#include "base/boxes.h"
#include "base/random.h"
#include "test.h"

static struct box random_box(struct random *random)
{
	/* On a coarse grid, so that edges touch and boxes equal each other now and then. */
	float x = (float)(int)(20 * random_unit(random)),
	      y = (float)(int)(20 * random_unit(random));
	float width = (float)(int)(8 * random_unit(random));
	return (struct box){x, y, x + width, y + (float)(int)(8 * random_unit(random))};
}

static struct boxes random_boxes(struct random *random, int count)
{
	struct boxes boxes;
	boxes.count = 0;
	for (int i = 0; i < count; i++)
		boxes_add(&boxes, random_box(random));
	return boxes;
}

static void overlaps_are_those_of_each_pair(void **state)
{
	(void)state;
	struct random random = random_at(1, 0, 0, 0);
	float iou[BOXES_MAX];
	for (int count = 0; count < 70; count++) {
		struct boxes boxes = random_boxes(&random, count);
		struct box box = random_box(&random);
		boxes_iou(&boxes, box, iou);
		for (int i = 0; i < count; i++)
			assert_true(iou[i] == box_iou(boxes_at(&boxes, i), box));
	}
}

static void only_who_ends_further_down_is_in_front(void **state)
{
	(void)state;
	struct random random = random_at(2, 0, 0, 0);
	int covered = 0;
	for (int count = 0; count < 70; count++) {
		struct boxes boxes = random_boxes(&random, count);
		struct box box = random_box(&random);
		float most = 0;
		for (int i = 0; i < count; i++) {
			struct box other = boxes_at(&boxes, i);
			if (other.y2 > box.y2)
				most = fmaxf(most, box_overlap_area(other, box));
		}
		covered += most > 0;
		assert_true(boxes_most_in_front(&boxes, box) == most);
	}
	assert_true(covered > 20);
}

static void a_point_is_over_or_it_is_not(void **state)
{
	(void)state;
	struct random random = random_at(4, 0, 0, 0);
	int over = 0;
	for (int count = 0; count < 70; count++) {
		struct boxes boxes = random_boxes(&random, count);
		struct vec2 p = {20 * random_unit(&random), 20 * random_unit(&random)};
		float y2_min = (float)p.y + 3;
		bool any = false;
		for (int i = 0; i < count; i++) {
			struct box b = boxes_at(&boxes, i);
			any = any || (b.y2 > y2_min && (double)b.y1 < p.y && (double)b.x1 < p.x &&
					     (double)b.x2 > p.x);
		}
		over += any;
		assert_int_equal(boxes_any_over(&boxes, p, y2_min), any);
	}
	assert_true(over > 10 && over < 60);
}

static void beyond_the_most_they_are_left_out(void **state)
{
	(void)state;
	struct random random = random_at(3, 0, 0, 0);
	struct boxes boxes = random_boxes(&random, BOXES_MAX + 3);
	assert_int_equal(boxes.count, BOXES_MAX);
}

TEST_MAIN(cmocka_unit_test(overlaps_are_those_of_each_pair),
	cmocka_unit_test(only_who_ends_further_down_is_in_front),
	cmocka_unit_test(a_point_is_over_or_it_is_not),
	cmocka_unit_test(beyond_the_most_they_are_left_out))
