/*
 * wrong_way: driven against the direction of a zone.
 *
 * Progress along the zone's direction is followed from its furthest point so far. Where the vehicle
 * has gone back from there by distance_m, less twice the noise of the position, and the straight
 * way from there to here points more than max_angle_deg off the direction, it goes the wrong way.
 * Reversing into a parking space is shorter; standing and jitter are no distance.
 */
#include "judge/rule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEGREES (180 / M_PI)

struct rule_wrong_way_params {
	struct rule_common common;
	char *zone;
	struct option_points direction;
	double max_angle_deg, distance_m;
};

static const struct option list[] = {
	RULE_COMMON(rule_wrong_way_params),
	{"zone", OPTION_STRING, offsetof(struct rule_wrong_way_params, zone), .required = true,
		.help = "the lane or carriageway"},
	{"direction", OPTION_POINTS, offsetof(struct rule_wrong_way_params, direction), .min = 2,
		.max = 2, .required = true,
		.help = "an arrow the way it is driven, in the coordinates of the zone"},
	{"max_angle_deg", OPTION_REAL, offsetof(struct rule_wrong_way_params, max_angle_deg),
		.min = 91, .max = 179, .def = 120, .unit = "deg",
		.help = "further off the arrow is the wrong way"},
	{"distance_m", OPTION_REAL, offsetof(struct rule_wrong_way_params, distance_m), .min = 1,
		.max = 1000, .def = 10, .unit = "m", .help = "that far against the arrow"},
};
const struct option_table rule_wrong_way_options =
	RULE_TABLE("wrong_way", rule_wrong_way_params, list, "driven against the direction");

struct rule_wrong_way {
	const struct outline *zone;
	struct vec2 direction; /* unit vector, working space */
	double max_angle_deg, distance_m;
};

struct memory {
	bool inside, done;
	struct vec2 furthest;
	struct media furthest_at;
};

static const struct zone_params *find_zone(const struct judge_params *params, const char *name)
{
	const struct zone_params *zones = params->zones.items;
	for (int i = 0; name && i < params->zones.count; i++)
		if (zones[i].name && !strcmp(zones[i].name, name))
			return &zones[i];
	return NULL;
}

static void check(const void *params, const struct rule_check *c)
{
	const struct rule_wrong_way_params *p = params;
	const struct zone_params *zone = find_zone(c->params, p->zone);
	if (p->direction.count != 2)
		return;
	struct vec2 a = p->direction.items[0], b = p->direction.items[1];
	if (!(vec2_length(vec2_sub(b, a)) > 0))
		rule_problem(
			c, PROBLEM_ERROR, "direction", "both ends of the arrow are the same point");
	else if (zone && !polygon_contains(zone->polygon.items, zone->polygon.count,
				 vec2_scale(vec2_add(a, b), 0.5)))
		rule_problem(c, PROBLEM_WARNING, "direction",
			"the arrow lies outside of the zone \"%s\"", p->zone);
}

static int create(const void *params, const struct site *site, struct err *err, void *self)
{
	const struct rule_wrong_way_params *p = params;
	struct rule_wrong_way *s = self;
	struct outline arrow;
	s->zone = site_zone(site, p->zone);
	int r = outline_init(
		&arrow, "direction", &p->direction, false, s->zone->space, site->calibration, err);
	if (r < 0)
		return r;
	struct vec2 d = vec2_sub(arrow.points[arrow.count - 1], arrow.points[0]);
	outline_finish(&arrow);
	if (!(vec2_length(d) > 0))
		return err_set(
			err, -EINVAL, "direction: both ends of the arrow are the same point");
	s->direction = vec2_scale(d, 1 / vec2_length(d));
	s->max_angle_deg = p->max_angle_deg;
	s->distance_m = p->distance_m;
	return 0;
}

static void report(struct rule_step *step, const struct vehicle *v, const struct memory *m,
	double angle_deg, double back_m)
{
	const struct rule_wrong_way *s = step->self;
	struct violation *out = rule_report(step, v, step->now);
	char subject[32];
	out->from = m->furthest_at;
	out->measured = angle_deg;
	out->limit = s->max_angle_deg;
	out->unit = "deg";
	out->severity = back_m >= 3 * s->distance_m ? SEVERITY_CRITICAL : SEVERITY_HIGH;
	snprintf(out->explanation, sizeof(out->explanation),
		"%s drove %.1f m%s against the direction of \"%s\" from t = %.2f s to %.2f s, %.0f "
		"degrees "
		"off it; more than %.0f degrees over %.0f m is the wrong way.",
		rule_subject(v, subject), back_m, step->site->calibration ? "" : " (estimated)",
		s->zone->name, media_seconds(m->furthest_at), media_seconds(step->now), angle_deg,
		s->max_angle_deg, s->distance_m);
}

static void vehicle(struct rule_step *step, struct vehicle *v, void *memory)
{
	const struct rule_wrong_way *s = step->self;
	struct memory *m = memory;
	if (m->done || v->doubtful)
		return;
	bool inside = outline_contains(s->zone, v->center);
	struct vec2 moved = vec2_sub(v->center, m->furthest);
	double along = vec2_dot(moved, s->direction);
	if (!inside || !m->inside || along >= 0) {
		m->inside = inside;
		m->furthest = v->center;
		m->furthest_at = v->at;
		return;
	}
	double back = -along - 2 * vehicle_sigma(v, s->direction);
	double angle_deg = acos(fmax(along / vec2_length(moved), -1)) * DEGREES;
	if (back < s->distance_m * v->units_per_m || angle_deg <= s->max_angle_deg)
		return;
	m->done = true;
	report(step, v, m, angle_deg, -along / v->units_per_m);
}

const struct rule_ops rule_wrong_way_ops = {
	.kind = VIOLATION_WRONG_WAY,
	.options = &rule_wrong_way_options,
	.refs = {{"zone", RULE_REF_ZONE, offsetof(struct rule_wrong_way_params, zone)}},
	.self_size = sizeof(struct rule_wrong_way),
	.memory_size = sizeof(struct memory),
	.check = check,
	.create = create,
	.vehicle = vehicle,
};
