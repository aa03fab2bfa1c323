/*
 * illegal_u_turn: turned round.
 *
 * The path is cut into chords of STEP_M (or more where the position is noisy). The turn from one
 * chord to the next is added up; where the sum over the last max_s reaches min_angle_deg to one
 * side, it is a U-turn. A chord that points backward (CUSP_DEG) is the vehicle reversing, and
 * ends the sum: parking and three-point manoeuvres within a lane are no U-turns.
 */
#include "judge/rule.h"

#include <stdio.h>

#define STEP_M 2.5
#define CUSP_DEG 110
#define DEGREES (180 / M_PI)
#define CHORDS_MAX 48

struct rule_u_turn_params {
	struct rule_common common;
	char *zone;
	double min_angle_deg, max_s;
};

static const struct option list[] = {
	RULE_COMMON(rule_u_turn_params),
	{"zone", OPTION_STRING, offsetof(struct rule_u_turn_params, zone),
		.help = "where it is not allowed; none: everywhere"},
	{"min_angle_deg", OPTION_REAL, offsetof(struct rule_u_turn_params, min_angle_deg),
		.min = 100, .max = 180, .def = 150, .unit = "deg", .help = "turned by so much"},
	{"max_s", OPTION_REAL, offsetof(struct rule_u_turn_params, max_s), .min = 1, .max = 120,
		.def = 20, .unit = "s", .help = "within that time"},
};
const struct option_table rule_u_turn_options =
	RULE_TABLE("illegal_u_turn", rule_u_turn_params, list, "turned round");

struct rule_u_turn {
	const struct outline *zone;
	double min_angle_deg, max_s;
};

struct chord {
	struct media at;
	double turned_deg; /* since the first */
};

struct memory {
	bool known, has_heading, done;
	struct vec2 from; /* where and when the current chord begins */
	struct media from_at;
	double heading_deg;
	int count, next;
	struct chord chords[CHORDS_MAX]; /* a ring */
};

static int create(const void *params, const struct site *site, struct err *err, void *self)
{
	const struct rule_u_turn_params *p = params;
	struct rule_u_turn *s = self;
	(void)err;
	s->zone = site_zone(site, p->zone);
	s->min_angle_deg = p->min_angle_deg;
	s->max_s = p->max_s;
	return 0;
}

static void report(struct rule_step *step, const struct vehicle *v, struct media at,
	struct media from, double turned)
{
	const struct rule_u_turn *s = step->self;
	struct violation *out = rule_report(step, v, at);
	char subject[32];
	out->from = from;
	out->measured = fabs(turned);
	out->limit = s->min_angle_deg;
	out->unit = "deg";
	snprintf(out->explanation, sizeof(out->explanation),
		"%s turned by %.0f degrees to the %s between t = %.2f s and %.2f s%s%s%s; %.0f "
		"degrees or "
		"more is a U-turn.",
		rule_subject(v, subject), out->measured, turned > 0 ? "left" : "right",
		media_seconds(from), media_seconds(at), s->zone ? " in \"" : "",
		s->zone ? s->zone->name : "", s->zone ? "\"" : "", s->min_angle_deg);
}

static void forget(struct memory *m)
{
	m->known = m->has_heading = false;
	m->count = m->next = 0;
}

static void push(struct memory *m, struct media at, double turned_deg)
{
	m->chords[m->next] = (struct chord){at, turned_deg};
	m->next = (m->next + 1) % CHORDS_MAX;
	m->count += m->count < CHORDS_MAX;
}

/* The i-th newest. */
static const struct chord *chord_back(const struct memory *m, int i)
{
	return &m->chords[(m->next + 2 * CHORDS_MAX - 1 - i) % CHORDS_MAX];
}

/* A chord is complete: true where with it the vehicle has turned round since `*ret_since`. */
static bool turned_round(const struct rule_u_turn *s, struct memory *m, struct media now,
	double heading_deg, double *ret_turned, struct media *ret_since)
{
	double turn = m->has_heading ? remainder(heading_deg - m->heading_deg, 360) : 0;
	double sum = (m->count ? chord_back(m, 0)->turned_deg : 0) + turn;
	m->heading_deg = heading_deg;
	m->has_heading = true;
	if (fabs(turn) > CUSP_DEG) {
		m->count = m->next = 0;
		sum = 0;
	}
	push(m, now, sum);
	for (int i = 1; i < m->count; i++) {
		const struct chord *c = chord_back(m, i);
		if (media_diff_s(now, c->at) > s->max_s)
			return false;
		*ret_turned = sum - c->turned_deg;
		*ret_since = c->at;
		if (fabs(*ret_turned) >= s->min_angle_deg)
			return true;
	}
	return false;
}

static void vehicle(struct rule_step *step, struct vehicle *v, void *memory)
{
	const struct rule_u_turn *s = step->self;
	struct memory *m = memory;
	double turned;
	struct media since;
	if (m->done)
		return;
	/* Who leaves the picture where another comes in is not one who turned round there. */
	if (v->cut)
		forget(m);
	if (v->doubtful)
		return;
	if (s->zone && !outline_contains(s->zone, v->center)) {
		forget(m);
		return;
	}
	struct vec2 moved = vec2_sub(v->center, m->from);
	if (!m->known) {
		m->from = v->center;
		m->from_at = v->at;
		m->known = true;
		return;
	}
	double length = vec2_length(moved);
	if (length < STEP_M * v->units_per_m ||
		length < 5 * vehicle_sigma(v, vec2_scale(moved, 1 / length)))
		return;
	/* A chord has the direction of its middle. */
	struct media middle = {m->from_at.us + (v->at.us - m->from_at.us) / 2};
	m->from = v->center;
	m->from_at = v->at;
	/* Left is to the left of the driver in both spaces. */
	double up = step->site->calibration ? moved.y : -moved.y;
	if (!turned_round(s, m, middle, atan2(up, moved.x) * DEGREES, &turned, &since))
		return;
	m->done = true;
	report(step, v, middle, since, turned);
}

const struct rule_ops rule_u_turn_ops = {
	.kind = VIOLATION_ILLEGAL_U_TURN,
	.options = &rule_u_turn_options,
	.refs = {{"zone", RULE_REF_ZONE, offsetof(struct rule_u_turn_params, zone)}},
	.self_size = sizeof(struct rule_u_turn),
	.memory_size = sizeof(struct memory),
	.create = create,
	.vehicle = vehicle,
};
