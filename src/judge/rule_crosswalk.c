/*
 * pedestrian_right_of_way: driven onto a crosswalk in front of somebody who is on it.
 *
 * At the moment when the front of a moving vehicle comes into the zone, each person in the zone is
 * looked at from the way the vehicle goes. A person is in its way who is within conflict_m of that
 * way, or walks towards it and reaches it within conflict_s; not who walks away from it and is
 * clear of the vehicle. It is a violation once the vehicle has driven on by PROCEEDED_M. Who stops
 * with the front over the edge, and who was standing there before, has not.
 */
#include "judge/rule.h"

#include <stdio.h>

#define PROCEEDED_M 2.0
#define PROCEED_S 4.0
#define MOVING_MPS 0.8
#define WALKING_MPS 0.3
#define CLEAR_M 0.7 /* beside the vehicle */
#define WINDOW_S 0.6
#define HIDDEN_S 1.0

struct rule_crosswalk_params {
	struct rule_common common;
	char *zone;
	double conflict_m, conflict_s;
};

static const struct option list[] = {
	RULE_COMMON(rule_crosswalk_params),
	{"zone", OPTION_STRING, offsetof(struct rule_crosswalk_params, zone), .required = true,
		.help = "the crosswalk"},
	{"conflict_m", OPTION_REAL, offsetof(struct rule_crosswalk_params, conflict_m), .min = 0,
		.max = 20, .def = 3, .unit = "m",
		.help = "a person that near to its way has priority"},
	{"conflict_s", OPTION_REAL, offsetof(struct rule_crosswalk_params, conflict_s), .min = 0,
		.max = 20, .def = 2, .unit = "s",
		.help = "so has one who reaches it within that time"},
};
const struct option_table rule_crosswalk_options = RULE_TABLE("pedestrian_right_of_way",
	rule_crosswalk_params, list, "a pedestrian on a crosswalk not let pass");

struct rule_crosswalk {
	const struct outline *zone;
	double conflict_m, conflict_s;
};

struct memory {
	bool known, inside, pending, done;
	struct vec2 entered_at;
	struct media at;
	uint32_t person;
	double beside_m, uncertainty_m;
};

static int create(const void *params, const struct site *site, struct err *err, void *self)
{
	const struct rule_crosswalk_params *p = params;
	struct rule_crosswalk *s = self;
	(void)err;
	s->zone = site_zone(site, p->zone);
	s->conflict_m = p->conflict_m;
	s->conflict_s = p->conflict_s;
	return 0;
}

/* How far beside the way of `v` the person is, in metres; INFINITY where not in its way. */
static double in_the_way(
	const struct rule_crosswalk *s, const struct vehicle *v, const struct vehicle *person)
{
	struct vec2 to = vec2_sub(person->sure, v->center), walk;
	double unit = v->units_per_m, left = vec2_cross(v->heading, to) / unit;
	double beside = fabs(left), away;
	if (vec2_dot(to, v->heading) < 0)
		return INFINITY;
	if (!vehicle_velocity(person, WINDOW_S, &walk, NULL))
		walk = vehicle_box_velocity(person);
	away = copysign(1, left) * vec2_cross(v->heading, walk) / unit;
	if (away > WALKING_MPS && beside > v->half_width / unit + CLEAR_M)
		return INFINITY;
	bool coming = away < -WALKING_MPS && beside <= -away * s->conflict_s;
	return beside <= s->conflict_m || coming ? beside : INFINITY;
}

/* False where it is not known yet how it moves: to be asked again in the next frame. */
static bool enter(struct rule_step *step, const struct vehicle *v, struct memory *m)
{
	const struct rule_crosswalk *s = step->self;
	const struct vehicles *vs = step->vehicles;
	struct vec2 velocity;
	double nearest = INFINITY;
	if (!vehicle_velocity(v, WINDOW_S, &velocity, NULL))
		return false;
	if (vec2_length(velocity) < MOVING_MPS * v->units_per_m)
		return true;
	for (int i = 0; i < vs->used_count; i++) {
		const struct vehicle *person = &vs->items[vs->used[i]];
		/* The vehicle itself soon hides the feet of who is behind it. */
		if (!vehicle_is_person(person) || person->sure_at.us == MEDIA_NONE.us ||
			media_diff_s(step->now, person->sure_at) > HIDDEN_S ||
			!outline_contains(s->zone, person->sure))
			continue;
		double beside = in_the_way(s, v, person);
		if (beside >= nearest)
			continue;
		nearest = beside;
		m->person = person->id;
	}
	m->pending = isfinite(nearest);
	m->beside_m = nearest;
	m->entered_at = v->center;
	m->at = v->at;
	return true;
}

static void report(struct rule_step *step, const struct vehicle *v, const struct memory *m)
{
	const struct rule_crosswalk *s = step->self;
	struct violation *out = rule_report(step, v, m->at);
	char subject[32], distance[40] = "";
	out->severity = m->beside_m <= 1.5 ? SEVERITY_CRITICAL : SEVERITY_HIGH;
	if (step->site->calibration) {
		out->measured = m->beside_m;
		out->limit = s->conflict_m;
		out->unit = "m";
		snprintf(distance, sizeof(distance), " %.1f m beside its way", m->beside_m);
	}
	snprintf(out->explanation, sizeof(out->explanation),
		"%s drove onto the crosswalk \"%s\" at t = %.2f s with person %u on it%s, and had "
		"driven on "
		"by t = %.2f s.",
		rule_subject(v, subject), s->zone->name, media_seconds(m->at), m->person, distance,
		media_seconds(step->now));
}

static void vehicle(struct rule_step *step, struct vehicle *v, void *memory)
{
	const struct rule_crosswalk *s = step->self;
	struct memory *m = memory;
	if (m->done || v->doubtful || !v->has_heading || v->road_user == ROAD_USER_PERSON)
		return;
	double reach = vehicle_extent(step->vehicles, v, v->heading);
	struct vec2 front = vec2_add(v->center, vec2_scale(v->heading, reach));
	bool inside = outline_contains(s->zone, front) || outline_contains(s->zone, v->center);
	if (inside && !m->inside && m->known && !m->pending && !enter(step, v, m))
		return;
	m->inside = inside;
	m->known = true;
	if (!m->pending)
		return;
	if (media_diff_s(step->now, m->at) > PROCEED_S) {
		m->pending = false;
		return;
	}
	if (vec2_length(vec2_sub(v->center, m->entered_at)) < PROCEEDED_M * v->units_per_m)
		return;
	m->done = true;
	report(step, v, m);
}

const struct rule_ops rule_crosswalk_ops = {
	.kind = VIOLATION_PEDESTRIAN_RIGHT_OF_WAY,
	.options = &rule_crosswalk_options,
	.refs = {{"zone", RULE_REF_ZONE, offsetof(struct rule_crosswalk_params, zone)}},
	.self_size = sizeof(struct rule_crosswalk),
	.memory_size = sizeof(struct memory),
	.create = create,
	.vehicle = vehicle,
};
