/*
 * Rules of alerts: which number, compared with what, for how long.
 *
 *     alerts:
 *       - {name: slow_gate, metric: stream.gate.fps, operator: "<", threshold: 10, hysteresis: 2,
 *          severity: warning, duration_seconds: 30, cooldown_seconds: 300}
 *
 * A metric is named exactly by its path ("system.cpu_percent", "stream.gate.fps",
 * "pipeline.gate.latency_ms.p95", "backend.up"), or for every subject by its last part alone
 * ("fps"). There are rules without being asked for (alert_rules_default()); one of the same name
 * replaces them, or with `enabled: false` turns them off.
 *
 * Threads: read-only after reading. Memory: that of the options.
 */
#pragma once

#include "base/options.h"

#define ALERT_RULES_MAX 100
#define ALERT_NAME_MAX 63
#define ALERT_SUBJECT_MAX 63
#define ALERT_METRIC_SIZE 128

enum alert_operator {
	ALERT_ABOVE,
	ALERT_NOT_BELOW,
	ALERT_BELOW,
	ALERT_NOT_ABOVE,
	ALERT_EQUAL,
	ALERT_UNEQUAL,
};
enum alert_severity { ALERT_INFO, ALERT_WARNING, ALERT_CRITICAL };
const char *alert_severity_name(int severity); /* "warning" */
const char *alert_operator_name(int comparison); /* "<" */

struct alert_rule {
	const char *name, *metric;
	const char
		*description; /* what it means for the subject: "gives few pictures"; NULL: none */
	int comparison; /* enum alert_operator */
	double threshold;
	double hysteresis; /* so far behind the threshold it is over */
	int severity; /* enum alert_severity */
	double duration_s; /* it must hold so long */
	double cooldown_s; /* so long after it ended it does not begin again */
	bool enabled;
	struct option_where where;
};

extern const struct option_table alert_rule_options;

/* Unknown metrics, names given twice, and what makes no sense together. */
void alert_rules_check(
	const struct alert_rule *rules, int count, const char *path, struct problems *problems);
/* Those that there are without being asked for. Constant. */
const struct alert_rule *alert_rules_default(int *ret_count);

/* "stream.gate.fps"; without a subject "system.cpu_percent". */
void alert_metric_path(
	const char *room, const char *subject, const char *name, char path[ALERT_METRIC_SIZE]);
/* The subject in the path of a metric that there is, "" where it has none. */
void alert_metric_subject(const char *path, char subject[ALERT_SUBJECT_MAX + 1]);
/* Whether the rule is about this metric of this subject. */
bool alert_rule_is_about(
	const struct alert_rule *rule, const char *room, const char *subject, const char *name);
/* `open`: it began before, and is over only behind the hysteresis. */
bool alert_rule_holds(const struct alert_rule *rule, double value, bool open);
