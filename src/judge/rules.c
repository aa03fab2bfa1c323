#include "judge/rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DUPLICATE_S 0.5
#define DUPLICATE_IOU 0.5f

static const struct option rule_common_list[] = {
	{"name", OPTION_STRING, offsetof(struct rule_common, name),
		.help = "how its violations are called; else by the kind"},
	{"classes", OPTION_STRINGS, offsetof(struct rule_common, classes),
		.help = "vehicle, bicycle, motorcycle, car, bus, truck; none: all of these"},
	{"hours", OPTION_STRING, offsetof(struct rule_common, hours),
		.help = "local time in which it applies, as 22:00-06:00; none: always"},
};
const struct option_table rule_common_options = {"rule", sizeof(struct rule_common), OPTION_NOWHERE,
	rule_common_list, OPTION_COUNT(rule_common_list), "what every rule has"};

const struct outline *site_line(const struct site *site, const char *name)
{
	for (int i = 0; name && i < site->line_count; i++)
		if (!strcmp(site->lines[i].name, name))
			return &site->lines[i];
	return NULL;
}

const struct outline *site_zone(const struct site *site, const char *name)
{
	for (int i = 0; name && i < site->zone_count; i++)
		if (!strcmp(site->zones[i].name, name))
			return &site->zones[i];
	return NULL;
}

const struct lights *site_lights(const struct site *site, const char *name)
{
	for (int i = 0; name && i < site->signal_count; i++)
		if (!strcmp(site->signals[i].name, name))
			return &site->signals[i];
	return NULL;
}

static bool parse_hours(const char *text, struct hours *ret_hours)
{
	int h1, m1, h2, m2, end = 0;
	if (sscanf(text, "%2d:%2d-%2d:%2d%n", &h1, &m1, &h2, &m2, &end) != 4 || text[end])
		return false;
	if (h1 < 0 || h1 > 24 || h2 < 0 || h2 > 24 || m1 < 0 || m1 > 59 || m2 < 0 || m2 > 59)
		return false;
	*ret_hours = (struct hours){true, h1 * 60 + m1, h2 * 60 + m2};
	return true;
}

/* Bits of the named classes; every vehicle where none is named. */
static unsigned class_bits(const struct option_strings *classes)
{
	unsigned bits = 0;
	for (int i = 0; i < classes->count; i++) {
		enum road_user r = road_user_from_name(classes->items[i]);
		bits |= r < ROAD_USER_COUNT ? 1u << r : 0;
	}
	return bits ? bits : ((1u << ROAD_USER_COUNT) - 1) & ~(1u << ROAD_USER_PERSON);
}

int rule_create(const struct rule_common *params, int index, size_t memory_offset,
	const struct site *site, struct err *err, struct rule *rule)
{
	const struct rule_ops *ops = rule_kinds[params->kind];
	const char *kind = violation_kind_name(ops->kind);
	*rule = (struct rule){.ops = ops, .index = index, .memory_offset = memory_offset};
	snprintf(rule->name, sizeof(rule->name), "%s", params->name ? params->name : kind);
	rule->classes = class_bits(&params->classes);
	if (params->hours && !parse_hours(params->hours, &rule->hours))
		return err_set(err, -EINVAL, "rules[%d].hours: not as 22:00-06:00", index);
	if (ops->needs_calibration && !site->calibration)
		return err_set(err, -EINVAL, "rules[%d]: %s needs a calibration", index, kind);
	rule->self = calloc(1, ops->self_size ? ops->self_size : 1);
	if (!rule->self)
		return err_set(err, -ENOMEM, "no memory for the rules");
	int r = ops->create(params, site, err, rule->self);
	return r < 0 ? err_prefix(err, r, "rules[%d] (%s)", index, rule->name) : 0;
}

void rule_destroy(struct rule *rule)
{
	if (rule->self && rule->ops->destroy)
		rule->ops->destroy(rule->self);
	free(rule->self);
	*rule = (struct rule){0};
}

bool rule_concerns(const struct rule *rule, const struct vehicle *vehicle)
{
	return rule->classes >> vehicle->road_user & 1;
}

void *rule_memory(const struct rule_step *step, const struct vehicle *vehicle)
{
	return (unsigned char *)vehicles_memory(step->vehicles, vehicle) +
	       step->rule->memory_offset;
}

static bool is_duplicate(const struct rule_step *step, const struct vehicle *v)
{
	int first = step->recent_count > RULE_RECENT_MAX ? step->recent_count - RULE_RECENT_MAX : 0;
	for (int i = step->recent_count - 1; i >= first; i--) {
		const struct rule_recent *r = &step->recent[i % RULE_RECENT_MAX];
		if (media_diff_s(step->now, r->when) > DUPLICATE_S)
			return false;
		if (r->rule == step->rule->index && r->track_id != v->id &&
			box_iou(r->box, v->box) >= DUPLICATE_IOU)
			return true;
	}
	return false;
}

struct violation *rule_report(
	struct rule_step *step, const struct vehicle *vehicle, struct media at)
{
	struct violations *out = step->out;
	struct violation *v = &step->spare;
	if (!is_duplicate(step, vehicle)) {
		step->recent[step->recent_count++ % RULE_RECENT_MAX] = (struct rule_recent){
			step->rule->index, vehicle->id, step->now, vehicle->box};
		if (out->count < VIOLATIONS_MAX)
			v = &out->items[out->count++];
		else
			out->dropped_count++;
	}
	*v = (struct violation){.kind = step->rule->ops->kind,
		.rule = step->rule->index,
		.track_id = vehicle->id,
		.road_user = vehicle->road_user,
		.truth_id = vehicle->truth_id,
		.severity = SEVERITY_MEDIUM,
		.at = at,
		.from = at,
		.to = vehicle->at,
		.box = vehicle->box,
		.measured = NAN,
		.uncertainty = NAN,
		.limit = NAN,
		.tolerance = NAN,
		.unit = ""};
	memcpy(v->rule_name, step->rule->name, sizeof(v->rule_name));
	return v;
}

const char *rule_subject(const struct vehicle *vehicle, char text[32])
{
	snprintf(text, 32, "%s %u", road_user_name(vehicle->road_user), vehicle->id);
	return text;
}

void rule_problem(const struct rule_check *check, enum problem_level level, const char *option,
	const char *fmt, ...)
{
	char path[128];
	va_list args;
	snprintf(path, sizeof(path), "%s%s%s", check->path, *option ? "." : "", option);
	va_start(args, fmt);
	problems_add_v(check->problems, level, check->where, path, fmt, args);
	va_end(args);
}

#define NAMES_MAX 256

/* The names of a list whose items have theirs at `offset`, ended by NULL. */
static int collect(const struct option_list *list, size_t offset, const char *names[NAMES_MAX])
{
	int count = 0;
	for (int i = 0; i < list->count && count < NAMES_MAX - 1; i++) {
		const char *name = *(char *const *)((const char *)list->items +
						    (size_t)i * list->item_size + offset);
		if (name)
			names[count++] = name;
	}
	names[count] = NULL;
	return count;
}

static void check_name(const struct rule_check *check, const char *option, const char *what,
	const char *name, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return;
	const char *meant = did_you_mean(name, names);
	if (meant)
		rule_problem(check, PROBLEM_ERROR, option,
			"there is no %s \"%s\"; did you mean \"%s\"?", what, name, meant);
	else
		rule_problem(check, PROBLEM_ERROR, option, "there is no %s \"%s\"", what, name);
}

static void check_ref(
	const struct rule_check *check, const struct rule_ref *ref, const void *params)
{
	const char *names[NAMES_MAX], *what = "zone";
	const struct judge_params *p = check->params;
	if (ref->kind == RULE_REF_LINE) {
		collect(&p->lines, offsetof(struct line_params, name), names);
		what = "line";
	} else if (ref->kind == RULE_REF_SIGNAL) {
		collect(&p->signals, offsetof(struct signal_params, name), names);
		what = "signal";
	} else {
		collect(&p->zones, offsetof(struct zone_params, name), names);
	}
	const char *at = (const char *)params + ref->offset;
	if (ref->kind == RULE_REF_ZONES) {
		const struct option_strings *list = (const struct option_strings *)(const void *)at;
		for (int i = 0; i < list->count; i++)
			check_name(check, ref->option, what, list->items[i], names);
	} else if (*(char *const *)(const void *)at) {
		check_name(check, ref->option, what, *(char *const *)(const void *)at, names);
	}
}

static void check_common(const struct rule_check *check, const struct rule_common *common)
{
	static const char *const classes[] = {
		"vehicle", "bicycle", "motorcycle", "car", "bus", "truck", NULL};
	struct hours hours;
	for (int i = 0; i < common->classes.count; i++) {
		const char *name = common->classes.items[i];
		enum road_user r = road_user_from_name(name);
		const char *meant = did_you_mean(name, classes);
		if (r == ROAD_USER_PERSON)
			rule_problem(check, PROBLEM_ERROR, "classes",
				"a person breaks no rule for vehicles");
		else if (r == ROAD_USER_COUNT)
			rule_problem(check, PROBLEM_ERROR, "classes", "unknown class \"%s\"%s%s%s",
				name, meant ? "; did you mean \"" : "", meant ? meant : "",
				meant ? "\"?" : "");
	}
	if (common->hours && !parse_hours(common->hours, &hours))
		rule_problem(check, PROBLEM_ERROR, "hours",
			"must be two times of day as 22:00-06:00, is \"%s\"", common->hours);
}

void rule_check_all(const struct judge_params *params, bool calibrated, struct problems *problems)
{
	for (int i = 0; i < params->rules.count; i++) {
		const struct rule_common *common =
			(const void *)((const char *)params->rules.items +
				       (size_t)i * params->rules.item_size);
		const struct rule_ops *ops = rule_kinds[common->kind];
		struct rule_check check = {
			.params = params, .problems = problems, .where = common->where};
		snprintf(check.path, sizeof(check.path), "rules[%d]", i);
		check_common(&check, common);
		for (int k = 0; k < RULE_REFS_MAX && ops->refs[k].option; k++)
			check_ref(&check, &ops->refs[k], common);
		if (ops->needs_calibration && !calibrated)
			rule_problem(&check, PROBLEM_ERROR, "",
				"%s needs a calibration: without one there is no honest number; "
				"add "
				"calibration.points",
				violation_kind_name(ops->kind));
		if (ops->check)
			ops->check(common, &check);
	}
}
