#include "ingest/live_clock.h"
#include "test.h"

#define NONE LIVE_CLOCK_NONE

static struct live_clock clock_;
static bool gap;

/* In milliseconds. */
static int64_t place(int64_t timestamp, int64_t arrival)
{
	gap = false;
	int64_t ts_us = timestamp == NONE ? NONE : timestamp * 1000;
	return live_clock_place(&clock_, ts_us, (struct mono){arrival * 1000}, &gap).us / 1000;
}

static int begin(void **state)
{
	(void)state;
	live_clock_init(&clock_);
	return 0;
}

static void timestamps_count_and_not_arrivals(void **state)
{
	(void)state;
	assert_int_equal(place(900000, 50), 0);
	assert_int_equal(place(900040, 130), 40);
	/* A network that stalled for a minute and delivers in a burst. */
	assert_int_equal(place(900080, 60130), 80);
	assert_int_equal(place(900120, 60131), 120);
	assert_false(gap);
	/* Frames were lost: the time is true all the same. */
	assert_int_equal(place(908120, 68131), 8120);
	assert_int_equal(clock_.backward_count + clock_.jump_count + clock_.untimed_count, 0);
}

static void a_single_slip_is_survived(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(place(1000 + 40 * i, 40 * i), 40 * i);
	int64_t slipped = place(90000000, 200);
	assert_true(slipped > 160 && slipped < 240);
	assert_int_equal(place(1240, 240), 240);
	int64_t back = place(3, 280);
	assert_true(back > 240 && back < 320);
	assert_int_equal(place(1320, 320), 320);
	assert_false(gap);
	assert_int_equal(clock_.backward_count, 2);
	assert_int_equal(clock_.jump_count, 0);
}

static void check_jump(int64_t to)
{
	begin(NULL);
	for (int i = 0; i < 5; i++)
		place(5000 + 40 * i, 40 * i);
	assert_int_equal(place(to, 200), 200);
	assert_false(gap);
	assert_int_equal(place(to + 40, 240), 240);
	assert_true(gap);
	assert_int_equal(place(to + 80, 280), 280);
	assert_false(gap);
	assert_int_equal(clock_.jump_count, 1);
}

static void a_clock_that_was_set_is_followed_and_marked(void **state)
{
	(void)state;
	check_jump(3600000);
	check_jump(0);
	check_jump(4900);
	check_jump(INT64_C(1) << 50);
}

static void what_has_no_timestamp_goes_by_arrival(void **state)
{
	(void)state;
	assert_int_equal(place(NONE, 100), 0);
	assert_int_equal(place(NONE, 150), 50);
	assert_int_equal(place(NONE, 310), 210);
	/* One among many leaves room for the next. */
	begin(NULL);
	place(0, 0);
	place(40, 40);
	int64_t between = place(NONE, 80);
	assert_true(between > 40 && between < 80);
	assert_int_equal(place(80, 81), 80);
	assert_false(gap);
	assert_int_equal(clock_.untimed_count, 1);
}

static void a_new_connection_goes_on_and_is_a_gap(void **state)
{
	(void)state;
	place(7000, 0);
	place(7040, 40);
	live_clock_restart(&clock_);
	assert_int_equal(place(99, 2040), 2040);
	assert_true(gap);
	assert_int_equal(place(139, 2080), 2080);
	assert_false(gap);
	/* Before anything came there is nothing to continue. */
	begin(NULL);
	live_clock_restart(&clock_);
	assert_int_equal(place(5, 3), 0);
	assert_false(gap);
}

static void time_increases_whatever_comes(void **state)
{
	(void)state;
	uint64_t random = 88172645463325252u;
	int64_t last_us = -1, arrival_us = 0;
	for (int i = 0; i < 200000; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		int64_t ts = (int64_t)random >> (random % 64);
		gap = false;
		arrival_us += (int64_t)(random % 50000);
		struct media m = live_clock_place(
			&clock_, random % 7 ? ts : NONE, (struct mono){arrival_us}, &gap);
		assert_true(m.us > last_us);
		last_us = m.us;
		if (random % 1000 == 0)
			live_clock_restart(&clock_);
	}
}

TEST_MAIN(cmocka_unit_test_setup(timestamps_count_and_not_arrivals, begin),
	cmocka_unit_test_setup(a_single_slip_is_survived, begin),
	cmocka_unit_test_setup(a_clock_that_was_set_is_followed_and_marked, begin),
	cmocka_unit_test_setup(what_has_no_timestamp_goes_by_arrival, begin),
	cmocka_unit_test_setup(a_new_connection_goes_on_and_is_a_gap, begin),
	cmocka_unit_test_setup(time_increases_whatever_comes, begin))
