#include "detect/detector.h"
#include "test.h"
#include "truth/truth.h"

#include <errno.h>
#include <string.h>

#define FRAMES 500

static char path[] = "/tmp/gantry-truth-XXXXXX";
static struct detections found;

/* Two cars that stand still, one of them cut by the left border; from frame 250 one is hidden. */
static int write_truth(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	truth_write_header(file, 640, 360);
	for (int i = 0; i < FRAMES; i++) {
		struct truth_object o[2] = {
			{.id = 3,
				.road_user = "car",
				.full = {100, 100, 200, 180},
				.visible = {100, 100, 200, 180},
				.occlusion_ratio = i < 250 ? 0 : 0.9},
			{.id = 9,
				.road_user = "van",
				.full = {-40, 200, 80, 300},
				.visible = {0, 200, 80, 300}},
		};
		struct truth_frame frame = {.frame = i, .media = {i * 40000}, .count = 2};
		truth_write_frame(file, &frame, o);
	}
	return fclose(file);
}

static int remove_truth(void **state)
{
	(void)state;
	return unlink(path);
}

static struct detector_params params(void)
{
	struct detector_params p = {.kind = DETECTOR_TRUTH, .weak_confidence_threshold = 0.1};
	p.truth = (struct truth_params){.file = path, .seed = 1, .max_occlusion_ratio = 0.8};
	return p;
}

static struct detector *make(struct detector_params p)
{
	struct err err = {""};
	struct detector *d = NULL;
	if (detector_create(&p, &err, &d) < 0)
		fail_msg("%s", err.text);
	return d;
}

static void detect_at(struct detector *d, int64_t us)
{
	struct frame frame = {.width_px = 640, .height_px = 360, .media = {us}};
	struct err err = {""};
	if (detector_detect(d, &frame, &found, &err) < 0)
		fail_msg("%s", err.text);
}

static void without_faults_it_is_the_truth(void **state)
{
	(void)state;
	struct detector *d = make(params());
	detect_at(d, 40000 + 15000); /* nearer to frame 1 than to frame 2 */
	assert_int_equal(found.count, 2);
	assert_int_equal(found.items[0].truth_id, 3);
	assert_true(found.items[0].box.x1 == 100 && found.items[0].box.y2 == 180);
	assert_true(found.items[1].box.x1 == 0 && found.items[1].box.x2 == 80);
	assert_int_equal(found.items[1].road_user, ROAD_USER_CAR);
	detect_at(d, 300 * 40000);
	assert_int_equal(found.count, 1); /* the other is hidden */
	assert_int_equal(found.items[0].truth_id, 9);
	detect_at(d, 2 * FRAMES * 40000); /* beyond the end of the file */
	assert_int_equal(found.count, 0);
	detector_destroy(&d);
}

static void noise_and_misses_are_as_large_as_asked_for(void **state)
{
	(void)state;
	struct detector_params p = params();
	p.truth.noise_px = 1.5;
	p.truth.miss_ratio = 0.1;
	struct detector *d = make(p);
	double sum = 0, square = 0;
	int seen = 0;
	for (int i = 0; i < FRAMES; i++) {
		detect_at(d, i * 40000);
		for (int k = 0; k < found.count; k++) {
			if (found.items[k].truth_id != 9)
				continue;
			double off = (double)found.items[k].box.x2 - 80;
			sum += off, square += off * off, seen++;
			/* The border of the picture is seen without noise. */
			assert_true(found.items[k].box.x1 == 0);
		}
	}
	/* Four standard errors: of the share missed 0.013, of the deviation 0.05 px. */
	assert_true(fabs((double)seen / FRAMES - 0.9) < 4 * 0.0134);
	assert_true(fabs(sum / seen) < 4 * 0.071);
	assert_true(fabs(sqrt(square / seen) - 1.5) < 4 * 0.05);
	detector_destroy(&d);
}

static void the_noise_does_not_depend_on_the_order_of_frames(void **state)
{
	(void)state;
	struct detector_params p = params();
	p.truth.noise_px = 2;
	p.truth.false_alarms_per_frame = 1;
	struct detector *a = make(p), *b = make(p);
	static struct detections first;
	for (int i = 0; i < 20; i++)
		detect_at(a, i * 40000);
	first = found;
	detect_at(b, 19 * 40000);
	assert_int_equal(first.count, found.count);
	assert_memory_equal(first.items, found.items, (size_t)found.count * sizeof(found.items[0]));
	p.truth.seed = 2;
	struct detector *c = make(p);
	detect_at(c, 19 * 40000);
	assert_true(first.items[0].box.x1 != found.items[0].box.x1);
	detector_destroy(&a);
	detector_destroy(&b);
	detector_destroy(&c);
}

static void false_alarms_are_as_many_as_asked_for(void **state)
{
	(void)state;
	struct detector_params p = params();
	p.truth.false_alarms_per_frame = 0.5;
	struct detector *d = make(p);
	int count = 0;
	for (int i = 0; i < FRAMES; i++) {
		detect_at(d, i * 40000);
		for (int k = 0; k < found.count; k++)
			count += found.items[k].truth_id < 0;
	}
	assert_true(abs(count - FRAMES / 2) < 4 * 16); /* four standard deviations */
	detector_destroy(&d);
}

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	struct err err = {""};
	struct detector *d = NULL;
	struct detector_params p = params();
	p.truth.file = NULL;
	assert_int_equal(detector_create(&p, &err, &d), -EINVAL);
	assert_non_null(strstr(err.text, "needs a truth file"));
	d = make(params());
	struct frame frame = {.width_px = 320, .height_px = 240};
	assert_int_equal(detector_detect(d, &frame, &found, &err), -EINVAL);
	assert_non_null(strstr(err.text, "640x360, this one is 320x240"));
	detector_destroy(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_faults_it_is_the_truth),
		cmocka_unit_test(noise_and_misses_are_as_large_as_asked_for),
		cmocka_unit_test(the_noise_does_not_depend_on_the_order_of_frames),
		cmocka_unit_test(false_alarms_are_as_many_as_asked_for),
		cmocka_unit_test(what_does_not_fit_is_refused),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, write_truth, remove_truth);
}
