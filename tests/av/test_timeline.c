#include "av/timeline.h"
#include "test.h"

#define NONE TIMELINE_NONE

struct step {
	int64_t timestamp_us, media_us;
	unsigned flags;
};

static void play(struct timeline *t, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned flags = 0;
		struct media m = timeline_place(t, steps[i].timestamp_us, 0, &flags);
		assert_int_equal(m.us, steps[i].media_us);
		assert_int_equal(flags, steps[i].flags);
	}
}

#define PLAY(t, ...)                                                                               \
	do {                                                                                       \
		const struct step steps[] = {__VA_ARGS__};                                         \
		timeline_init(t, 40000);                                                           \
		play(t, steps, sizeof(steps) / sizeof(steps[0]));                                  \
	} while (0)

static void good_timestamps_only_move_to_zero(void **state)
{
	struct timeline t;
	(void)state;
	PLAY(&t, {5000000, 0, 0}, {5040000, 40000, 0}, {5140000, 140000, 0}, {9000000, 4000000, 0});
	PLAY(&t, {-80000, 0, 0}, {-40000, 40000, 0}, {0, 80000, 0});
	assert_int_equal(t.untimed_count + t.backward_count + t.jump_count, 0);
}

static void missing_ones_follow_at_the_last_interval(void **state)
{
	struct timeline t;
	(void)state;
	PLAY(&t, {0, 0, 0}, {50000, 50000, 0}, {NONE, 100000, 0}, {150000, 150000, 0});
	assert_int_equal(t.untimed_count, 1);
	/* None at all: the nominal rate. */
	PLAY(&t, {NONE, 0, 0}, {NONE, 40000, 0}, {NONE, 80000, 0});
	assert_int_equal(t.untimed_count, 3);
	/* The first known one does not tear a hole after those without. */
	PLAY(&t, {NONE, 0, 0}, {7000000, 40000, 0}, {7040000, 80000, 0});
}

static void a_single_false_one_leaves_the_rest_alone(void **state)
{
	struct timeline t;
	(void)state;
	PLAY(&t, {0, 0, 0}, {40000, 40000, 0}, {40000, 60000, 0}, {80000, 80000, 0});
	PLAY(&t, {0, 0, 0}, {40000, 40000, 0}, {10, 60000, 0}, {80000, 80000, 0});
	assert_int_equal(t.backward_count, 1);
	/* Bits flipped: years away. */
	PLAY(&t, {0, 0, 0}, {40000, 40000, 0}, {INT64_C(1) << 60, 60000, 0}, {80000, 80000, 0});
	PLAY(&t, {0, 0, 0}, {40000, 40000, 0}, {INT64_MAX, 80000, 0}, {120000, 120000, 0});
	PLAY(&t, {0, 0, 0}, {40000, 40000, 0}, {-(INT64_C(1) << 60), 60000, 0}, {80000, 80000, 0});
}

static void a_clock_that_jumped_is_followed_and_marked(void **state)
{
	struct timeline t;
	(void)state;
	PLAY(&t, {90000000, 0, 0}, {90040000, 40000, 0}, {1000, 60000, 0},
		{34000, 93000, FRAME_GAP}, {74000, 133000, 0});
	assert_int_equal(t.jump_count, 1);
	assert_int_equal(t.backward_count, 1);
}

static void always_increases_whatever_comes(void **state)
{
	(void)state;
	uint64_t x = 88172645463325252u;
	struct timeline t;
	timeline_init(&t, 0);
	int64_t last = -1;
	for (int i = 0; i < 200000; i++) {
		unsigned flags = 0;
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		int64_t timestamp = (int64_t)x >> (x % 61);
		struct media m =
			timeline_place(&t, timestamp, (int64_t)(x >> 9) >> (x % 50), &flags);
		/* Steps of up to a day for years on end stay far from the end of the scale. */
		assert_true(m.us > last && m.us - last <= TIMELINE_STEP_MAX_US);
		last = m.us;
		if (last > INT64_MAX / 4) {
			timeline_init(&t, 0);
			last = -1;
		}
	}
}

TEST_MAIN(cmocka_unit_test(good_timestamps_only_move_to_zero),
	cmocka_unit_test(missing_ones_follow_at_the_last_interval),
	cmocka_unit_test(a_single_false_one_leaves_the_rest_alone),
	cmocka_unit_test(a_clock_that_jumped_is_followed_and_marked),
	cmocka_unit_test(always_increases_whatever_comes))
