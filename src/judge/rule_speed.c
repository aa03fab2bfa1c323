/*
 * speed_violation: faster than allowed, for sure and for a while.
 *
 * Fires when speed - 1.96 standard errors has been above limit + tolerance for min_duration_s, all
 * of it measured (measures.h says when a speed is one). The tolerance is the larger of one in km/h
 * and one in percent of the limit. Reported is the latest speed of that time.
 */
#include "base/units.h"
#include "judge/rule.h"

#include <stdio.h>

#define SILENT_S 1.0 /* without a speed for that long, the time starts anew */

struct class_limits {
	double bicycle, motorcycle, car, bus, truck;
};

struct rule_speed_params {
	struct rule_common common;
	double limit_kmh, tolerance_kmh, tolerance_percent, min_duration_s;
	struct class_limits class_limits_kmh;
	char *zone;
};

#define CLASS_LIMIT(name)                                                                          \
	{                                                                                          \
#name, OPTION_REAL, offsetof(struct class_limits, name),                           \
			.min = 0, .max = 400, .unit = "km/h", .help = "0: as for all"              \
	}
static const struct option class_limit_list[] = {CLASS_LIMIT(bicycle), CLASS_LIMIT(motorcycle),
	CLASS_LIMIT(car), CLASS_LIMIT(bus), CLASS_LIMIT(truck)};
static const struct option_table class_limits = {"class_limits_kmh", sizeof(struct class_limits),
	OPTION_NOWHERE, class_limit_list, OPTION_COUNT(class_limit_list),
	"limits of single classes"};

static const struct option list[] = {
	RULE_COMMON(rule_speed_params),
	{"limit_kmh", OPTION_REAL, offsetof(struct rule_speed_params, limit_kmh), .min = 1,
		.max = 400, .required = true, .unit = "km/h", .help = "the speed allowed"},
	{"class_limits_kmh", OPTION_TABLE, offsetof(struct rule_speed_params, class_limits_kmh),
		.table = &class_limits, .help = "other limits for single classes"},
	{"tolerance_kmh", OPTION_REAL, offsetof(struct rule_speed_params, tolerance_kmh), .min = 0,
		.max = 100, .def = 3, .unit = "km/h", .help = "taken off in the driver's favour"},
	{"tolerance_percent", OPTION_REAL, offsetof(struct rule_speed_params, tolerance_percent),
		.min = 0, .max = 100, .def = 3, .unit = "%",
		.help = "of the limit, where that is more"},
	{"min_duration_s", OPTION_REAL, offsetof(struct rule_speed_params, min_duration_s),
		.min = 0, .max = 60, .def = 0.5, .unit = "s", .help = "it must last that long"},
	{"zone", OPTION_STRING, offsetof(struct rule_speed_params, zone),
		.help = "where it applies; none: everywhere"},
};
const struct option_table rule_speed_options =
	RULE_TABLE("speed_violation", rule_speed_params, list, "faster than allowed");

struct rule_speed {
	double limit_kmh[ROAD_USER_COUNT], tolerance_kmh[ROAD_USER_COUNT];
	double min_duration_s;
	const struct outline *zone;
};

struct memory {
	bool fast, done;
	struct media since, last;
};

static int create(const void *params, const struct site *site, struct err *err, void *self)
{
	const struct rule_speed_params *p = params;
	const struct class_limits *c = &p->class_limits_kmh;
	struct rule_speed *s = self;
	const double own[ROAD_USER_COUNT] = {[ROAD_USER_BICYCLE] = c->bicycle,
		[ROAD_USER_MOTORCYCLE] = c->motorcycle,
		[ROAD_USER_CAR] = c->car,
		[ROAD_USER_BUS] = c->bus,
		[ROAD_USER_TRUCK] = c->truck};
	(void)err;
	for (int i = 0; i < ROAD_USER_COUNT; i++) {
		s->limit_kmh[i] = own[i] > 0 ? own[i] : p->limit_kmh;
		s->tolerance_kmh[i] =
			fmax(p->tolerance_kmh, 0.01 * p->tolerance_percent * s->limit_kmh[i]);
	}
	s->min_duration_s = p->min_duration_s;
	s->zone = site_zone(site, p->zone);
	return 0;
}

static enum severity severity_of(double over_kmh)
{
	if (over_kmh < 10)
		return SEVERITY_LOW;
	if (over_kmh < 20)
		return SEVERITY_MEDIUM;
	return over_kmh < 40 ? SEVERITY_HIGH : SEVERITY_CRITICAL;
}

static void report(struct rule_step *step, const struct vehicle *v, const struct memory *m)
{
	const struct rule_speed *s = step->self;
	struct violation *out = rule_report(step, v, step->now);
	char subject[32];
	out->measured = v->measure->speed_mps * KMH_PER_MPS;
	out->uncertainty = INTERVAL_95 * v->measure->speed_sigma_mps * KMH_PER_MPS;
	out->limit = s->limit_kmh[v->road_user];
	out->tolerance = s->tolerance_kmh[v->road_user];
	out->unit = "km/h";
	out->from = v->measure->window_from.us < m->since.us ? v->measure->window_from : m->since;
	out->severity = severity_of(out->measured - out->limit);
	snprintf(out->explanation, sizeof(out->explanation),
		"%s drove %.1f km/h +-%.1f (95 %%), measured from t = %.2f s to %.2f s; %.0f km/h "
		"is "
		"allowed, and with %.1f km/h of tolerance the lower bound %.1f is still above "
		"%.1f.",
		rule_subject(v, subject), out->measured, out->uncertainty, media_seconds(out->from),
		media_seconds(step->now), out->limit, out->tolerance,
		out->measured - out->uncertainty, out->limit + out->tolerance);
}

static void vehicle(struct rule_step *step, struct vehicle *v, void *memory)
{
	const struct rule_speed *s = step->self;
	struct memory *m = memory;
	bool inside = !s->zone || outline_contains(s->zone, v->center);
	if (m->done)
		return;
	if (!inside || media_diff_s(step->now, m->last) > SILENT_S)
		m->fast = false;
	if (!inside || v->measure->speed_status != SPEED_OK)
		return;
	double lower =
		(v->measure->speed_mps - INTERVAL_95 * v->measure->speed_sigma_mps) * KMH_PER_MPS;
	double bound = s->limit_kmh[v->road_user] + s->tolerance_kmh[v->road_user];
	m->last = step->now;
	if (!(lower > bound)) {
		m->fast = false;
		return;
	}
	if (!m->fast)
		m->since = step->now;
	m->fast = true;
	if (media_diff_s(step->now, m->since) < s->min_duration_s)
		return;
	m->done = true;
	report(step, v, m);
}

const struct rule_ops rule_speed_ops = {
	.kind = VIOLATION_SPEED,
	.options = &rule_speed_options,
	.needs_calibration = true,
	.refs = {{"zone", RULE_REF_ZONE, offsetof(struct rule_speed_params, zone)}},
	.self_size = sizeof(struct rule_speed),
	.memory_size = sizeof(struct memory),
	.create = create,
	.vehicle = vehicle,
};
