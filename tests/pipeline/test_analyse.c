/*
 * The stages after detection, by themselves: a car that drives up a picture seen from above, found
 * in every frame or only in some.
 */
#include "pipeline/pipeline.h"
#include "test.h"

#include <errno.h>
#include <math.h>

#define FPS 30
#define FRAMES 110
#define SPEED_MPS (60 / 3.6)
#define PX_PER_M 10

static const char scene_text[] = "calibration:\n"
				 "  points:\n"
				 "    - {image: [0, 720], road: [0, 0]}\n"
				 "    - {image: [640, 720], road: [64, 0]}\n"
				 "    - {image: [640, 0], road: [64, 72]}\n"
				 "    - {image: [0, 0], road: [0, 72]}\n"
				 "rules:\n"
				 "  - {kind: speed_violation, limit_kmh: 50, tolerance_kmh: 3}\n";

static uint8_t luma[640 * 720], chroma[320 * 360];
static struct detections found;
static struct scene scene;

static int load(void **state)
{
	(void)state;
	struct problems problems = {.file = "test"};
	scene_defaults(&scene);
	int r = scene_parse(scene_text, sizeof(scene_text) - 1, &scene, &problems);
	problems_finish(&problems);
	return r;
}

static int unload(void **state)
{
	(void)state;
	scene_free(&scene);
	return 0;
}

static struct frame frame_at(int i)
{
	return (struct frame){.width_px = 640,
		.height_px = 720,
		.plane = {luma, chroma, chroma},
		.stride_bytes = {640, 320, 320},
		.media = {(int64_t)i * 1000000 / FPS},
		.sequence = i};
}

static struct box car_at(const struct frame *frame)
{
	float y = (float)(700 - PX_PER_M * SPEED_MPS * media_seconds(frame->media));
	return (struct box){300, y - 44, 318, y};
}

static struct pipeline *make(void)
{
	struct pipeline *p = NULL;
	struct err err = {""};
	if (pipeline_create_apart(&scene, 640, 720, &err, NULL, &p) < 0)
		fail_msg("%s", err.text);
	assert_null(pipeline_detector(p));
	return p;
}

static const struct pipeline_result *analyse(
	struct pipeline *p, int i, enum pipeline_look look, bool car)
{
	const struct pipeline_result *result;
	struct err err = {""};
	struct frame frame = frame_at(i);
	detections_begin(&found, &frame);
	if (car)
		detections_add(&found, (struct detection){.box = car_at(&frame),
					       .confidence_ratio = 0.9f,
					       .road_user = ROAD_USER_CAR,
					       .truth_id = -1});
	if (pipeline_analyse(p, &frame, look, &found, &err, &result) < 0)
		fail_msg("%s", err.text);
	return result;
}

/* A car found in every `every`th frame, and in the third: live cameras look again at who is new. */
static void drive(int every)
{
	struct pipeline *p = make();
	int violations = 0, measured = 0;
	for (int i = 0; i < FRAMES; i++) {
		bool look = i % every == 0 || i == 2;
		const struct pipeline_result *result =
			analyse(p, i, look ? PIPELINE_LOOKED : PIPELINE_NOT_LOOKED, look);
		struct frame frame = frame_at(i);
		violations += result->violations.count;
		assert_true(look || result->violations.count == 0);
		assert_int_equal(result->tracks.coasted, !look);
		assert_int_equal(result->tracks.count, 1);
		if (i < 40 || i > 100)
			continue;
		const struct measure *m = &result->measures.items[0];
		assert_true(fabs((double)(m->track.box.y2 - car_at(&frame).y2)) < 2);
		assert_true(m->on_road && fabs(m->road_m.x - 30.9) < 0.5);
		if (m->speed_status != SPEED_OK)
			continue;
		measured++;
		assert_true(fabs(m->speed_mps - SPEED_MPS) < 1.96 * m->speed_sigma_mps + 0.05);
	}
	assert_int_equal(violations, 1);
	assert_true(measured > 50);
	pipeline_destroy(&p);
}

static void frames_that_nobody_looked_at_change_no_speed_and_no_verdict(void **state)
{
	(void)state;
	drive(1);
	drive(3);
	drive(6);
}

static void where_nothing_moves_a_track_stays(void **state)
{
	(void)state;
	struct pipeline *p = make();
	const struct pipeline_result *result = NULL;
	for (int i = 0; i < 30; i++)
		result = analyse(p, i, PIPELINE_LOOKED, true);
	float y = result->tracks.items[0].box.y2;
	for (int i = 30; i < 60; i++)
		result = analyse(p, i, PIPELINE_STILL, false);
	assert_true(result->tracks.items[0].box.y2 == y);
	assert_int_equal(result->tracks.items[0].state, TRACK_CONFIRMED);
	assert_int_equal(result->detections.count, 0);
	pipeline_destroy(&p);
}

static void time_must_increase(void **state)
{
	(void)state;
	struct pipeline *p = make();
	const struct pipeline_result *result;
	struct err err = {""};
	analyse(p, 3, PIPELINE_LOOKED, true);
	struct frame frame = frame_at(3);
	assert_int_equal(
		pipeline_analyse(p, &frame, PIPELINE_NOT_LOOKED, NULL, &err, &result), -EINVAL);
	assert_non_null(strstr(err.text, "media time"));
	analyse(p, 4, PIPELINE_NOT_LOOKED, false);
	pipeline_destroy(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_that_nobody_looked_at_change_no_speed_and_no_verdict),
		cmocka_unit_test(where_nothing_moves_a_track_stays),
		cmocka_unit_test(time_must_increase),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, load, unload);
}
