#include "test.h"

#include "eval/ap.h"

#include <errno.h>
#include <math.h>

static const struct box here = {0, 0, 10, 10}, there = {100, 0, 110, 10};
/* IoU with `here`: 8 * 10 / 100 = 0.8. */
static const struct box nearly = {0, 0, 8, 10};

static struct ap_scores scores_of(struct ap *ap)
{
	struct ap_scores s;
	assert_int_equal(ap_compute(ap, &s), 0);
	return s;
}

static bool is(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static void test_perfect(void **state)
{
	(void)state;
	struct ap *ap;
	assert_int_equal(ap_create(3, &ap), 0);
	for (int image = 0; image < 4; image++) {
		ap_add_object(ap, image, image % 2, here);
		ap_add_detection(ap, image, image % 2, here, 0.5f);
	}
	struct ap_scores s = scores_of(ap);
	assert_int_equal(s.class_count, 2);
	assert_int_equal(s.object_count, 4);
	assert_int_equal(s.detection_count, 4);
	assert_true(is(s.ap50, 1) && is(s.ap, 1));
	ap_destroy(&ap);
}

/* A box that overlaps by 0.8 counts at the thresholds 0.50 to 0.80, 7 of the 10. */
static void test_thresholds(void **state)
{
	(void)state;
	struct ap *ap;
	assert_int_equal(ap_create(1, &ap), 0);
	ap_add_object(ap, 0, 0, here);
	ap_add_detection(ap, 0, 0, nearly, 0.5f);
	struct ap_scores s = scores_of(ap);
	assert_true(is(s.ap50, 1) && is(s.ap, 0.7));
	ap_destroy(&ap);
}

/*
 * Two objects; detections by falling score: right, wrong, right. Precision is 1 up to recall 1/2
 * (51 of the 101 recalls: 0.00 to 0.50), then 2/3 (50 of them).
 */
static void test_precision_recall(void **state)
{
	(void)state;
	struct ap *ap;
	assert_int_equal(ap_create(1, &ap), 0);
	ap_add_object(ap, 0, 0, here);
	ap_add_object(ap, 1, 0, here);
	ap_add_detection(ap, 0, 0, there, 0.6f);
	ap_add_detection(ap, 1, 0, here, 0.4f);
	ap_add_detection(ap, 0, 0, here, 0.9f);
	assert_true(is(scores_of(ap).ap50, (51 + 50 * 2 / 3.0) / 101));
	ap_destroy(&ap);
}

/* The stronger of two detections takes the object; the weaker one is a false alarm. */
static void test_object_found_once(void **state)
{
	(void)state;
	struct ap *ap;
	assert_int_equal(ap_create(1, &ap), 0);
	ap_add_object(ap, 0, 0, here);
	ap_add_object(ap, 0, 0, there);
	ap_add_detection(ap, 0, 0, nearly, 0.9f);
	ap_add_detection(ap, 0, 0, here, 0.8f);
	ap_add_detection(ap, 0, 0, there, 0.7f);
	/* Right, wrong, right again. */
	assert_true(is(scores_of(ap).ap50, (51 + 50 * 2 / 3.0) / 101));
	ap_destroy(&ap);
}

static void test_missed_and_empty(void **state)
{
	(void)state;
	struct ap *ap;
	struct ap_scores s;
	assert_int_equal(ap_create(2, &ap), 0);
	assert_true(isnan(scores_of(ap).ap50));
	ap_add_detection(ap, 0, 1, here, 0.9f);
	assert_true(isnan(scores_of(ap).ap));
	ap_add_object(ap, 0, 0, here);
	s = scores_of(ap);
	assert_true(s.ap50 == 0 && s.ap == 0);
	assert_int_equal(s.class_count, 1);
	/* Another image's box does not count, though it lies in the same place. */
	ap_add_detection(ap, 1, 0, here, 0.9f);
	assert_true(scores_of(ap).ap50 == 0);
	assert_int_equal(ap_compute_class(ap, 1, &s), 0);
	assert_true(isnan(s.ap50));
	assert_int_equal(ap_add_object(ap, 0, 2, here), -EINVAL);
	assert_int_equal(ap_add_detection(ap, 0, -1, here, 1), -EINVAL);
	ap_destroy(&ap);
}

TEST_MAIN(cmocka_unit_test(test_perfect), cmocka_unit_test(test_thresholds),
	cmocka_unit_test(test_precision_recall), cmocka_unit_test(test_object_found_once),
	cmocka_unit_test(test_missed_and_empty))
