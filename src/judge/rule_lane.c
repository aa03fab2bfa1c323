/*
 * lane_violation: a solid line crossed.
 *
 * The centre of the footprint was clearly on one side and has been clearly on the other for
 * min_duration_s: margin_m or twice the noise of the position, whichever is more. With
 * exempt_stationary_s, passing one that has been standing at least that long is allowed: it stands
 * within EXEMPT_ALONG_M along the line and EXEMPT_BESIDE_M of it, so neither going out nor coming
 * back counts.
 */
#include "judge/crosser.h"
#include "judge/rule.h"

#include <stdio.h>

#define EXEMPT_ALONG_M 30.0
#define EXEMPT_BESIDE_M 6.0

static const char *const direction_names[] = {"both", "forward", "backward", NULL};

struct rule_lane_params {
	struct rule_common common;
	char *line;
	int direction;
	double margin_m, min_duration_s, exempt_stationary_s;
};

static const struct option list[] = {
	RULE_COMMON(rule_lane_params),
	{"line", OPTION_STRING, offsetof(struct rule_lane_params, line), .required = true,
		.help = "the solid line"},
	{"direction", OPTION_ENUM, offsetof(struct rule_lane_params, direction),
		.names = direction_names, .help = "which way it must not be crossed"},
	{"margin_m", OPTION_REAL, offsetof(struct rule_lane_params, margin_m), .min = 0, .max = 10,
		.def = 0.4, .unit = "m",
		.help = "the middle of the vehicle is that far over the line"},
	{"min_duration_s", OPTION_REAL, offsetof(struct rule_lane_params, min_duration_s), .min = 0,
		.max = 60, .def = 0.3, .unit = "s", .help = "it stays there that long"},
	{"exempt_stationary_s", OPTION_REAL, offsetof(struct rule_lane_params, exempt_stationary_s),
		.min = 0, .max = 3600, .def = 0, .unit = "s",
		.help = "one that has been standing that long may be passed over the line; 0: "
			"none"},
};
const struct option_table rule_lane_options =
	RULE_TABLE("lane_violation", rule_lane_params, list, "a solid line crossed");

struct rule_lane {
	const struct outline *line;
	int direction; /* +1, -1, 0: both */
	double margin_m, min_duration_s, exempt_stationary_s;
};

struct memory {
	struct crosser crosser;
	int crossed; /* the way it went over; 0: not, or given back */
	struct media at;
	bool done;
};

static int create(const void *params, const struct site *site, struct err *err, void *self)
{
	static const int directions[] = {0, 1, -1};
	const struct rule_lane_params *p = params;
	struct rule_lane *s = self;
	(void)err;
	s->line = site_line(site, p->line);
	s->direction = directions[p->direction];
	s->margin_m = p->margin_m;
	s->min_duration_s = p->min_duration_s;
	s->exempt_stationary_s = p->exempt_stationary_s;
	return 0;
}

/* Somebody stands ahead or beside (it goes out around him) or behind (it comes back). */
static bool passes_one_that_stands(
	const struct rule_step *step, const struct vehicle *v, struct vec2 normal)
{
	const struct rule_lane *s = step->self;
	const struct vehicles *vs = step->vehicles;
	if (!(s->exempt_stationary_s > 0))
		return false;
	for (int i = 0; i < vs->used_count; i++) {
		const struct vehicle *o = &vs->items[vs->used[i]];
		if (o == v || o->ended || !o->standing || vehicle_is_person(o) ||
			media_diff_s(step->now, o->still_since) < s->exempt_stationary_s)
			continue;
		struct vec2 to = vec2_sub(o->center, v->center);
		double along = fabs(vec2_cross(to, normal)) / v->units_per_m;
		double beside = fabs(vec2_dot(to, normal)) / v->units_per_m;
		if (along <= EXEMPT_ALONG_M && beside <= EXEMPT_BESIDE_M)
			return true;
	}
	return false;
}

static void report(
	struct rule_step *step, const struct vehicle *v, const struct memory *m, double beyond)
{
	const struct rule_lane *s = step->self;
	struct violation *out = rule_report(step, v, m->at);
	char subject[32], distance[48] = "";
	if (step->site->calibration) {
		out->measured = beyond / v->units_per_m;
		out->uncertainty = 0;
		out->limit = 0;
		out->tolerance = s->margin_m;
		out->unit = "m";
		snprintf(distance, sizeof(distance), ", its middle %.1f m beyond", out->measured);
	}
	snprintf(out->explanation, sizeof(out->explanation),
		"%s crossed the solid line \"%s\" %s at t = %.2f s and was still over it at %.2f "
		"s%s.",
		rule_subject(v, subject), s->line->name, m->crossed > 0 ? "forward" : "backward",
		media_seconds(m->at), media_seconds(step->now), distance);
}

static void vehicle(struct rule_step *step, struct vehicle *v, void *memory)
{
	const struct rule_lane *s = step->self;
	struct memory *m = memory;
	struct vec2 normal;
	struct media at;
	if (m->done || v->doubtful || v->still)
		return;
	double side = outline_side(s->line, v->center, &normal);
	double margin = larger(s->margin_m * v->units_per_m, 2 * vehicle_sigma(v, normal));
	int crossed = crosser_step(&m->crosser, s->line, v->center, margin, v->at, &at);
	if (crossed) {
		bool counts = s->direction == 0 || crossed == s->direction;
		m->crossed = counts && !passes_one_that_stands(step, v, normal) ? crossed : 0;
		m->at = at;
	}
	if (m->crossed && side * m->crossed < 0)
		m->crossed = 0;
	if (!m->crossed || media_diff_s(step->now, m->at) < s->min_duration_s)
		return;
	m->done = true;
	report(step, v, m, fabs(side));
}

const struct rule_ops rule_lane_ops = {
	.kind = VIOLATION_LANE,
	.options = &rule_lane_options,
	.refs = {{"line", RULE_REF_LINE, offsetof(struct rule_lane_params, line)}},
	.self_size = sizeof(struct rule_lane),
	.memory_size = sizeof(struct memory),
	.create = create,
	.vehicle = vehicle,
};
