/*
 * illegal_parking and stopped_in_junction: standing in a zone for longer than allowed.
 *
 * A vehicle stands where it has kept within a small circle for more than a second (vehicle.c). The
 * time runs from when it stopped, not from when that was certain, and by place: it goes on while
 * the vehicle is hidden for up to hidden_s, and when it gets another number. One violation for each
 * stay; who drives off and stops again begins a new one. An outline without class (motion
 * detection) must have been seen to come.
 */
#include "judge/rule.h"
#include "judge/stay.h"

#include <stdio.h>

/* The length of a small car: who has gone that far has come from elsewhere. */
#define CAME_M 4.0

struct rule_stay_params {
	struct rule_common common;
	char *zone;
	double limit_s, hidden_s;
};

#define ZONE(text)                                                                                 \
	{                                                                                          \
		"zone", OPTION_STRING, offsetof(struct rule_stay_params, zone), .required = true,  \
										.help = text       \
	}
#define LIMIT(seconds, text)                                                                       \
	{                                                                                          \
		"limit_s", OPTION_REAL, offsetof(struct rule_stay_params, limit_s),                \
			.min = 1, .max = 86400, .def = seconds, .unit = "s", .help = text          \
	}
#define HIDDEN(seconds)                                                                            \
	{                                                                                          \
		"hidden_s", OPTION_REAL, offsetof(struct rule_stay_params, hidden_s),              \
			.min = 0, .max = 3600, .def = seconds, .unit = "s",                        \
			.help = "hidden for longer it may be another vehicle: a new stay"          \
	}

static const struct option parking_list[] = {
	RULE_COMMON(rule_stay_params),
	ZONE("where nobody may park"),
	LIMIT(180, "to stand longer is to park"),
	HIDDEN(20),
};
const struct option_table rule_stay_parking_options = RULE_TABLE(
	"illegal_parking", rule_stay_params, parking_list, "parked where it is not allowed");

static const struct option junction_list[] = {
	RULE_COMMON(rule_stay_params),
	ZONE("the junction or box that must be kept clear"),
	LIMIT(5, "to stand longer is to block it"),
	HIDDEN(5),
};
const struct option_table rule_stay_junction_options = RULE_TABLE(
	"stopped_in_junction", rule_stay_params, junction_list, "standing in a junction");

struct rule_stay {
	const struct outline *zone;
	double limit_s, hidden_s;
	struct stays stays;
};

struct memory {
	bool known, inside;
	struct vec2 came; /* where it was first */
	int stay; /* of stay.h */
	struct media entered;
};

static int create(const void *params, const struct site *site, struct err *err, void *self)
{
	const struct rule_stay_params *p = params;
	struct rule_stay *s = self;
	(void)err;
	s->zone = site_zone(site, p->zone);
	s->limit_s = p->limit_s;
	s->hidden_s = p->hidden_s;
	return 0;
}

static void report(struct rule_step *step, const struct vehicle *v, const struct stay *stay)
{
	const struct rule_stay *s = step->self;
	struct media over = {stay->since.us + media_from_seconds(s->limit_s).us};
	struct violation *out = rule_report(step, v, over);
	bool parking = step->rule->ops->kind == VIOLATION_ILLEGAL_PARKING;
	char subject[32];
	out->from = stay->since;
	out->measured = media_diff_s(step->now, stay->since);
	out->uncertainty = 0;
	out->limit = s->limit_s;
	out->unit = "s";
	out->severity = parking ? SEVERITY_LOW : SEVERITY_MEDIUM;
	snprintf(out->explanation, sizeof(out->explanation),
		"%s has been standing in \"%s\" since t = %.2f s; at t = %.2f s that is %.1f s, "
		"and %.0f s "
		"are allowed.",
		rule_subject(v, subject), s->zone->name, media_seconds(stay->since),
		media_seconds(step->now), out->measured, s->limit_s);
}

/* An outline without class that has not come from elsewhere may be what somebody else left there.
 */
static bool is_vehicle(const struct vehicle *v, struct vec2 came)
{
	return v->road_user != ROAD_USER_UNKNOWN ||
	       vec2_length(vec2_sub(v->center, came)) > CAME_M * v->units_per_m;
}

static void vehicle(struct rule_step *step, struct vehicle *v, void *memory)
{
	struct rule_stay *s = step->self;
	struct memory *m = memory;
	bool inside = outline_contains(s->zone, v->center);
	if (!m->known)
		m->came = v->center;
	m->known = true;
	if (inside && !m->inside)
		m->entered = v->at;
	/* Who comes into sight standing has been standing since then at least. */
	if (inside && v->first.us == v->at.us)
		m->entered = v->first;
	m->inside = inside;
	if (!inside) {
		if (!v->doubtful && !v->still)
			stays_leave(&s->stays, v, &m->stay);
		return;
	}
	struct stay *stay = stays_step(&s->stays, v, m->entered, &m->stay);
	if (stay && is_vehicle(v, m->came))
		stay->vehicle = true;
	if (!stay || !stay->vehicle || stay->reported ||
		!(media_diff_s(step->now, stay->since) > s->limit_s))
		return;
	stay->reported = true;
	report(step, v, stay);
}

static void frame(struct rule_step *step)
{
	struct rule_stay *s = step->self;
	stays_expire(&s->stays, step->now, s->hidden_s);
}

#define OPS(violation_kind, option_table)                                                          \
	{                                                                                          \
		.kind = violation_kind, .options = &option_table,                                  \
		.refs = {{"zone", RULE_REF_ZONE, offsetof(struct rule_stay_params, zone)}},        \
		.self_size = sizeof(struct rule_stay), .memory_size = sizeof(struct memory),       \
		.create = create, .vehicle = vehicle, .frame = frame,                              \
	}
const struct rule_ops rule_stay_parking_ops =
	OPS(VIOLATION_ILLEGAL_PARKING, rule_stay_parking_options);
const struct rule_ops rule_stay_junction_ops =
	OPS(VIOLATION_STOPPED_IN_JUNCTION, rule_stay_junction_options);
