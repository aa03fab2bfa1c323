#include "sim/witness_rules.h"

#include "base/units.h"

#include <string.h>

/* The fixed numbers of docs/rules.md. */
#define SPEED_SUSTAIN_S 0.5
#define STRAIGHT_RADPS (15 * M_PI / 180 / 1.5)
#define RED_GRACE_S 0.3
#define RED_CONFIRM_M 4.0
#define RED_PROCEED_S 3.0
#define RED_EXEMPT_S 6.0
#define LANE_MARGIN_M 0.4
#define LANE_SUSTAIN_S 0.3
#define LANE_ALONG_M 30.0
#define LANE_BESIDE_M 6.0
#define WRONG_WAY_M 10.0
#define WRONG_WAY_COS (-0.5) /* more than 120 degrees off */
#define TURN_MAX_S 30.0
#define TURN_DWELL_S 0.3
#define U_TURN_RAD (150 * M_PI / 180)
#define STOP_APPROACH_M 8.0
#define STOP_BEYOND_M 1.0
#define STOP_PROCEED_M 2.0
#define STOP_MAX_KMH 4.0
#define GAP_SUSTAIN_S 2.0
#define GAP_LANE_M 1.3
#define GAP_SAME_WAY 0.94
#define PERSON_CONFLICT_M 3.0
#define PERSON_CONFLICT_S 2.0
#define PERSON_CLEAR_M 0.7
#define PERSON_PROCEED_M 2.0
#define PERSON_PROCEED_S 4.0

/* A number that is stricter by so much at 1, and less strict by so much at -1. */
static double margin(const struct witness_look *l, double usual, double more, double less)
{
	return usual + (l->strict > 0 ? more : less) * l->strict;
}

static bool in_zone(const struct site_zone *zone, struct vec2 at)
{
	return !zone || polygon_contains(zone->polygon, zone->count, at);
}

static bool found(struct witness_finding *f, double at_s, double measured, double limit)
{
	*f = (struct witness_finding){at_s, measured, limit};
	return true;
}

static struct vec2 front(const struct witness_look *l, const struct pose *pose)
{
	return world_ahead(pose, 0.5 * l->mover->length_m);
}

static struct vec2 rear(const struct witness_look *l, const struct pose *pose)
{
	return world_ahead(pose, -0.5 * l->mover->length_m);
}

/*
 * Whether the way from p to q crosses a line: +1 from the left to the right of somebody who walks
 * along it, -1 the other way; 0 not. The share of the way to `ret_share`.
 */
static int crossing(const struct site_line *line, struct vec2 p, struct vec2 q, double *ret_share)
{
	for (int i = 1; i < line->count; i++) {
		struct vec2 a = line->points[i - 1], b = line->points[i];
		if (segments_meet(p, q, a, b, ret_share, NULL))
			return vec2_cross(vec2_sub(b, a), vec2_sub(q, p)) < 0 ? 1 : -1;
	}
	return 0;
}

static double line_distance(const struct site_line *line, struct vec2 p)
{
	double best = INFINITY;
	for (int i = 1; i < line->count; i++)
		best = fmin(best, segment_distance(p, line->points[i - 1], line->points[i]));
	return best;
}

/* How far a place is beyond a straight line, in its forward direction. */
static double beyond(const struct site_line *line, struct vec2 p)
{
	struct vec2 along = vec2_sub(line->points[line->count - 1], line->points[0]);
	return -vec2_cross(along, vec2_sub(p, line->points[0])) / vec2_length(along);
}

static double share_to_time(const struct witness_look *l, double share)
{
	return l->t_s - (1 - share) * WORLD_TICK_S;
}

static bool speed(const struct witness_look *l, struct witness_memory *m, struct witness_finding *f)
{
	double kmh = l->pose->speed_mps * KMH_PER_MPS;
	bool fast = kmh > l->rule->limit_kmh + margin(l, l->rule->tolerance_kmh, 5, 3) &&
		    fabs(l->pose->yaw_rate_radps) < STRAIGHT_RADPS &&
		    in_zone(l->rule->zone, l->pose->center);
	if (fast && !m->pending)
		m->since_s = l->t_s;
	m->pending = fast;
	if (m->done || !fast || l->t_s - m->since_s < margin(l, SPEED_SUSTAIN_S, 1, 0.3))
		return false;
	m->done = true;
	return found(f, l->t_s, kmh, l->rule->limit_kmh);
}

static bool is_exempt(const struct witness_look *l)
{
	for (int i = 0; i < l->rule->exempt_count; i++)
		if (in_zone(l->rule->exempt[i], l->pose->center))
			return true;
	return false;
}

static bool red_light(
	const struct witness_look *l, struct witness_memory *m, struct witness_finding *f)
{
	double share;
	if (!m->pending && !m->done &&
		crossing(l->rule->line, front(l, l->before), front(l, l->pose), &share) > 0) {
		m->at_s = share_to_time(l, share);
		m->value = signal_red_for(l->rule->signal, m->at_s);
		m->pending = m->value > margin(l, RED_GRACE_S, 0.6, 0.3);
		m->inside = false;
	}
	if (!m->pending)
		return false;
	double since = l->t_s - m->at_s;
	bool red = signal_red_for(l->rule->signal, l->t_s) > 0;
	bool on = beyond(l->rule->line, front(l, l->pose)) >= margin(l, RED_CONFIRM_M, 2, 2) ||
		  beyond(l->rule->line, rear(l, l->pose)) > 0;
	if (!m->inside && on && (red || since <= RED_PROCEED_S))
		m->inside = true; /* has driven on */
	if (is_exempt(l) || (!m->inside && !red && since > RED_PROCEED_S)) {
		m->pending = false;
		m->done = true;
		return false;
	}
	if (!m->inside || (l->rule->exempt_count > 0 && since < RED_EXEMPT_S))
		return false;
	m->pending = false;
	m->done = true;
	return found(f, m->at_s, m->value, NAN);
}

/* Somebody has been standing near the line so long that passing over it is allowed. */
static bool passes_standing(const struct witness_look *l)
{
	const struct world *w = l->world;
	for (int i = 0; l->rule->exempt_stationary_s > 0 && i < w->mover_count; i++) {
		const struct mover *o = &w->movers[i];
		if (o == l->mover || !o->active || o->v_mps > WORLD_STANDING_MPS ||
			l->t_s - o->halted_s < l->rule->exempt_stationary_s)
			continue;
		if (line_distance(l->rule->line, w->poses[i].center) < LANE_BESIDE_M &&
			vec2_length(vec2_sub(w->poses[i].center, l->pose->center)) < LANE_ALONG_M)
			return true;
	}
	return false;
}

static bool lane(const struct witness_look *l, struct witness_memory *m, struct witness_finding *f)
{
	double share;
	int side = crossing(l->rule->line, l->before->center, l->pose->center, &share);
	if (side != 0 && m->side != 0 && side != m->side) {
		m->side = 0; /* has gone back */
	} else if (side != 0) {
		m->side = side;
		m->at_s = share_to_time(l, share);
		m->pending = false;
	}
	if (m->done || m->side == 0)
		return false;
	bool clear =
		line_distance(l->rule->line, l->pose->center) >= margin(l, LANE_MARGIN_M, 0.6, 0.2);
	if (clear && !m->pending)
		m->since_s = l->t_s;
	m->pending = clear;
	if (!clear || l->t_s - m->since_s < margin(l, LANE_SUSTAIN_S, 0.7, 0.2))
		return false;
	m->side = 0;
	if (passes_standing(l))
		return false;
	m->done = true;
	return found(f, m->at_s, NAN, NAN);
}

static bool wrong_way(
	const struct witness_look *l, struct witness_memory *m, struct witness_finding *f)
{
	struct vec2 arrow = vec2_sub(l->rule->arrow[1], l->rule->arrow[0]);
	double along = vec2_dot(l->pose->center, arrow) / vec2_length(arrow);
	if (!in_zone(l->rule->zone, l->pose->center)) {
		m->pending = false;
		return false;
	}
	if (!m->pending || along > m->value) {
		m->value = along;
		m->place = l->pose->center;
		m->pending = true;
	}
	struct vec2 back = vec2_sub(l->pose->center, m->place);
	if (m->done || m->value - along < margin(l, WRONG_WAY_M, 8, 4) ||
		vec2_dot(back, arrow) > WRONG_WAY_COS * vec2_length(back) * vec2_length(arrow))
		return false;
	m->done = true;
	double off =
		acos(fmax(-1, vec2_dot(back, arrow) / (vec2_length(back) * vec2_length(arrow))));
	return found(f, l->t_s, off * 180 / M_PI, NAN);
}

static bool stay(const struct witness_look *l, struct witness_memory *m, struct witness_finding *f)
{
	bool stands =
		l->mover->v_mps < WORLD_STANDING_MPS && in_zone(l->rule->zone, l->pose->center);
	if (!stands) {
		m->done = false;
		return false;
	}
	if (m->done || l->t_s - l->mover->halted_s < margin(l, l->rule->limit_s, 2.5, 2.5))
		return false;
	m->done = true;
	return found(f, l->mover->halted_s + l->rule->limit_s, l->rule->limit_s, l->rule->limit_s);
}

static bool turn(const struct witness_look *l, struct witness_memory *m, struct witness_finding *f)
{
	if (in_zone(l->rule->from, l->pose->center)) {
		m->pending = true;
		m->since_s = l->t_s;
		m->inside = false;
		return false;
	}
	bool inside = false;
	for (int i = 0; i < l->rule->to_count; i++)
		inside = inside || in_zone(l->rule->to[i], l->pose->center);
	if (inside && !m->inside)
		m->at_s = l->t_s;
	m->inside = inside;
	if (!m->pending || !inside || m->at_s - m->since_s > TURN_MAX_S ||
		l->t_s - m->at_s < margin(l, TURN_DWELL_S, 0.5, 0.2))
		return false;
	m->pending = false;
	return found(f, m->at_s, NAN, NAN);
}

static bool u_turn(
	const struct witness_look *l, struct witness_memory *m, struct witness_finding *f)
{
	if (!in_zone(l->rule->zone, l->pose->center)) {
		m->heading_count = 0;
		return false;
	}
	if (m->heading_count > 0 && l->t_s - m->since_s < 0.1)
		return false;
	m->since_s = l->t_s;
	double last = m->heading_count > 0
			      ? m->headings_rad[(m->heading_count - 1) % WITNESS_HEADINGS]
			      : l->pose->heading_rad;
	double now = last + remainder(l->pose->heading_rad - last, 2 * M_PI);
	m->headings_rad[m->heading_count++ % WITNESS_HEADINGS] = now;
	if (m->heading_count == 2 * WITNESS_HEADINGS)
		m->heading_count = WITNESS_HEADINGS;
	int kept = m->heading_count < WITNESS_HEADINGS ? m->heading_count : WITNESS_HEADINGS;
	double turned = 0;
	for (int i = 0; i < kept; i++)
		turned = fmax(turned, fabs(now - m->headings_rad[i]));
	if (m->done || turned < margin(l, U_TURN_RAD, 0.26, 0.52))
		return false;
	m->done = true;
	return found(f, l->t_s, turned * 180 / M_PI, 150);
}

static bool stop_sign(
	const struct witness_look *l, struct witness_memory *m, struct witness_finding *f)
{
	double share, past = beyond(l->rule->line, front(l, l->pose));
	if (m->done)
		return false;
	if (past > -STOP_APPROACH_M && past < STOP_BEYOND_M) {
		m->value = m->inside ? fmin(m->value, l->pose->speed_mps) : l->pose->speed_mps;
		m->inside = true;
	}
	if (crossing(l->rule->line, front(l, l->before), front(l, l->pose), &share) > 0) {
		m->at_s = share_to_time(l, share);
		m->pending = true;
	}
	if (!m->pending || past < STOP_PROCEED_M)
		return false;
	m->done = true;
	return m->value * KMH_PER_MPS > margin(l, STOP_MAX_KMH, 6, 3) &&
	       found(f, m->at_s, m->value * KMH_PER_MPS, STOP_MAX_KMH);
}

/* The nearest one ahead that goes the same way: its id, -1 where there is none. */
static int leader_of(const struct witness_look *l, double *ret_gap_m)
{
	struct vec2 ahead = {cos(l->pose->heading_rad), sin(l->pose->heading_rad)};
	double best = INFINITY;
	int leader = -1;
	for (int i = 0; i < l->world->mover_count; i++) {
		const struct mover *o = &l->world->movers[i];
		const struct pose *pose = &l->world->poses[i];
		if (o == l->mover || !o->active || o->params->kind == SIM_PERSON ||
			o->params->kind == SIM_BICYCLE)
			continue;
		struct vec2 to = vec2_sub(pose->center, l->pose->center);
		double along = vec2_dot(to, ahead);
		if (along <= 0 || along >= best || fabs(vec2_cross(ahead, to)) > GAP_LANE_M ||
			cos(pose->heading_rad - l->pose->heading_rad) < GAP_SAME_WAY)
			continue;
		best = along;
		leader = i;
		*ret_gap_m = along - 0.5 * (o->length_m + l->mover->length_m);
	}
	return leader;
}

static bool tailgating(
	const struct witness_look *l, struct witness_memory *m, struct witness_finding *f)
{
	double gap = 0, v = l->pose->speed_mps;
	int leader = m->done || l->mover->params->kind == SIM_BICYCLE ? -1 : leader_of(l, &gap);
	bool close = leader >= 0 && v * KMH_PER_MPS >= margin(l, l->rule->min_speed_kmh, 5, 5) &&
		     gap / v < margin(l, l->rule->min_gap_s, -0.3, -0.3) &&
		     in_zone(l->rule->zone, l->pose->center);
	if (close && (!m->pending || m->other != leader)) {
		m->since_s = l->t_s;
		m->other = leader;
		m->value = 0;
	}
	m->pending = close;
	if (!close)
		return false;
	m->value += gap / v * WORLD_TICK_S;
	if (l->t_s - m->since_s < margin(l, GAP_SUSTAIN_S, 1, 1))
		return false;
	m->done = true;
	return found(f, m->since_s, m->value / (l->t_s - m->since_s), l->rule->min_gap_s);
}

/* How far beside the way of the vehicle a person is; infinite where not in its way. */
static double in_the_way(const struct witness_look *l, const struct pose *person)
{
	struct vec2 ahead = {cos(l->pose->heading_rad), sin(l->pose->heading_rad)};
	struct vec2 to = vec2_sub(person->center, l->pose->center);
	double left = vec2_cross(ahead, to), aside = fabs(left);
	double away = copysign(1, left) * vec2_cross(ahead, person->velocity_mps);
	if (vec2_dot(to, ahead) < 0 ||
		(away > 0.3 && aside > 0.5 * l->mover->width_m + PERSON_CLEAR_M))
		return INFINITY;
	bool comes = away < -0.3 && aside <= -away * PERSON_CONFLICT_S;
	return aside <= margin(l, PERSON_CONFLICT_M, -1, -1) || comes ? aside : INFINITY;
}

static bool pedestrian(
	const struct witness_look *l, struct witness_memory *m, struct witness_finding *f)
{
	const struct world *w = l->world;
	bool inside = in_zone(l->rule->zone, front(l, l->pose)) ||
		      in_zone(l->rule->zone, l->pose->center);
	if (inside && !m->inside && !m->done && l->pose->speed_mps > 0.8) {
		m->value = INFINITY;
		for (int i = 0; i < w->mover_count; i++)
			if (w->movers[i].active && w->movers[i].params->kind == SIM_PERSON &&
				in_zone(l->rule->zone, w->poses[i].center))
				m->value = fmin(m->value, in_the_way(l, &w->poses[i]));
		m->pending = isfinite(m->value);
		m->place = l->pose->center;
		m->at_s = l->t_s;
	}
	m->inside = inside;
	if (m->pending && l->t_s - m->at_s > PERSON_PROCEED_S)
		m->pending = false;
	if (!m->pending || vec2_length(vec2_sub(l->pose->center, m->place)) < PERSON_PROCEED_M)
		return false;
	m->pending = false;
	m->done = true;
	return found(f, m->at_s, m->value, PERSON_CONFLICT_M);
}

bool witness_rules_look(
	const struct witness_look *l, struct witness_memory *m, struct witness_finding *f)
{
	switch (l->rule->kind) {
	case SIM_RULE_SPEED:
		return speed(l, m, f);
	case SIM_RULE_RED_LIGHT:
		return red_light(l, m, f);
	case SIM_RULE_LANE:
		return lane(l, m, f);
	case SIM_RULE_WRONG_WAY:
		return wrong_way(l, m, f);
	case SIM_RULE_PARKING:
	case SIM_RULE_STOPPED:
		return stay(l, m, f);
	case SIM_RULE_TURN:
		return turn(l, m, f);
	case SIM_RULE_U_TURN:
		return u_turn(l, m, f);
	case SIM_RULE_STOP_SIGN:
		return stop_sign(l, m, f);
	case SIM_RULE_TAILGATING:
		return tailgating(l, m, f);
	case SIM_RULE_PEDESTRIAN:
		return pedestrian(l, m, f);
	case SIM_RULE_COUNT:
		break;
	}
	return false;
}
