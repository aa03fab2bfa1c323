/*
 * illegal_turn: from one arm of a junction into another where that is not allowed.
 *
 * The middle of the vehicle was in the zone `from`, and within max_s of leaving it has been in one
 * of the zones `to` for DWELL_S. Cutting through a corner of a zone is shorter.
 */
#include "judge/rule.h"

#include <stdio.h>

#define DWELL_S 0.3
#define ZONES_MAX 8

struct rule_turn_params {
	struct rule_common common;
	char *from;
	struct option_strings to;
	double max_s;
};

static const struct option list[] = {
	RULE_COMMON(rule_turn_params),
	{"from", OPTION_STRING, offsetof(struct rule_turn_params, from), .required = true,
		.help = "zone where it comes in"},
	{"to", OPTION_STRINGS, offsetof(struct rule_turn_params, to), .min = 1, .max = ZONES_MAX,
		.required = true, .help = "zones where it must not go out"},
	{"max_s", OPTION_REAL, offsetof(struct rule_turn_params, max_s), .min = 1, .max = 600,
		.def = 30, .unit = "s", .help = "later it is another way"},
};
const struct option_table rule_turn_options =
	RULE_TABLE("illegal_turn", rule_turn_params, list, "a turn that is not allowed");

struct rule_turn {
	const struct outline *from, *to[ZONES_MAX];
	int to_count;
	double max_s;
};

struct memory {
	bool came, done;
	struct media left_at; /* last seen in `from` */
	const struct outline *in;
	struct media in_since;
};

static int create(const void *params, const struct site *site, struct err *err, void *self)
{
	const struct rule_turn_params *p = params;
	struct rule_turn *s = self;
	(void)err;
	s->from = site_zone(site, p->from);
	for (int i = 0; i < p->to.count && i < ZONES_MAX; i++)
		s->to[s->to_count++] = site_zone(site, p->to.items[i]);
	s->max_s = p->max_s;
	return 0;
}

static void report(struct rule_step *step, const struct vehicle *v, const struct memory *m)
{
	const struct rule_turn *s = step->self;
	struct violation *out = rule_report(step, v, m->in_since);
	char subject[32];
	out->from = m->left_at;
	snprintf(out->explanation, sizeof(out->explanation),
		"%s left \"%s\" at t = %.2f s and came into \"%s\" at t = %.2f s; that turn is not "
		"allowed.",
		rule_subject(v, subject), s->from->name, media_seconds(m->left_at), m->in->name,
		media_seconds(m->in_since));
}

static const struct outline *exit_of(const struct rule_turn *s, struct vec2 p)
{
	for (int i = 0; i < s->to_count; i++)
		if (outline_contains(s->to[i], p))
			return s->to[i];
	return NULL;
}

static void vehicle(struct rule_step *step, struct vehicle *v, void *memory)
{
	const struct rule_turn *s = step->self;
	struct memory *m = memory;
	if (m->done || v->doubtful)
		return;
	if (outline_contains(s->from, v->center)) {
		m->came = true;
		m->left_at = v->at;
		m->in = NULL;
		return;
	}
	const struct outline *in = m->came ? exit_of(s, v->center) : NULL;
	if (in && in != m->in)
		m->in_since = v->at;
	m->in = in;
	if (!in || media_diff_s(m->in_since, m->left_at) > s->max_s ||
		media_diff_s(step->now, m->in_since) < DWELL_S)
		return;
	m->done = true;
	report(step, v, m);
}

const struct rule_ops rule_turn_ops = {
	.kind = VIOLATION_ILLEGAL_TURN,
	.options = &rule_turn_options,
	.refs = {{"from", RULE_REF_ZONE, offsetof(struct rule_turn_params, from)},
		{"to", RULE_REF_ZONES, offsetof(struct rule_turn_params, to)}},
	.self_size = sizeof(struct rule_turn),
	.memory_size = sizeof(struct memory),
	.create = create,
	.vehicle = vehicle,
};
