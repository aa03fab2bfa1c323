/*
 * stop_sign: driven over the line without having stopped before it.
 *
 * The slowest moment is looked for while the front of the vehicle is between approach_m before the
 * line and BEYOND_M behind it. Speeds are those of least squares over WINDOW_S, short enough for a
 * short stop, with the standard error of the fit. It is a violation where the front got PROCEEDED_M
 * over the line and even the slowest speed, less 1.96 standard errors, was more than max_speed_kmh.
 * Where it was hidden, it was no slower than the hardest braking and accelerating allow between the
 * speeds before and after; where that may have been a stop, it is not judged.
 */
#include "base/units.h"
#include "judge/crosser.h"
#include "judge/rule.h"

#include <stdio.h>

#define WINDOW_S 0.4
#define BEYOND_M 1.0
#define PROCEEDED_M 2.0
#define UNSEEN_S 0.5
#define BEFORE_RATIO 3 /* approaches before the line, from where on speeds are kept */
/* While nobody looks. */
#define BRAKING_MPS2 8.0
#define ACCELERATION_MPS2 4.0

static const char *const direction_names[] = {"forward", "backward", NULL};

struct rule_stop_sign_params {
	struct rule_common common;
	char *line;
	int direction;
	double approach_m, max_speed_kmh;
};

static const struct option list[] = {
	RULE_COMMON(rule_stop_sign_params),
	{"line", OPTION_STRING, offsetof(struct rule_stop_sign_params, line), .required = true,
		.help = "where to stop"},
	{"direction", OPTION_ENUM, offsetof(struct rule_stop_sign_params, direction),
		.names = direction_names,
		.help = "forward: from the left to the right of who walks along the line"},
	{"approach_m", OPTION_REAL, offsetof(struct rule_stop_sign_params, approach_m), .min = 2,
		.max = 100, .def = 8, .unit = "m",
		.help = "a stop that far before the line is one"},
	{"max_speed_kmh", OPTION_REAL, offsetof(struct rule_stop_sign_params, max_speed_kmh),
		.min = 0, .max = 30, .def = 4, .unit = "km/h",
		.help = "slower than that is stopped"},
};
const struct option_table rule_stop_sign_options =
	RULE_TABLE("stop_sign", rule_stop_sign_params, list, "not stopped at a stop sign");

struct rule_stop_sign {
	const struct outline *line;
	int direction;
	double approach_m, max_speed_kmh;
};

struct memory {
	struct crosser front;
	bool approaching, crossed, done;
	struct media since, at, slowest_at;
	double slowest_mps, sigma_mps;
	/* When its speed was last known, and what it was then. */
	bool has_speed;
	struct media known_at;
	double known_mps;
};

static int create(const void *params, const struct site *site, struct err *err, void *self)
{
	const struct rule_stop_sign_params *p = params;
	struct rule_stop_sign *s = self;
	(void)err;
	s->line = site_line(site, p->line);
	s->direction = p->direction == 0 ? 1 : -1;
	s->approach_m = p->approach_m;
	s->max_speed_kmh = p->max_speed_kmh;
	return 0;
}

static enum severity severity_of(double kmh)
{
	if (kmh < 10)
		return SEVERITY_LOW;
	return kmh < 20 ? SEVERITY_MEDIUM : SEVERITY_HIGH;
}

static void report(struct rule_step *step, const struct vehicle *v, const struct memory *m)
{
	const struct rule_stop_sign *s = step->self;
	struct violation *out = rule_report(step, v, m->at);
	char subject[32];
	out->from = m->since;
	out->measured = m->slowest_mps * KMH_PER_MPS;
	out->uncertainty = INTERVAL_95 * m->sigma_mps * KMH_PER_MPS;
	out->limit = s->max_speed_kmh;
	out->tolerance = 0;
	out->unit = "km/h";
	out->severity = severity_of(out->measured);
	snprintf(out->explanation, sizeof(out->explanation),
		"%s drove over the line \"%s\" at t = %.2f s without a stop: within %.0f m before "
		"it the "
		"slowest was %.1f km/h +-%.1f (95 %%) at t = %.2f s; up to %.1f km/h counts as "
		"stopped.",
		rule_subject(v, subject), s->line->name, media_seconds(m->at), s->approach_m,
		out->measured, out->uncertainty, media_seconds(m->slowest_at), s->max_speed_kmh);
}

/*
 * The least speed that one can have had who brakes from `before` and accelerates to `after` within
 * `seconds`.
 */
static double least_between(double before, double after, double seconds)
{
	double share = ACCELERATION_MPS2 / BRAKING_MPS2;
	double least = (after + share * before - ACCELERATION_MPS2 * seconds) / (1 + share);
	return fmax(fmin(least, fmin(before, after)), 0);
}

static void slow(struct memory *m, double speed, double sigma, struct media at)
{
	if (speed >= m->slowest_mps)
		return;
	m->slowest_mps = speed;
	m->sigma_mps = sigma;
	m->slowest_at = at;
}

/* Its speed now, and what it may have been since it was last known; on the way to the line. */
static void approach(const struct vehicle *v, struct memory *m, bool near)
{
	struct vec2 velocity;
	double sigma, speed;
	if (near && !m->approaching) {
		m->approaching = true;
		m->since = v->at;
		m->slowest_mps = INFINITY;
	}
	if (!vehicle_velocity(v, WINDOW_S, &velocity, &sigma))
		return;
	speed = vec2_length(velocity);
	double unknown_s = m->has_speed ? media_diff_s(v->at, m->known_at) : 0;
	if (near && unknown_s > UNSEEN_S)
		slow(m, least_between(m->known_mps, speed, unknown_s), sigma, m->known_at);
	if (near)
		slow(m, speed, sigma, v->at);
	m->has_speed = true;
	m->known_at = v->at;
	m->known_mps = speed;
}

static void vehicle(struct rule_step *step, struct vehicle *v, void *memory)
{
	const struct rule_stop_sign *s = step->self;
	struct memory *m = memory;
	struct vec2 forward;
	struct media at;
	if (m->done || v->doubtful)
		return;
	double center = s->direction * outline_side(s->line, v->center, &forward);
	forward = vec2_scale(forward, s->direction);
	double extent = vehicle_extent(step->vehicles, v, forward), front = center + extent;
	double margin = fmax(0.1, vehicle_sigma(v, forward));
	struct vec2 tip = vec2_add(v->center, vec2_scale(forward, extent));
	int crossed = crosser_step(&m->front, s->line, tip, margin, v->at, &at);
	if (crossed == s->direction) {
		m->crossed = true;
		m->at = at;
	} else if (crossed) {
		m->crossed = m->approaching = false;
	}
	if (front < -s->approach_m)
		m->approaching = false;
	/* Who comes into sight near the line may have stopped before. */
	bool known = m->approaching || m->has_speed || front < -0.5 * s->approach_m;
	if (known && front >= -BEFORE_RATIO * s->approach_m && front <= BEYOND_M)
		approach(v, m, front >= -s->approach_m);
	if (!m->crossed || front < PROCEEDED_M)
		return;
	m->done = true;
	if (!m->approaching || !isfinite(m->slowest_mps))
		return;
	if ((m->slowest_mps - INTERVAL_95 * m->sigma_mps) * KMH_PER_MPS > s->max_speed_kmh)
		report(step, v, m);
}

const struct rule_ops rule_stop_sign_ops = {
	.kind = VIOLATION_STOP_SIGN,
	.options = &rule_stop_sign_options,
	.needs_calibration = true,
	.refs = {{"line", RULE_REF_LINE, offsetof(struct rule_stop_sign_params, line)}},
	.self_size = sizeof(struct rule_stop_sign),
	.memory_size = sizeof(struct memory),
	.create = create,
	.vehicle = vehicle,
};
