/*
 * Rules applied to numbers that come in rounds: one alert for each rule and subject, from when it
 * has held for long enough until it does not hold any more.
 *
 *     alarms_begin(alarms, now);
 *     alarms_sample(alarms, "stream", "gate", "fps", 12.5, NULL);      // each number there is
 *     alarms_settle(alarms, change, opaque);
 *
 * What was not sampled in a round is over. An alert that could not be told begins, or ends, in a
 * later round.
 *
 * Threads: one owner. Memory: an entry for each alert that goes on or may come.
 */
#pragma once

#include "base/clock.h"
#include "watch/alert_rules.h"

#include <stdint.h>

struct alarm {
	const struct alert_rule *rule;
	char subject[ALERT_SUBJECT_MAX + 1]; /* "": the machine */
	char metric[ALERT_METRIC_SIZE]; /* its path */
	double value; /* the latest */
	char note[256]; /* why, where somebody knows; "" */
	bool measured; /* in this round */
	int64_t id; /* the owner's; 0: it has not begun */

	struct mono since; /* it holds */
	struct mono quiet_until;
	bool holds;
};

struct alarms;

/* `rules` of a configuration, and the default ones that they leave; borrowed until destroy. */
int alarms_create(const struct alert_rule *rules, int count, struct alarms **ret_alarms);
void alarms_destroy(struct alarms **alarms);
/* One that went on before: -ENOENT where no rule of that name is about that metric, -ENOMEM. */
int alarms_adopt(struct alarms *alarms, const char *rule, const char *metric, int64_t id);

/*
 * What goes on in `from`, which has other rules and is to go: alerts, and what may become one,
 * whose rule is still about their metric stay what they are. `change` is told of those that end, as
 * by alarms_settle(); one that it does not take is forgotten.
 */
void alarms_take_over(struct alarms *alarms, struct alarms *from,
	int (*change)(void *opaque, struct alarm *alarm), void *opaque);

void alarms_begin(struct alarms *alarms, struct mono now);
/* NaN is no number: as if it had not been sampled. `note` may be NULL. */
void alarms_sample(struct alarms *alarms, const char *room, const char *subject, const char *name,
	double value, const char *note);
/* Calls `change` for each that begins (id is 0: set it) or ends (the id becomes 0). Not 0 from it:
 * it could not be told. */
void alarms_settle(
	struct alarms *alarms, int (*change)(void *opaque, struct alarm *alarm), void *opaque);
