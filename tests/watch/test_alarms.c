/* Alerts begin when they have held for long enough, once, and end when they are over. */
#include "test.h"
#include "watch/alarms.h"

#include <errno.h>
#include <math.h>

#define SECOND INT64_C(1000000)

static const struct alert_rule rules[] = {
	{"slow", "fps", "gives few pictures", ALERT_BELOW, 10, 2, ALERT_WARNING, 3, 20, true, {0}},
	{"full", "system.disk_free_percent", NULL, ALERT_NOT_ABOVE, 5, 0, ALERT_CRITICAL, 0, 0,
		true, {0}},
	{"low_fps", "fps", NULL, ALERT_BELOW, 0, 0, ALERT_INFO, 0, 0, false, {0}},
};

struct told {
	struct alarms *alarms;
	int began, ended;
	int refuse; /* so many changes are not taken */
	int64_t next_id;
	char last[ALERT_METRIC_SIZE], subject[ALERT_SUBJECT_MAX + 1];
};

static int change(void *opaque, struct alarm *alarm)
{
	struct told *told = opaque;
	if (told->refuse > 0) {
		told->refuse--;
		return -EIO;
	}
	snprintf(told->last, sizeof(told->last), "%s", alarm->metric);
	snprintf(told->subject, sizeof(told->subject), "%s", alarm->subject);
	told->began += !alarm->id;
	told->ended += alarm->id != 0;
	if (!alarm->id)
		alarm->id = ++told->next_id;
	return 0;
}

static struct told start(void)
{
	struct told told = {.began = 0};
	assert_int_equal(alarms_create(rules, 3, &told.alarms), 0);
	return told;
}

/* One round at that second, with one number; NaN: without. */
static void at(struct told *told, int64_t second, double fps)
{
	alarms_begin(told->alarms, (struct mono){second * SECOND});
	alarms_sample(told->alarms, "stream", "north", "fps", fps, NULL);
	alarms_settle(told->alarms, change, told);
}

static void it_must_hold_for_its_duration(void **state)
{
	(void)state;
	struct told told = start();
	at(&told, 100, 5);
	at(&told, 102, 5);
	at(&told, 103, 12);
	at(&told, 104, 5);
	at(&told, 106, 5);
	assert_int_equal(told.began, 0);
	at(&told, 107, 9.9);
	assert_int_equal(told.began, 1);
	assert_string_equal(told.last, "stream.north.fps");
	assert_string_equal(told.subject, "north");
	at(&told, 108, 5);
	at(&told, 109, 5);
	assert_int_equal(told.began, 1);
	alarms_destroy(&told.alarms);
}

static void it_is_over_behind_the_hysteresis(void **state)
{
	(void)state;
	struct told told = start();
	at(&told, 100, 5);
	at(&told, 103, 5);
	at(&told, 104, 11.9);
	assert_int_equal(told.ended, 0);
	at(&told, 105, 12);
	assert_int_equal(told.ended, 1);
	alarms_destroy(&told.alarms);
}

static void it_is_quiet_for_a_while(void **state)
{
	(void)state;
	struct told told = start();
	at(&told, 100, 5);
	at(&told, 103, 5);
	at(&told, 110, 20);
	assert_int_equal(told.ended, 1);
	at(&told, 111, 5);
	at(&told, 129, 5);
	assert_int_equal(told.began, 1);
	at(&told, 130, 5);
	assert_int_equal(told.began, 2);
	alarms_destroy(&told.alarms);
}

static void what_is_not_measured_is_over(void **state)
{
	(void)state;
	struct told told = start();
	at(&told, 100, 5);
	at(&told, 103, 5);
	at(&told, 104, NAN);
	assert_int_equal(told.began, 1);
	assert_int_equal(told.ended, 1);
	alarms_destroy(&told.alarms);
}

static void what_could_not_be_told_is_told_later(void **state)
{
	(void)state;
	struct told told = start();
	told.refuse = 2;
	at(&told, 100, 5);
	at(&told, 103, 5);
	at(&told, 104, 5);
	assert_int_equal(told.began, 0);
	at(&told, 105, 5);
	assert_int_equal(told.began, 1);
	told.refuse = 1;
	at(&told, 106, 20);
	assert_int_equal(told.ended, 0);
	at(&told, 107, 20);
	assert_int_equal(told.ended, 1);
	alarms_destroy(&told.alarms);
}

static void each_subject_has_its_own(void **state)
{
	(void)state;
	struct told told = start();
	for (int64_t s = 100; s < 110; s++) {
		alarms_begin(told.alarms, (struct mono){s * SECOND});
		alarms_sample(told.alarms, "stream", "north", "fps", 5, NULL);
		alarms_sample(told.alarms, "stream", "a.b", "fps", 5, NULL);
		alarms_sample(told.alarms, "system", "", "disk_free_percent", 5, NULL);
		alarms_settle(told.alarms, change, &told);
	}
	assert_int_equal(told.began, 3);
	alarms_destroy(&told.alarms);
}

/* An alert of the process before ends in this one. */
static void alerts_are_taken_over(void **state)
{
	(void)state;
	struct told told = start();
	assert_int_equal(alarms_adopt(told.alarms, "slow", "stream.north.fps", 7), 0);
	assert_int_equal(alarms_adopt(told.alarms, "slow", "system.cpu_percent", 8), -ENOENT);
	assert_int_equal(alarms_adopt(told.alarms, "gone", "stream.north.fps", 9), -ENOENT);
	at(&told, 100, 5);
	at(&told, 105, 5);
	assert_int_equal(told.began, 0);
	at(&told, 106, 20);
	assert_int_equal(told.ended, 1);
	assert_string_equal(told.subject, "north");
	alarms_destroy(&told.alarms);
}

/* Other rules: what is still asked for goes on, the rest ends, and what holds need not begin anew.
 */
static void other_rules_take_over(void **state)
{
	static const struct alert_rule others[] = {
		{"slow", "fps", NULL, ALERT_BELOW, 8, 0, ALERT_INFO, 3, 0, true, {0}},
	};
	struct alarms *fresh;
	struct told told = start();
	(void)state;
	for (int64_t s = 100; s <= 103; s++) {
		alarms_begin(told.alarms, (struct mono){s * SECOND});
		alarms_sample(told.alarms, "stream", "north", "fps", 5, NULL);
		if (s >= 102)
			alarms_sample(told.alarms, "stream", "south", "fps", 5, NULL);
		alarms_sample(told.alarms, "system", "", "disk_free_percent", 5, NULL);
		alarms_settle(told.alarms, change, &told);
	}
	assert_int_equal(told.began, 2);
	assert_int_equal(alarms_create(others, 1, &fresh), 0);
	alarms_take_over(fresh, told.alarms, change, &told);
	assert_int_equal(told.ended, 1);
	assert_string_equal(told.last, "system.disk_free_percent");
	alarms_destroy(&told.alarms);
	told.alarms = fresh;
	alarms_begin(fresh, (struct mono){105 * SECOND});
	alarms_sample(fresh, "stream", "north", "fps", 5, NULL);
	alarms_sample(fresh, "stream", "south", "fps", 5, NULL);
	alarms_settle(fresh, change, &told);
	assert_int_equal(told.began, 3);
	assert_string_equal(told.subject, "south");
	at(&told, 106, 9);
	assert_int_equal(told.ended, 3);
	alarms_destroy(&told.alarms);
}

static void defaults_may_be_replaced_and_turned_off(void **state)
{
	(void)state;
	struct told told = start();
	for (int64_t s = 100; s < 200; s++) {
		alarms_begin(told.alarms, (struct mono){s * SECOND});
		alarms_sample(told.alarms, "stream", "north", "is_healthy", 0, "no route");
		alarms_sample(told.alarms, "system", "", "disk_free_percent", 4, NULL);
		alarms_settle(told.alarms, change, &told);
	}
	/* camera_offline, and both of the disk: low_disk and full. */
	assert_int_equal(told.began, 3);
	alarms_destroy(&told.alarms);
}

static void all_operators(void **state)
{
	static const struct {
		int comparison;
		bool below, equal, above;
	} cases[] = {{ALERT_ABOVE, false, false, true}, {ALERT_NOT_BELOW, false, true, true},
		{ALERT_BELOW, true, false, false}, {ALERT_NOT_ABOVE, true, true, false},
		{ALERT_EQUAL, false, true, false}, {ALERT_UNEQUAL, true, false, true}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct alert_rule rule = {.comparison = cases[i].comparison, .threshold = 3};
		assert_int_equal(alert_rule_holds(&rule, 2, false), cases[i].below);
		assert_int_equal(alert_rule_holds(&rule, 3, false), cases[i].equal);
		assert_int_equal(alert_rule_holds(&rule, 4, false), cases[i].above);
	}
}

static void wrong_rules_are_said(void **state)
{
	static const struct alert_rule wrong[] = {
		{"a", "stream.north.fsp", NULL, ALERT_BELOW, 1, 0, 0, 0, 0, true, {0}},
		{"a", "system.north.cpu_percent", NULL, ALERT_BELOW, 1, 0, 0, 0, 0, true, {0}},
		{"b", "stream.fps", NULL, ALERT_BELOW, 1, 0, 0, 0, 0, true, {0}},
		{"c", "fps", NULL, ALERT_EQUAL, 1, 1, 0, 0, 0, true, {0}},
		{"d", "pipeline.n.o.latency_ms.p95", NULL, ALERT_ABOVE, 1, 1, 0, 0, 0, true, {0}},
	};
	struct problems problems = {0};
	(void)state;
	alert_rules_check(wrong, 5, "alerts", &problems);
	assert_int_equal(problems.error_count, 5);
	assert_string_equal(problems.items[0].path, "alerts[0].metric");
	assert_non_null(strstr(problems.items[0].text, "did you mean 'fps'?"));
	problems_finish(&problems);
	int count;
	const struct alert_rule *defaults = alert_rules_default(&count);
	alert_rules_check(defaults, count, "alerts", &problems);
	assert_int_equal(problems.error_count, 0);
	problems_finish(&problems);
}

TEST_MAIN(cmocka_unit_test(it_must_hold_for_its_duration),
	cmocka_unit_test(it_is_over_behind_the_hysteresis),
	cmocka_unit_test(it_is_quiet_for_a_while), cmocka_unit_test(what_is_not_measured_is_over),
	cmocka_unit_test(what_could_not_be_told_is_told_later),
	cmocka_unit_test(each_subject_has_its_own), cmocka_unit_test(alerts_are_taken_over),
	cmocka_unit_test(other_rules_take_over),
	cmocka_unit_test(defaults_may_be_replaced_and_turned_off), cmocka_unit_test(all_operators),
	cmocka_unit_test(wrong_rules_are_said))
