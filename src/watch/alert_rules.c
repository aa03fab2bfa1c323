#include "watch/alert_rules.h"

#include "base/did_you_mean.h"

#include <stdio.h>
#include <string.h>

static const char *const operator_names[] = {">", ">=", "<", "<=", "==", "!=", NULL};
static const char *const severity_names[] = {"info", "warning", "critical", NULL};

static const struct option rule_option_list[] = {
	{"name", OPTION_STRING, offsetof(struct alert_rule, name), .required = true,
		.help = "of the rule; a default one of that name is replaced"},
	{"metric", OPTION_STRING, offsetof(struct alert_rule, metric), .required = true,
		.help = "fps: of every stream; stream.ID.fps, system.cpu_percent: of one"},
	{"operator", OPTION_ENUM, offsetof(struct alert_rule, comparison), .names = operator_names,
		.help = "how the metric is compared with the threshold"},
	{"threshold", OPTION_REAL, offsetof(struct alert_rule, threshold), .required = true,
		.help = "in the metric's unit"},
	{"hysteresis", OPTION_REAL, offsetof(struct alert_rule, hysteresis), .max = 1e12,
		.help = "so far behind the threshold it is over"},
	{"severity", OPTION_ENUM, offsetof(struct alert_rule, severity), .names = severity_names,
		.def = ALERT_WARNING, .help = "how bad it is"},
	{"description", OPTION_STRING, offsetof(struct alert_rule, description),
		.help = "goes on where the stream's name ends: 'gives few pictures'"},
	{"duration_seconds", OPTION_REAL, offsetof(struct alert_rule, duration_s), .max = 86400,
		.unit = "s", .help = "it must hold so long"},
	{"cooldown_seconds", OPTION_REAL, offsetof(struct alert_rule, cooldown_s), .max = 86400,
		.unit = "s", .help = "so long after its end it does not begin again"},
	{"enabled", OPTION_BOOL, offsetof(struct alert_rule, enabled), .def = true,
		.help = "false turns it off, a default one too"},
};
const struct option_table alert_rule_options = {"alert", sizeof(struct alert_rule),
	offsetof(struct alert_rule, where), rule_option_list, OPTION_COUNT(rule_option_list),
	"what raises an alert"};

/* What can be asked about. */
static const struct {
	const char *room, *name;
} metrics[] = {
	{"system", "cpu_percent"},
	{"system", "memory_percent"},
	{"system", "memory_used_mb"},
	{"system", "process_cpu_percent"},
	{"system", "process_memory_mb"},
	{"system", "open_files"},
	{"system", "load_1m"},
	{"system", "disk_free_percent"},
	{"system", "disk_free_mb"},
	{"backend", "up"},
	{"backend", "waiting"},
	{"backend", "oldest_waiting_s"},
	{"stream", "is_healthy"},
	{"stream", "fps"},
	{"stream", "drop_rate"},
	{"stream", "errors_per_minute"},
	{"pipeline", "latency_ms.p50"},
	{"pipeline", "latency_ms.p95"},
	{"pipeline", "frames_waiting"},
	{"pipeline", "looks_per_s"},
	{"pipeline", "idle_s"},
};
#define METRIC_COUNT (int)(sizeof(metrics) / sizeof(metrics[0]))

static const struct alert_rule defaults[] = {
	{"camera_offline", "is_healthy", "gives no pictures", ALERT_BELOW, 1, 0, ALERT_CRITICAL, 5,
		0, true, {0}},
	{"low_fps", "fps", "gives few pictures", ALERT_BELOW, 5, 0.5, ALERT_WARNING, 30, 60, true,
		{0}},
	{"high_drop_rate", "drop_rate", "loses pictures", ALERT_ABOVE, 0.1, 0.02, ALERT_WARNING, 30,
		60, true, {0}},
	{"unsteady_camera", "errors_per_minute", "fails again and again", ALERT_ABOVE, 5, 2,
		ALERT_WARNING, 30, 300, true, {0}},
	{"high_latency", "latency_ms.p95", "is judged late", ALERT_ABOVE, 1000, 100, ALERT_WARNING,
		30, 60, true, {0}},
	{"high_cpu", "system.cpu_percent", "works at its limit", ALERT_ABOVE, 95, 5, ALERT_WARNING,
		60, 300, true, {0}},
	{"high_memory", "system.memory_percent", "is short of memory", ALERT_ABOVE, 90, 2,
		ALERT_WARNING, 60, 300, true, {0}},
	{"low_disk", "system.disk_free_percent", "is short of room for evidence", ALERT_BELOW, 5, 1,
		ALERT_CRITICAL, 10, 300, true, {0}},
	{"backend_down", "backend.up", "does not take violations", ALERT_BELOW, 1, 0,
		ALERT_CRITICAL, 60, 60, true, {0}},
	{"backend_late", "backend.oldest_waiting_s", "is told late", ALERT_ABOVE, 600, 60,
		ALERT_WARNING, 10, 300, true, {0}},
};

const char *alert_severity_name(int severity)
{
	return severity_names[severity];
}

const char *alert_operator_name(int comparison)
{
	return operator_names[comparison];
}

const struct alert_rule *alert_rules_default(int *ret_count)
{
	*ret_count = (int)(sizeof(defaults) / sizeof(defaults[0]));
	return defaults;
}

static bool ends_in(const char *path, const char *name)
{
	size_t n = strlen(path), m = strlen(name);
	return n > m && path[n - m - 1] == '.' && strcmp(path + n - m, name) == 0;
}

/* The metric of a path; `ret_subject` where it begins, of the length that is returned; negative:
 * it is none. */
static int split_path(const char *path, const char **ret_subject)
{
	for (int i = 0; i < METRIC_COUNT; i++) {
		size_t head = strlen(metrics[i].room), tail = strlen(metrics[i].name);
		bool has_subject = strcmp(metrics[i].room, "system") != 0 &&
				   strcmp(metrics[i].room, "backend") != 0;
		if (strncmp(path, metrics[i].room, head) != 0 || path[head] != '.' ||
			!ends_in(path, metrics[i].name))
			continue;
		int length = (int)strlen(path) - (int)head - (int)tail - 2;
		*ret_subject = path + head + 1;
		if (has_subject && length > 0 && length <= ALERT_SUBJECT_MAX)
			return length;
		if (!has_subject && length == -1)
			return 0;
	}
	return -1;
}

static bool is_metric(const char *text)
{
	const char *subject;
	for (int i = 0; i < METRIC_COUNT; i++)
		if (strcmp(metrics[i].name, text) == 0)
			return true;
	return split_path(text, &subject) >= 0;
}

static const char *similar(const char *text)
{
	const char *names[METRIC_COUNT + 1] = {NULL};
	const char *last = strrchr(text, '.');
	for (int i = 0; i < METRIC_COUNT; i++)
		names[i] = metrics[i].name;
	return did_you_mean(last ? last + 1 : text, names);
}

static void check_metric(
	const struct alert_rule *rule, const char *path, int index, struct problems *problems)
{
	const char *close = similar(rule->metric);
	char where[ALERT_METRIC_SIZE];
	if (is_metric(rule->metric))
		return;
	snprintf(where, sizeof(where), "%s[%d].metric", path, index);
	problems_add(problems, PROBLEM_ERROR, rule->where, where,
		"'%s' is no metric%s%s%s; docs/server.md lists them", rule->metric,
		close ? ": did you mean '" : "", close ? close : "", close ? "'?" : "");
}

static void check_rule(
	const struct alert_rule *rules, int index, const char *path, struct problems *problems)
{
	const struct alert_rule *rule = &rules[index];
	char where[ALERT_METRIC_SIZE];
	snprintf(where, sizeof(where), "%s[%d].name", path, index);
	if (strlen(rule->name) > ALERT_NAME_MAX)
		problems_add(problems, PROBLEM_ERROR, rule->where, where,
			"has at most %d characters", ALERT_NAME_MAX);
	for (int i = 0; i < index; i++)
		if (rules[i].name && strcmp(rules[i].name, rule->name) == 0)
			problems_add(problems, PROBLEM_ERROR, rule->where, where,
				"'%s' is named twice", rule->name);
	if (rule->hysteresis > 0 && rule->comparison >= ALERT_EQUAL)
		problems_add(problems, PROBLEM_ERROR, rule->where, where,
			"hysteresis has no meaning with '%s'", operator_names[rule->comparison]);
}

void alert_rules_check(
	const struct alert_rule *rules, int count, const char *path, struct problems *problems)
{
	for (int i = 0; i < count; i++) {
		if (rules[i].metric)
			check_metric(&rules[i], path, i, problems);
		if (rules[i].name)
			check_rule(rules, i, path, problems);
	}
}

void alert_metric_path(
	const char *room, const char *subject, const char *name, char path[ALERT_METRIC_SIZE])
{
	snprintf(path, ALERT_METRIC_SIZE, "%s%s%s.%s", room, subject[0] ? "." : "", subject, name);
}

void alert_metric_subject(const char *path, char subject[ALERT_SUBJECT_MAX + 1])
{
	const char *begin = "";
	int length = split_path(path, &begin);
	snprintf(subject, ALERT_SUBJECT_MAX + 1, "%.*s", length > 0 ? length : 0, begin);
}

bool alert_rule_is_about(
	const struct alert_rule *rule, const char *room, const char *subject, const char *name)
{
	char path[ALERT_METRIC_SIZE];
	if (strcmp(rule->metric, name) == 0)
		return true;
	alert_metric_path(room, subject, name, path);
	return strcmp(rule->metric, path) == 0;
}

bool alert_rule_holds(const struct alert_rule *rule, double value, bool open)
{
	double back = open ? rule->hysteresis : 0;
	switch (rule->comparison) {
	case ALERT_ABOVE:
		return value > rule->threshold - back;
	case ALERT_NOT_BELOW:
		return value >= rule->threshold - back;
	case ALERT_BELOW:
		return value < rule->threshold + back;
	case ALERT_NOT_ABOVE:
		return value <= rule->threshold + back;
	case ALERT_EQUAL:
		return value == rule->threshold;
	default:
		return value != rule->threshold;
	}
}
