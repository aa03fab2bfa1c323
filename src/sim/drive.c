#include "sim/drive.h"

#include <errno.h>
#include <stdlib.h>

/* What a driver keeps to the one in front when standing, and braking that feels comfortable. */
#define STANDING_GAP_M 2.0
#define BRAKE_MPS2 2.2
#define BRAKE_MAX_MPS2 8.0
#define LOOK_AHEAD_M 120.0
#define BESIDE_M 0.3
/* Stops that far before a line; does not stop at yellow where it had to brake harder. */
#define LINE_GAP_M 0.8
#define YELLOW_BRAKE_MPS2 3.0
#define SIDEWAYS_MPS2 2.2
/* Whoever has to stop begins to brake when it takes SOON and brakes fully when it takes NOW. */
#define STOP_SOON_MPS2 1.1
#define STOP_NOW_MPS2 1.8
/* Ways closer than this are in each other's way; who gives way leaves so much time. */
#define CONFLICT_M 2.6
#define CONFLICT_S 4.0
/* A stop at a sign. */
#define HALT_MPS 0.3

static bool is_person(const struct mover *m)
{
	return m->params->kind == SIM_PERSON;
}

static int cap_bends(struct mover *m)
{
	double length = path_length(&m->path);
	m->cap_count = (int)length + 2;
	m->cap_mps = malloc((size_t)m->cap_count * sizeof(*m->cap_mps));
	if (!m->cap_mps)
		return -ENOMEM;
	for (int i = 0; i < m->cap_count; i++) {
		/* The turn between places 4 m apart is steady where single points are not. */
		double turn = remainder(
			path_heading(&m->path, i + 2) - path_heading(&m->path, i - 2), 2 * M_PI);
		double bend = fabs(turn) / 4;
		m->cap_mps[i] = (float)(bend > 1e-3 ? sqrt(SIDEWAYS_MPS2 / bend) : 100);
	}
	for (int i = m->cap_count - 2; i >= 0; i--) {
		double next = m->cap_mps[i + 1];
		m->cap_mps[i] = fminf(m->cap_mps[i], (float)sqrt(next * next + 2 * 1.2));
	}
	return 0;
}

static void find_stops(const struct world *w, struct mover *m)
{
	for (int k = 0; k < w->stop_line_count; k++) {
		const struct vec2 *ends = w->stop_lines[k].ends;
		double s;
		bool crosses = path_crossing(&m->path, ends[0], ends[1], &s) && !is_person(m);
		/* Only in the direction that has the outer end to the right. */
		crosses = crosses &&
			  vec2_cross(vec2_sub(ends[1], ends[0]), path_at(&m->path, s).slope) > 0;
		m->stop_line_m[k] = crosses ? s : NAN;
	}
	for (int k = 0; k < w->crosswalk_count; k++) {
		const struct vec2 *c = w->crosswalks[k].corners;
		double a, b;
		bool near = path_crossing(&m->path, c[0], c[1], &a);
		bool far = path_crossing(&m->path, c[2], c[3], &b);
		m->crosswalk_m[k][0] = near && far && !is_person(m) ? fmin(a, b) : NAN;
		m->crosswalk_m[k][1] = near && far ? fmax(a, b) : NAN;
	}
}

/* Where the stretch begins in which it gives way; infinite where it never does. */
static double giving_from(const struct world *w, const struct mover *m)
{
	if (!m->params->gives_way)
		return INFINITY;
	double from = isfinite(m->turn_from_m) ? m->turn_from_m : INFINITY;
	for (int k = 0; k < w->stop_line_count; k++)
		if (!w->stop_lines[k].signal && isfinite(m->stop_line_m[k]))
			from = fmin(from, m->stop_line_m[k]);
	return from;
}

static bool add_conflict(struct mover *m, const struct conflict *c)
{
	struct conflict *grown =
		realloc(m->conflicts, (size_t)(m->conflict_count + 1) * sizeof(*grown));
	if (!grown)
		return false;
	m->conflicts = grown;
	m->conflicts[m->conflict_count++] = *c;
	return true;
}

/* Where the way of `o` comes close to the next 30 m of that of `m`, and not along it. */
static int find_conflict(struct mover *m, const struct mover *o, double from)
{
	struct conflict c = {o->id, INFINITY, -INFINITY, INFINITY, -INFINITY};
	for (double s = from; s < from + 30 && s < path_length(&m->path); s += 1) {
		struct path_spot mine = path_at(&m->path, s);
		double left,
			t = path_nearest(&o->path, mine.position, 0, path_length(&o->path), &left);
		if (fabs(left) > CONFLICT_M || t < 1 || t > path_length(&o->path) - 1)
			continue;
		/* Side by side the same way is following, not crossing. */
		if (vec2_dot(mine.slope, path_at(&o->path, t).slope) > 0.8 && !isfinite(c.from_m))
			continue;
		c.from_m = fmin(c.from_m, s);
		c.to_m = fmax(c.to_m, s);
		c.other_from_m = fmin(c.other_from_m, t);
		c.other_to_m = fmax(c.other_to_m, t);
	}
	return isfinite(c.from_m) && !add_conflict(m, &c) ? -ENOMEM : 0;
}

int drive_prepare(struct world *w)
{
	for (int i = 0; i < w->mover_count; i++) {
		int r = cap_bends(&w->movers[i]);
		if (r < 0)
			return r;
		find_stops(w, &w->movers[i]);
	}
	for (int i = 0; i < w->mover_count; i++) {
		struct mover *m = &w->movers[i];
		double from = m->gives_from_m = giving_from(w, m);
		for (int k = 0; isfinite(from) && k < w->mover_count; k++) {
			int r = k != i && !is_person(&w->movers[k])
					? find_conflict(m, &w->movers[k], from)
					: 0;
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* The interaction term of the model for something ahead; 0 where it is far off. */
static double braking(const struct mover *m, double gap_m, double ahead_mps, double standing_m)
{
	double approach = m->v_mps - ahead_mps;
	double wish =
		standing_m +
		fmax(0, m->v_mps * m->params->headway_s +
				m->v_mps * approach / (2 * sqrt(m->comfort_mps2 * BRAKE_MPS2)));
	double share = wish / fmax(gap_m, 0.1);
	return share * share;
}

/*
 * To come to stand at a place: the even deceleration that this takes. The model's own term would
 * creep up to it for ever. Infinite where it is reached.
 */
static double stopping(const struct mover *m, double gap_m, double standing_m)
{
	double left = gap_m - standing_m;
	return left < 0.25 ? INFINITY : m->v_mps * m->v_mps / (2 * left);
}

/* How far ahead of the front somebody begins to lie on the strip that `m` will pass over. */
static double gap_to(
	const struct mover *m, const struct mover *o, const struct pose *pose, double *ret_at)
{
	double front = m->s_m + 0.5 * m->length_m, gap = INFINITY;
	for (int k = -1; k <= 1; k++) {
		struct vec2 point = world_ahead(pose, 0.5 * k * o->length_m);
		double left, slope;
		double s = path_nearest(&m->path, point, m->s_m, m->s_m + LOOK_AHEAD_M, &left);
		left -= world_aside(m, s, &slope);
		if (fabs(left) > 0.5 * (m->width_m + o->width_m) + BESIDE_M || s <= m->s_m + 0.01)
			continue;
		if (s - front < gap) {
			gap = s - front;
			*ret_at = s;
		}
	}
	return gap;
}

/* The strongest reason to brake among the others on its way. */
static double braking_for_others(const struct world *w, const struct mover *m)
{
	double worst = 0;
	struct vec2 here = w->poses[m->id].center;
	for (int i = 0; i < w->mover_count && !m->params->ignores_others; i++) {
		const struct mover *o = &w->movers[i];
		const struct pose *pose = &w->poses[i];
		if (o == m || !o->active || (is_person(o) && m->params->ignores_persons))
			continue;
		struct vec2 apart = vec2_sub(pose->center, here);
		/* Cheap first: far off, or clearly behind. */
		if (vec2_length(apart) > LOOK_AHEAD_M ||
			(vec2_length(apart) > 25 &&
				apart.x * cos(w->poses[m->id].heading_rad) +
						apart.y * sin(w->poses[m->id].heading_rad) <
					0))
			continue;
		double at = 0, gap = gap_to(m, o, pose, &at);
		if (!isfinite(gap))
			continue;
		struct vec2 way = path_at(&m->path, at).slope;
		double ahead = vec2_dot(pose->velocity_mps, way);
		worst = fmax(worst, braking(m, gap, ahead, is_person(m) ? 0.5 : STANDING_GAP_M));
	}
	return worst;
}

static bool has_to_stop(const struct stop_line *line, const struct mover *m, double gap, double t)
{
	if (!line->signal || m->params->ignores_signals)
		return false;
	enum sim_lamp lamp = signal_at(line->signal, t);
	double needed = m->v_mps * m->v_mps / (2 * fmax(gap - LINE_GAP_M, 0.1));
	if (lamp == SIM_LAMP_YELLOW && needed > YELLOW_BRAKE_MPS2)
		return false;
	return lamp != SIM_LAMP_GREEN && lamp != SIM_LAMP_UNKNOWN;
}

static double stopping_at_lines(const struct world *w, struct mover *m, double t)
{
	double front = m->s_m + 0.5 * m->length_m, worst = 0;
	for (int k = 0; k < w->stop_line_count; k++) {
		const struct stop_line *line = &w->stop_lines[k];
		double gap = m->stop_line_m[k] - front;
		if (!(gap > -0.3 && gap < LOOK_AHEAD_M))
			continue;
		if (has_to_stop(line, m, gap, t))
			worst = fmax(worst, stopping(m, gap, LINE_GAP_M));
		if (line->signal || m->params->ignores_stop_signs || m->signs_done & 1u << k)
			continue;
		if (m->v_mps < HALT_MPS && gap < LINE_GAP_M + 1)
			m->signs_done |= 1u << k;
		worst = fmax(worst, stopping(m, gap, LINE_GAP_M));
	}
	return worst;
}

/* Whether a person is on a crosswalk or about to step on it. */
static bool crosswalk_taken(const struct world *w, const struct crosswalk *c)
{
	for (int i = 0; i < w->mover_count; i++) {
		const struct mover *o = &w->movers[i];
		if (!o->active || !is_person(o))
			continue;
		struct vec2 soon =
			vec2_add(w->poses[i].center, vec2_scale(w->poses[i].velocity_mps, 1.5));
		if (polygon_contains(c->corners, 4, w->poses[i].center) ||
			polygon_contains(c->corners, 4, soon))
			return true;
	}
	return false;
}

static double stopping_for_persons(const struct world *w, const struct mover *m)
{
	double front = m->s_m + 0.5 * m->length_m, worst = 0;
	for (int k = 0; k < w->crosswalk_count && !m->params->ignores_persons; k++) {
		double gap = m->crosswalk_m[k][0] - front;
		if (!(gap > -0.2 && gap < 60) || !crosswalk_taken(w, &w->crosswalks[k]))
			continue;
		if (m->v_mps * m->v_mps / (2 * fmax(gap, 0.1)) < 6)
			worst = fmax(worst, stopping(m, gap, 1.0));
	}
	return worst;
}

/* Those who come by where it has to give way, soon enough to matter. */
static double stopping_for_right_of_way(const struct world *w, const struct mover *m)
{
	double front = m->s_m + 0.5 * m->length_m, worst = 0;
	for (int i = 0; i < m->conflict_count; i++) {
		const struct conflict *c = &m->conflicts[i];
		const struct mover *o = &w->movers[c->other];
		double gap = fmin(c->from_m, m->gives_from_m + 4) - front;
		if (!o->active || !(gap > 0 && gap < 60))
			continue;
		double reach = fmax(o->v_mps, 2) * CONFLICT_S + 0.5 * o->length_m;
		bool there = o->s_m > c->other_from_m - 3 &&
			     o->s_m < c->other_to_m + 0.5 * o->length_m + 1;
		bool comes = o->v_mps > 0.5 && o->s_m < c->other_to_m &&
			     o->s_m > c->other_from_m - reach;
		if (there || comes)
			worst = fmax(worst, stopping(m, gap, 1.0));
	}
	return worst;
}

static double stopping_at_stops(struct mover *m, double t)
{
	const struct sim_stop_params *stops = m->params->stops.items;
	if (m->stops_done >= m->params->stops.count)
		return 0;
	const struct sim_stop_params *stop = &stops[m->stops_done];
	double gap = stop->at_m - m->s_m;
	if (m->v_mps < 0.05 && gap < 2) {
		if (isnan(m->stopped_since_s))
			m->stopped_since_s = t;
		if (t - m->stopped_since_s >= stop->for_s) {
			m->stops_done++;
			m->stopped_since_s = NAN;
		}
	}
	return gap < LOOK_AHEAD_M ? stopping(m, gap, 0) : 0;
}

double drive_acceleration(const struct world *w, struct mover *m, double t)
{
	if (!(m->desired_mps > 0))
		return -BRAKE_MAX_MPS2;
	int at = (int)fmin(fmax(m->s_m, 0), m->cap_count - 1);
	double wish = fmin(m->desired_mps, m->cap_mps[at]);
	double free_road = pow(m->v_mps / wish, 4);
	double brake = braking_for_others(w, m);
	double follow = fmax(m->comfort_mps2 * (1 - free_road - brake), -BRAKE_MAX_MPS2);
	double stop = stopping_at_lines(w, m, t);
	stop = fmax(stop, stopping_for_persons(w, m));
	stop = fmax(stop, stopping_for_right_of_way(w, m));
	stop = fmax(stop, stopping_at_stops(m, t));
	if (stop >= BRAKE_MAX_MPS2)
		return m->v_mps > 1 ? -BRAKE_MAX_MPS2 : -2;
	double share = (stop - STOP_SOON_MPS2) / (STOP_NOW_MPS2 - STOP_SOON_MPS2);
	share = fmin(fmax(share, 0), 1);
	return fmin(follow, (1 - share) * follow - share * stop);
}
