/*
 * tailgating: too close behind the one in front, at speed, and for a while.
 *
 * The one in front is the nearest ahead in the same track (LANE_M to either side of the way the
 * follower goes) that goes the same way. The gap is from its rear to the follower's front; the
 * time gap is that over the follower's speed. Its uncertainty has the positions, the speed, and the
 * length of the vehicle whose far end the camera does not see. It fires where the time gap
 * plus 1.96 standard deviations has been below min_gap_s for min_duration_s behind the same
 * vehicle, at min_speed_kmh or more; reported is the mean over that time.
 */
#include "base/units.h"
#include "judge/rule.h"

#include <stdio.h>

#define LANE_M 1.3
#define SAME_WAY 0.94 /* cosine: within 20 degrees */
#define LENGTH_SIGMA_RATIO 0.12
#define SILENT_S 0.6

struct rule_tailgating_params {
	struct rule_common common;
	char *zone;
	double min_gap_s, min_speed_kmh, min_duration_s;
};

static const struct option list[] = {
	RULE_COMMON(rule_tailgating_params),
	{"zone", OPTION_STRING, offsetof(struct rule_tailgating_params, zone),
		.help = "where it applies; none: everywhere"},
	{"min_gap_s", OPTION_REAL, offsetof(struct rule_tailgating_params, min_gap_s), .min = 0.1,
		.max = 10, .def = 0.9, .unit = "s", .help = "least time gap allowed"},
	{"min_speed_kmh", OPTION_REAL, offsetof(struct rule_tailgating_params, min_speed_kmh),
		.min = 5, .max = 300, .def = 30, .unit = "km/h",
		.help = "slower than that it is a queue"},
	{"min_duration_s", OPTION_REAL, offsetof(struct rule_tailgating_params, min_duration_s),
		.min = 0.2, .max = 60, .def = 2, .unit = "s", .help = "it must last that long"},
};
const struct option_table rule_tailgating_options =
	RULE_TABLE("tailgating", rule_tailgating_params, list, "too close behind the one in front");

struct rule_tailgating {
	const struct outline *zone;
	double min_gap_s, min_speed_mps, min_duration_s;
};

struct memory {
	bool close, done;
	uint32_t leader;
	struct media since, last;
	double sum_s, sum_sigma_s, sum_mps;
	int count;
};

struct gap {
	double seconds, sigma_s, meters;
};

static int create(const void *params, const struct site *site, struct err *err, void *self)
{
	const struct rule_tailgating_params *p = params;
	struct rule_tailgating *s = self;
	(void)err;
	s->zone = site_zone(site, p->zone);
	s->min_gap_s = p->min_gap_s;
	s->min_speed_mps = p->min_speed_kmh / KMH_PER_MPS;
	s->min_duration_s = p->min_duration_s;
	return 0;
}

/*
 * The farther of the two may be hidden below by the other: then it seems still farther, and the gap
 * larger than it is, in the driver's favour. Cut by the border it would seem nearer.
 */
static bool usable(const struct vehicle *v)
{
	return v->measure && !v->cut && v->has_heading && v->road_user != ROAD_USER_PERSON &&
	       v->road_user != ROAD_USER_BICYCLE;
}

static const struct vehicle *leader_of(
	const struct vehicles *vs, const struct vehicle *v, double *ret_ahead)
{
	const struct vehicle *leader = NULL;
	*ret_ahead = INFINITY;
	for (int i = 0; i < vs->used_count; i++) {
		const struct vehicle *o = &vs->items[vs->used[i]];
		if (o == v || !usable(o))
			continue;
		struct vec2 to = vec2_sub(o->center, v->center);
		double ahead = vec2_dot(to, v->heading);
		if (ahead <= 0 || ahead >= *ret_ahead ||
			fabs(vec2_cross(v->heading, to)) > LANE_M ||
			vec2_dot(o->heading, v->heading) < SAME_WAY)
			continue;
		*ret_ahead = ahead;
		leader = o;
	}
	return leader;
}

static struct gap gap_between(const struct vehicle *v, const struct vehicle *leader, double ahead)
{
	double speed = v->measure->speed_mps;
	bool away = vec2_dot(v->towards, v->heading) < 0;
	double length_sigma = 2 * LENGTH_SIGMA_RATIO * (away ? v : leader)->half_length;
	double position = hypot(vehicle_sigma(v, v->heading), vehicle_sigma(leader, v->heading));
	struct gap gap = {.meters = fmax(ahead - v->half_length - leader->half_length, 0)};
	gap.seconds = gap.meters / speed;
	gap.sigma_s = hypot(hypot(length_sigma, position) / speed,
		gap.seconds * v->measure->speed_sigma_mps / speed);
	return gap;
}

static enum severity severity_of(double ratio)
{
	if (ratio >= 0.75)
		return SEVERITY_LOW;
	if (ratio >= 0.5)
		return SEVERITY_MEDIUM;
	return ratio >= 0.25 ? SEVERITY_HIGH : SEVERITY_CRITICAL;
}

static void report(struct rule_step *step, const struct vehicle *v, const struct memory *m)
{
	const struct rule_tailgating *s = step->self;
	struct violation *out = rule_report(step, v, m->since);
	double speed = m->sum_mps / m->count;
	char subject[32];
	out->measured = m->sum_s / m->count;
	out->uncertainty = INTERVAL_95 * m->sum_sigma_s / m->count;
	out->limit = s->min_gap_s;
	out->tolerance = 0;
	out->unit = "s";
	out->severity = severity_of(out->measured / out->limit);
	snprintf(out->explanation, sizeof(out->explanation),
		"%s followed vehicle %u with a gap of %.2f s +-%.2f (95 %%), %.1f m at %.0f km/h, "
		"on average "
		"from t = %.2f s to %.2f s; at least %.1f s are required.",
		rule_subject(v, subject), m->leader, out->measured, out->uncertainty,
		out->measured * speed, speed * KMH_PER_MPS, media_seconds(m->since),
		media_seconds(step->now), s->min_gap_s);
}

static void follow(struct rule_step *step, const struct vehicle *v, struct memory *m,
	const struct vehicle *leader, const struct gap *gap)
{
	const struct rule_tailgating *s = step->self;
	if (!m->close || m->leader != leader->id) {
		*m = (struct memory){.close = true, .leader = leader->id, .since = v->at};
	}
	m->last = v->at;
	m->sum_s += gap->seconds;
	m->sum_sigma_s += gap->sigma_s;
	m->sum_mps += v->measure->speed_mps;
	m->count++;
	if (media_diff_s(step->now, m->since) < s->min_duration_s)
		return;
	m->done = true;
	report(step, v, m);
}

/* Whether the detector saw it in this frame: else somebody farther ahead looks like the leader. */
static bool is_seen(const struct vehicles *vs, uint32_t id)
{
	for (int i = 0; i < vs->used_count; i++)
		if (vs->items[vs->used[i]].id == id)
			return vs->items[vs->used[i]].measure != NULL;
	return false;
}

static void vehicle(struct rule_step *step, struct vehicle *v, void *memory)
{
	const struct rule_tailgating *s = step->self;
	struct memory *m = memory;
	double ahead;
	if (m->done)
		return;
	if (media_diff_s(step->now, m->last) > SILENT_S)
		m->close = false;
	if (!usable(v) || v->measure->speed_status != SPEED_OK)
		return;
	if (v->measure->speed_mps < s->min_speed_mps ||
		(s->zone && !outline_contains(s->zone, v->center))) {
		m->close = false;
		return;
	}
	const struct vehicle *leader = leader_of(step->vehicles, v, &ahead);
	if (!leader || (m->close && leader->id != m->leader && !is_seen(step->vehicles, m->leader)))
		return;
	struct gap gap = gap_between(v, leader, ahead);
	if (gap.seconds + INTERVAL_95 * gap.sigma_s < s->min_gap_s)
		follow(step, v, m, leader, &gap);
	else
		m->close = false;
}

const struct rule_ops rule_tailgating_ops = {
	.kind = VIOLATION_TAILGATING,
	.options = &rule_tailgating_options,
	.needs_calibration = true,
	.refs = {{"zone", RULE_REF_ZONE, offsetof(struct rule_tailgating_params, zone)}},
	.self_size = sizeof(struct rule_tailgating),
	.memory_size = sizeof(struct memory),
	.create = create,
	.vehicle = vehicle,
};
