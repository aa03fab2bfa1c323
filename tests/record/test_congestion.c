#include "record/congestion.h"
#include "test.h"

#include <math.h>

static struct measures measures;

static void look(double t_s)
{
	memset(&measures, 0, sizeof(measures));
	measures.media = media_from_seconds(t_s);
	measures.calibrated = true;
}

static void see(uint32_t id, double x_m, double y_m, double speed_mps)
{
	measures.items[measures.count++] = (struct measure){
		.track = {.id = id, .state = TRACK_CONFIRMED, .road_user = ROAD_USER_CAR},
		.on_road = true,
		.road_m = {x_m, y_m},
		.speed_status = speed_mps > 0 ? SPEED_OK : SPEED_TOO_SHORT,
		.speed_mps = speed_mps,
	};
}

/* Four cars stand 7 m apart for the first half of a minute, a fifth drives by all the time, and
 * one more stands far away, alone. */
static void a_queue_has_its_length(void **state)
{
	(void)state;
	struct congestion *c;
	struct congestion_minute minute = {0};
	assert_int_equal(congestion_create(0, &c), 0);
	for (int frame = 0; frame < 1200; frame++) {
		double t_s = frame * 0.05;
		look(t_s);
		for (uint32_t i = 0; i < 4; i++)
			if (t_s < 32)
				see(1 + i, 7.0 * i, 0, 0);
		see(5, 10 * t_s, 4, 10);
		see(6, 0, 200, 0);
		if (frame == 640)
			for (uint32_t i = 0; i < 4; i++)
				measures.ended[measures.ended_count++] = 1 + i;
		assert_false(congestion_step(c, &measures, &minute));
	}
	look(60);
	assert_true(congestion_step(c, &measures, &minute));
	assert_int_equal(minute.from_us, 0);
	assert_int_equal(minute.queue_count, 4);
	assert_true(fabs(minute.queue_m - 25.5) < 1e-9);
	assert_true(fabs(minute.queue_ratio - 0.5) < 0.01);
	assert_true(fabs(minute.seen_s - 59.95) < 1e-6);
	assert_true(fabs(minute.vehicle_count - (2 + 4 * 32 / 60.0)) < 0.01);
	/* Of those whose speed is known: 600 m in 60 s, four standing 30 s, one 58 s. */
	assert_true(fabs(minute.speed_mps - 600 / (60 + 120 + 58.0)) < 0.02);
	congestion_destroy(&c);
}

/* Three are a queue; who creeps on at 2 m/s is not queued, who has stood for ages is parked. */
static void who_drives_or_is_parked_is_in_no_queue(void **state)
{
	(void)state;
	struct congestion *c;
	struct congestion_minute minute = {0};
	int minutes = 0;
	assert_int_equal(congestion_create(30000000, &c), 0);
	for (int frame = 0; frame < 7 * 600; frame++) {
		double t_s = frame * 0.1;
		look(t_s);
		for (uint32_t i = 0; i < 3; i++)
			see(1 + i, 7.0 * i, 0, 0);
		for (uint32_t i = 0; i < 3; i++)
			see(10 + i, 7.0 * i + 2 * t_s, 100, 2);
		if (!congestion_step(c, &measures, &minute))
			continue;
		assert_int_equal(minute.from_us, 60000000 * (int64_t)minutes);
		assert_int_equal(minute.queue_count, minutes < 6 ? 3 : 0);
		minutes++;
	}
	assert_int_equal(minutes, 7);
	assert_true(congestion_finish(c, &minute));
	assert_true(minute.queue_ratio == 0 && minute.queue_m == 0);
	assert_true(fabs(minute.vehicle_count - 3) < 1e-9);
	congestion_destroy(&c);
}

static void without_a_calibration_vehicles_are_counted(void **state)
{
	(void)state;
	struct congestion *c;
	struct congestion_minute minute = {0};
	assert_int_equal(congestion_create(0, &c), 0);
	assert_false(congestion_finish(c, &minute));
	for (int frame = 0; frame < 100; frame++) {
		look(frame * 0.1);
		see(1, 0, 0, 0);
		measures.items[0].on_road = measures.calibrated = false;
		assert_false(congestion_step(c, &measures, &minute));
	}
	assert_true(congestion_finish(c, &minute));
	assert_false(minute.calibrated);
	assert_true(fabs(minute.vehicle_count - 1) < 1e-9);
	assert_true(isnan(minute.speed_mps));
	congestion_destroy(&c);
}

TEST_MAIN(cmocka_unit_test(a_queue_has_its_length),
	cmocka_unit_test(who_drives_or_is_parked_is_in_no_queue),
	cmocka_unit_test(without_a_calibration_vehicles_are_counted))
