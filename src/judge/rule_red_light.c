/*
 * red_light: the stop line crossed while the lamp is red.
 *
 * What crosses is the front of the vehicle: its footprint's far end for one that drives away from
 * the camera, where only the rear is seen, and then the length is that of its class and adds to the
 * uncertainty. The moment is interpolated between frames. It is a violation where
 *   - the lamp had then been red for longer than grace_s, by more than the uncertainty of the two
 *     moments (95 %), and was still red that much later; red with yellow is still red; an unknown
 *     lamp says nothing;
 *   - and the vehicle went on: its rear passed the line as well, or (on the road plane) its front
 *     got confirm_m beyond it, while the lamp was still red or within PROCEED_S. Who stops just
 * over the line, rolls back, or stood there when the lamp turned red has not driven on. Where
 * exempt zones are given (a turn allowed on red), the verdict waits until the vehicle has been in
 * one of them (then there is none) or exempt_wait_s are over. Who is lost from sight before is
 * reported only where it was beyond those zones.
 */
#include "base/units.h"
#include "judge/crosser.h"
#include "judge/rule.h"

#include <stdio.h>

#define PROCEED_S 3.0
#define LENGTH_SIGMA_RATIO 0.12 /* how vehicles of one class differ in length */
#define DEPTH_SIGMA_RATIO 0.5 /* how well a box alone tells the depth of a footprint */
#define SPEED_WINDOW_S 0.5
#define EXEMPT_ZONES_MAX 8

static const char *const direction_names[] = {"forward", "backward", NULL};

struct rule_red_light_params {
	struct rule_common common;
	char *line, *signal;
	int direction;
	double grace_s, confirm_m, exempt_wait_s;
	struct option_strings exempt_zones;
};

static const struct option list[] = {
	RULE_COMMON(rule_red_light_params),
	{"line", OPTION_STRING, offsetof(struct rule_red_light_params, line), .required = true,
		.help = "the stop line"},
	{"signal", OPTION_STRING, offsetof(struct rule_red_light_params, signal), .required = true,
		.help = "the signal that it belongs to"},
	{"direction", OPTION_ENUM, offsetof(struct rule_red_light_params, direction),
		.names = direction_names,
		.help = "forward: from the left to the right of who walks along the line"},
	{"grace_s", OPTION_REAL, offsetof(struct rule_red_light_params, grace_s), .min = 0,
		.max = 10, .def = 0.3, .unit = "s",
		.help = "after the lamp turned red nothing is said for so long"},
	{"confirm_m", OPTION_REAL, offsetof(struct rule_red_light_params, confirm_m), .min = 0.5,
		.max = 50, .def = 4, .unit = "m",
		.help = "this far over the line it has driven on"},
	{"exempt_zones", OPTION_STRINGS, offsetof(struct rule_red_light_params, exempt_zones),
		.max = EXEMPT_ZONES_MAX, .help = "who goes there may cross on red (turn on red)"},
	{"exempt_wait_s", OPTION_REAL, offsetof(struct rule_red_light_params, exempt_wait_s),
		.min = 0, .max = 60, .def = 6, .unit = "s",
		.help = "how long to wait for where it goes"},
};
const struct option_table rule_red_light_options =
	RULE_TABLE("red_light", rule_red_light_params, list, "the stop line crossed on red");

struct rule_red_light {
	const struct outline *line;
	const struct lights *signal;
	int direction; /* +1 or -1 */
	double grace_s, confirm_m, exempt_wait_s;
	const struct outline *exempt[EXEMPT_ZONES_MAX];
	int exempt_count;
};

enum phase {
	BEFORE,
	CROSSED, /* on red, not yet sure that it drives on */
	WAITING, /* sure; where does it go? */
	DONE,
};

struct memory {
	struct crosser front;
	enum phase phase;
	bool exempt;
	struct media at, red_since, confirmed_at;
	double red_s, uncertainty_s;
	struct box box;
};

static int create(const void *params, const struct site *site, struct err *err, void *self)
{
	const struct rule_red_light_params *p = params;
	struct rule_red_light *s = self;
	(void)err;
	s->line = site_line(site, p->line);
	s->signal = site_lights(site, p->signal);
	s->direction = p->direction == 0 ? 1 : -1;
	s->grace_s = p->grace_s;
	s->confirm_m = p->confirm_m;
	s->exempt_wait_s = p->exempt_wait_s;
	for (int i = 0; i < p->exempt_zones.count && i < EXEMPT_ZONES_MAX; i++)
		s->exempt[s->exempt_count++] = site_zone(site, p->exempt_zones.items[i]);
	return 0;
}

static bool is_red(enum lamp lamp)
{
	return lamp == LAMP_RED || lamp == LAMP_RED_YELLOW;
}

static enum severity severity_of(double red_s)
{
	if (red_s < 1)
		return SEVERITY_MEDIUM;
	return red_s < 5 ? SEVERITY_HIGH : SEVERITY_CRITICAL;
}

static void report(struct rule_step *step, const struct vehicle *v, struct memory *m)
{
	const struct rule_red_light *s = step->self;
	struct violation *out = rule_report(step, v, m->at);
	char subject[32];
	m->phase = DONE;
	out->measured = m->red_s;
	out->uncertainty = m->uncertainty_s;
	out->limit = 0;
	out->tolerance = s->grace_s;
	out->unit = "s";
	out->from = m->red_since;
	out->to = m->confirmed_at;
	out->box = m->box;
	out->severity = severity_of(m->red_s);
	snprintf(out->explanation, sizeof(out->explanation),
		"%s crossed the line \"%s\" at t = %.2f s, when the signal \"%s\" had been red for "
		"%.2f s "
		"+-%.2f (95 %%; since t = %.2f s, grace %.1f s), and had driven on by t = %.2f s.",
		rule_subject(v, subject), s->line->name, media_seconds(m->at), s->signal->name,
		m->red_s, m->uncertainty_s, media_seconds(m->red_since), s->grace_s,
		media_seconds(m->confirmed_at));
}

/*
 * 95 % of how well crossing and onset are known: frames, position, length, over its speed, which is
 * no more than the mean since the crossing: whoever stood with its front at the line met it
 * whenever noise said so.
 */
static double uncertainty_s(const struct rule_step *step, const struct vehicle *v,
	struct vec2 forward, double extent, bool far_end, double mean)
{
	struct vec2 velocity;
	double ratio = step->site->calibration ? LENGTH_SIGMA_RATIO : DEPTH_SIGMA_RATIO;
	double position = hypot(vehicle_sigma(v, forward), far_end ? 2 * extent * ratio : 0);
	double speed = vehicle_velocity(v, SPEED_WINDOW_S, &velocity, NULL)
			       ? vec2_dot(velocity, forward)
			       : 0;
	double moment = position / fmax(fmin(speed, mean), 0.2 * v->units_per_m);
	/* The lamp turned red somewhere between two frames. */
	return INTERVAL_95 * hypot(moment, step->frame_s / sqrt(12));
}

static void cross(struct rule_step *step, const struct vehicle *v, struct memory *m,
	struct vec2 forward, double extent, double beyond, struct media at)
{
	const struct rule_red_light *s = step->self;
	struct signal_state lamp = lights_at(s->signal, at);
	/* Driving away, the front is the end that the camera does not see. */
	bool away = step->site->calibration ? vec2_dot(v->towards, forward) < 0 : forward.y < 0;
	m->phase = BEFORE;
	if (!is_red(lamp.lamp) || lamp.since.us == MEDIA_NONE.us)
		return;
	m->at = at;
	m->red_since = lamp.since;
	m->red_s = media_diff_s(at, lamp.since);
	double since_s = fmax(media_diff_s(v->at, at), 0.5 * step->frame_s);
	m->uncertainty_s = uncertainty_s(step, v, forward, extent, away, beyond / since_s);
	m->box = v->box;
	m->exempt = false;
	if (m->red_s - m->uncertainty_s > s->grace_s)
		m->phase = CROSSED;
}

static void confirm(struct rule_step *step, const struct vehicle *v, struct memory *m, double front,
	double rear)
{
	const struct rule_red_light *s = step->self;
	bool far = step->site->calibration && front >= s->confirm_m;
	bool quick = media_diff_s(step->now, m->at) <= PROCEED_S;
	if (!quick && !is_red(lights_at(s->signal, step->now).lamp)) {
		m->phase = BEFORE;
		return;
	}
	if (rear < 0 && !far)
		return;
	/* Had it crossed as late as can be, would the lamp still have been red? */
	int64_t late_us = m->at.us + media_from_seconds(m->uncertainty_s).us;
	struct media late = {late_us < step->now.us ? late_us : step->now.us};
	if (!is_red(lights_at(s->signal, late).lamp)) {
		m->phase = BEFORE;
		return;
	}
	m->confirmed_at = step->now;
	m->box = v->box;
	m->phase = WAITING;
}

static void vehicle(struct rule_step *step, struct vehicle *v, void *memory)
{
	const struct rule_red_light *s = step->self;
	struct memory *m = memory;
	struct vec2 forward;
	struct media at;
	if (m->phase == DONE)
		return;
	double center = s->direction * outline_side(s->line, v->center, &forward);
	forward = vec2_scale(forward, s->direction);
	double extent = vehicle_extent(step->vehicles, v, forward);
	struct vec2 front = vec2_add(v->center, vec2_scale(forward, extent));
	double margin = larger(0.1 * v->units_per_m, vehicle_sigma(v, forward));
	if (!v->doubtful && !v->still && m->phase != WAITING) {
		int crossed = crosser_step(&m->front, s->line, front, margin, v->at, &at);
		if (crossed == s->direction)
			cross(step, v, m, forward, extent, center + extent, at);
		else if (crossed)
			m->phase = BEFORE;
		if (m->phase == CROSSED)
			confirm(step, v, m, center + extent, center - extent);
	}
	for (int i = 0; i < s->exempt_count && m->phase != BEFORE; i++)
		m->exempt |= outline_contains(s->exempt[i], v->center);
	if (m->phase != WAITING)
		return;
	if (m->exempt)
		m->phase = DONE;
	else if (!s->exempt_count || media_diff_s(step->now, m->at) >= s->exempt_wait_s)
		report(step, v, m);
}

/* Beyond all of the exempt zones: wherever it went from there, it was not into one of them. */
static bool passed_exempt(const struct rule_red_light *s, const struct vehicle *v)
{
	double at = s->direction * outline_side(s->line, v->center, NULL), furthest = 0;
	for (int i = 0; i < s->exempt_count; i++)
		for (int k = 0; k < s->exempt[i]->count; k++)
			furthest = fmax(furthest,
				s->direction *
					outline_side(s->line, s->exempt[i]->points[k], NULL));
	return !s->exempt_count || at > furthest;
}

static void gone(struct rule_step *step, struct vehicle *v, void *memory)
{
	struct memory *m = memory;
	if (m->phase == WAITING && passed_exempt(step->self, v))
		report(step, v, m);
}

const struct rule_ops rule_red_light_ops = {
	.kind = VIOLATION_RED_LIGHT,
	.options = &rule_red_light_options,
	.refs = {{"line", RULE_REF_LINE, offsetof(struct rule_red_light_params, line)},
		{"signal", RULE_REF_SIGNAL, offsetof(struct rule_red_light_params, signal)},
		{"exempt_zones", RULE_REF_ZONES,
			offsetof(struct rule_red_light_params, exempt_zones)}},
	.self_size = sizeof(struct rule_red_light),
	.memory_size = sizeof(struct memory),
	.create = create,
	.vehicle = vehicle,
	.gone = gone,
};
