#include "detect/pace.h"
#include "test.h"

/* Looks in ten seconds of 30 frames each, all answered after `answer_s`. */
static int looks(struct pace *pace, bool moves, double answer_s)
{
	int count = 0;
	for (int i = 0; i < 300; i++) {
		struct media now = media_from_seconds(i / 30.0);
		enum pace_need need = pace_ask(pace, now);
		if (need == PACE_NOT_YET || (need == PACE_IF_MOVED && !moves))
			continue;
		pace_begin(pace, now);
		pace_answered(pace, answer_s);
		count++;
	}
	return count;
}

static void it_is_as_wanted_while_answers_are_prompt(void **state)
{
	(void)state;
	struct pace pace;
	pace_init(&pace, &(struct pace_params){0});
	assert_int_equal(looks(&pace, true, 0.01), 100);
	pace_init(&pace, &(struct pace_params){.max_hz = 30});
	assert_int_equal(looks(&pace, true, 0.01), 300);
}

static void slow_answers_slow_it_down_to_its_least(void **state)
{
	(void)state;
	struct pace pace;
	pace_init(&pace, &(struct pace_params){.max_hz = 10, .min_hz = 4, .slow_s = 0.05});
	int count = looks(&pace, true, 0.2);
	assert_true(count < 60);
	assert_true(pace.rate_hz == 4);
	/* And back up once they are prompt. */
	pace.known = false;
	looks(&pace, true, 0.01);
	assert_true(pace.rate_hz == 10);
}

static void what_does_not_move_is_looked_at_now_and_then(void **state)
{
	(void)state;
	struct pace pace;
	pace_init(&pace, &(struct pace_params){.idle_hz = 1});
	int count = looks(&pace, false, 0.01);
	assert_in_range(count, 10, 12);
}

static void who_is_new_is_looked_at_twice(void **state)
{
	(void)state;
	struct pace pace;
	pace_init(&pace, &(struct pace_params){.max_hz = 5});
	pace_begin(&pace, media_from_seconds(1));
	assert_int_equal(pace_ask(&pace, media_from_seconds(1.04)), PACE_NOT_YET);
	pace_hurry(&pace);
	assert_int_equal(pace_ask(&pace, media_from_seconds(1.04)), PACE_IF_MOVED);
	pace_begin(&pace, media_from_seconds(1.04));
	assert_int_equal(pace_ask(&pace, media_from_seconds(1.08)), PACE_NOT_YET);
}

static void time_that_goes_back_is_looked_at(void **state)
{
	(void)state;
	struct pace pace;
	pace_init(&pace, &(struct pace_params){0});
	pace_begin(&pace, media_from_seconds(100));
	assert_int_equal(pace_ask(&pace, media_from_seconds(100.01)), PACE_NOT_YET);
	assert_int_equal(pace_ask(&pace, media_from_seconds(2)), PACE_ALWAYS);
}

TEST_MAIN(cmocka_unit_test(it_is_as_wanted_while_answers_are_prompt),
	cmocka_unit_test(slow_answers_slow_it_down_to_its_least),
	cmocka_unit_test(what_does_not_move_is_looked_at_now_and_then),
	cmocka_unit_test(who_is_new_is_looked_at_twice),
	cmocka_unit_test(time_that_goes_back_is_looked_at))
