#include "watch/alarms.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_MAX (ALERT_RULES_MAX + 32)
#define ALARMS_MAX 4096

struct alarms {
	const struct alert_rule *rules[RULES_MAX];
	int rule_count;
	struct alarm *items;
	int count, capacity;
	struct mono now;
};

static bool is_replaced(const struct alert_rule *rules, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(rules[i].name, name) == 0)
			return true;
	return false;
}

static void add_rule(struct alarms *a, const struct alert_rule *rule)
{
	if (rule->enabled && a->rule_count < RULES_MAX)
		a->rules[a->rule_count++] = rule;
}

int alarms_create(const struct alert_rule *rules, int count, struct alarms **ret_alarms)
{
	int default_count;
	const struct alert_rule *defaults = alert_rules_default(&default_count);
	struct alarms *a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	for (int i = 0; i < default_count; i++)
		if (!is_replaced(rules, count, defaults[i].name))
			add_rule(a, &defaults[i]);
	for (int i = 0; i < count; i++)
		add_rule(a, &rules[i]);
	*ret_alarms = a;
	return 0;
}

void alarms_destroy(struct alarms **alarms)
{
	if (*alarms)
		free((*alarms)->items);
	free(*alarms);
	*alarms = NULL;
}

static struct alarm *find(struct alarms *a, const struct alert_rule *rule, const char *metric)
{
	for (int i = 0; i < a->count; i++)
		if (a->items[i].rule == rule && strcmp(a->items[i].metric, metric) == 0)
			return &a->items[i];
	return NULL;
}

/* NULL: no room. */
static struct alarm *add(struct alarms *a, const struct alert_rule *rule, const char *metric)
{
	if (a->count == a->capacity) {
		int capacity = a->capacity ? 2 * a->capacity : 16;
		struct alarm *items = capacity <= ALARMS_MAX
					      ? realloc(a->items, sizeof(*items) * (size_t)capacity)
					      : NULL;
		if (!items)
			return NULL;
		a->items = items;
		a->capacity = capacity;
	}
	struct alarm *alarm = &a->items[a->count++];
	*alarm = (struct alarm){.rule = rule};
	snprintf(alarm->metric, sizeof(alarm->metric), "%s", metric);
	alert_metric_subject(metric, alarm->subject);
	return alarm;
}

static const struct alert_rule *find_rule(
	const struct alarms *a, const char *name, const char *metric)
{
	for (int i = 0; i < a->rule_count; i++) {
		const struct alert_rule *rule = a->rules[i];
		size_t n = strlen(metric), m = strlen(rule->metric);
		if (strcmp(rule->name, name) == 0 && n >= m &&
			strcmp(metric + n - m, rule->metric) == 0)
			return rule;
	}
	return NULL;
}

int alarms_adopt(struct alarms *alarms, const char *rule, const char *metric, int64_t id)
{
	const struct alert_rule *found = find_rule(alarms, rule, metric);
	if (!found)
		return -ENOENT;
	struct alarm *alarm = add(alarms, found, metric);
	if (!alarm)
		return -ENOMEM;
	alarm->id = id;
	return 0;
}

void alarms_take_over(struct alarms *alarms, struct alarms *from,
	int (*change)(void *opaque, struct alarm *alarm), void *opaque)
{
	for (int i = 0; i < from->count; i++) {
		struct alarm *old = &from->items[i];
		const struct alert_rule *rule = find_rule(alarms, old->rule->name, old->metric);
		struct alarm *alarm = rule ? add(alarms, rule, old->metric) : NULL;
		if (alarm) {
			*alarm = *old;
			alarm->rule = rule;
		} else if (old->id) {
			old->measured = false;
			change(opaque, old);
		}
	}
}

void alarms_begin(struct alarms *alarms, struct mono now)
{
	alarms->now = now;
	for (int i = 0; i < alarms->count; i++)
		alarms->items[i].measured = false;
}

static void apply(struct alarms *a, const struct alert_rule *rule, const char *metric, double value,
	const char *note)
{
	struct alarm *alarm = find(a, rule, metric);
	bool holds = alert_rule_holds(rule, value, alarm && alarm->id);
	if (!alarm && holds)
		alarm = add(a, rule, metric);
	if (!alarm)
		return;
	if (holds && !alarm->holds)
		alarm->since = a->now;
	alarm->holds = holds;
	alarm->value = value;
	alarm->measured = true;
	snprintf(alarm->note, sizeof(alarm->note), "%s", note ? note : "");
}

void alarms_sample(struct alarms *alarms, const char *room, const char *subject, const char *name,
	double value, const char *note)
{
	char metric[ALERT_METRIC_SIZE];
	if (isnan(value))
		return;
	alert_metric_path(room, subject, name, metric);
	for (int i = 0; i < alarms->rule_count; i++)
		if (alert_rule_is_about(alarms->rules[i], room, subject, name))
			apply(alarms, alarms->rules[i], metric, value, note);
}

static bool is_due(const struct alarm *alarm, struct mono now)
{
	return alarm->holds && alarm->measured && now.us >= alarm->quiet_until.us &&
	       (double)(now.us - alarm->since.us) >= alarm->rule->duration_s * 1e6;
}

static void settle_one(struct alarms *a, struct alarm *alarm,
	int (*change)(void *opaque, struct alarm *alarm), void *opaque)
{
	if (!alarm->id && is_due(alarm, a->now)) {
		change(opaque, alarm);
	} else if (alarm->id && !(alarm->holds && alarm->measured)) {
		if (change(opaque, alarm) == 0) {
			alarm->id = 0;
			alarm->quiet_until =
				mono_after(a->now, llround(alarm->rule->cooldown_s * 1e6));
		}
	}
	if (!alarm->measured)
		alarm->holds = false;
}

void alarms_settle(
	struct alarms *alarms, int (*change)(void *opaque, struct alarm *alarm), void *opaque)
{
	struct alarms *a = alarms;
	for (int i = a->count - 1; i >= 0; i--) {
		struct alarm *alarm = &a->items[i];
		settle_one(a, alarm, change, opaque);
		if (!alarm->id && !alarm->holds && a->now.us >= alarm->quiet_until.us)
			*alarm = a->items[--a->count];
	}
}
