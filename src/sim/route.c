#include "sim/route.h"

#include <errno.h>

/* How far before and behind the crossing of two lanes a turn bends, where not said. */
#define TURN_RIGHT_M 7.0
#define TURN_LEFT_M 9.0
/* A lane may end that much short of the one it meets. */
#define REACH_M 40.0

/* One lane of the route, in the direction of travel. */
struct leg {
	const struct road *road;
	const struct lane *lane;
	bool down; /* against the road's line */
	struct path line; /* of the whole lane */
};

static int find_leg(
	const struct world *w, const struct mover *m, int index, struct err *err, struct leg *leg)
{
	const char *name = m->params->route.items[index];
	world_lane(w, name, &leg->road, &leg->lane);
	if (!leg->lane)
		return err_set(err, -EINVAL,
			"users[%d]: there is no lane %s; lanes are named ROAD.f1, ROAD.f2, ..., "
			"ROAD.b1, ...",
			m->id, name);
	leg->down = leg->lane->backward != m->params->against;
	double length = path_length(&leg->road->line);
	int r = road_trace(leg->road, leg->lane->left_m, leg->down ? length : 0,
		leg->down ? 0 : length, &leg->line);
	return r < 0 ? r : path_seal(&leg->line);
}

/* Where the middles of two lanes meet, both made longer: arc lengths on each. */
static bool meet(const struct path *a, const struct path *b, double *ret_a, double *ret_b)
{
	double end = path_length(b) + REACH_M;
	struct vec2 p = path_at(b, -REACH_M).position;
	for (double s = -REACH_M; s < end; s += 1) {
		struct vec2 q = path_at(b, s + 1).position;
		struct vec2 far = path_at(a, path_length(a) + REACH_M).position;
		struct vec2 last = a->points[a->count - 1];
		double t, u;
		if (path_crossing(a, p, q, ret_a)) {
			*ret_b = path_nearest(b, path_at(a, *ret_a).position, s - 1, s + 2, &u);
			return true;
		}
		if (segments_meet(last, far, p, q, &t, &u)) {
			*ret_a = path_length(a) + t * REACH_M;
			*ret_b = s + u;
			return true;
		}
		p = q;
	}
	return false;
}

/* Copies a stretch of a lane's line. */
static int follow(const struct leg *leg, double from_m, double to_m, struct path *path)
{
	int r = path_add(path, path_at(&leg->line, from_m).position);
	for (int i = 0; r == 0 && i < leg->line.count; i++)
		if (leg->line.s_m[i] > from_m && leg->line.s_m[i] < to_m)
			r = path_add(path, leg->line.points[i]);
	return r < 0 ? r : path_add(path, path_at(&leg->line, to_m).position);
}

/* Along `a` from `from_m`, then round into `b`; gives the place on `b`. */
static int turn_into(struct mover *m, const struct leg *a, const struct leg *b, int index,
	double from_m, struct err *err, double *ret_b)
{
	const struct sim_user_params *p = m->params;
	double sa, sb, before, behind;
	if (a->road == b->road) {
		if (a->down == b->down)
			return err_set(err, -EINVAL,
				"users[%d]: from %s to %s goes by changes, not by the route", m->id,
				p->route.items[index], p->route.items[index + 1]);
		double length = path_length(&a->road->line);
		sa = a->down ? length - p->turn_at_m : p->turn_at_m;
		sb = length - sa;
		before = behind = 0;
	} else {
		if (!meet(&a->line, &b->line, &sa, &sb))
			return err_set(err, -EINVAL, "users[%d]: the lanes %s and %s do not meet",
				m->id, p->route.items[index], p->route.items[index + 1]);
		struct vec2 da = path_at(&a->line, sa - 1).slope,
			    db = path_at(&b->line, sb + 1).slope;
		double usual = vec2_cross(da, db) < 0 ? TURN_RIGHT_M : TURN_LEFT_M;
		before = behind = p->turn_m > 0 ? p->turn_m : usual;
	}
	if (sa - before <= from_m)
		return err_set(err, -EINVAL,
			"users[%d]: appears behind the place where it would turn into %s", m->id,
			p->route.items[index + 1]);
	int r = follow(a, from_m, sa - before, &m->path);
	struct path_spot out = path_at(&a->line, sa - before), in = path_at(&b->line, sb + behind);
	if (r == 0 && !isfinite(m->turn_from_m)) {
		m->turn_from_m = 0;
		for (int i = 1; i < m->path.count; i++)
			m->turn_from_m +=
				vec2_length(vec2_sub(m->path.points[i], m->path.points[i - 1]));
	}
	*ret_b = sb + behind;
	return r < 0 ? r : path_add_bend(&m->path, out.slope, in.position, in.slope);
}

static int follow_legs(struct mover *m, const struct leg *legs, struct err *err)
{
	const struct sim_user_params *p = m->params;
	double length = path_length(&legs[0].road->line);
	if (p->at_m < 0 || p->at_m > length)
		return err_set(err, -EINVAL,
			"users[%d]: at_m %g is outside every lane: road %s is %g m long", m->id,
			p->at_m, legs[0].road->params->name, length);
	/* Arc length on the lane's own line, which a bend makes longer or shorter than the road. */
	double left, from = path_nearest(&legs[0].line,
			     road_point(legs[0].road, p->at_m, legs[0].lane->left_m), 0,
			     path_length(&legs[0].line), &left);
	for (int i = 0; i + 1 < p->route.count; i++) {
		int r = turn_into(m, &legs[i], &legs[i + 1], i, from, err, &from);
		if (r < 0)
			return r;
	}
	const struct leg *last = &legs[p->route.count - 1];
	if (from >= path_length(&last->line) - 0.5)
		return err_set(
			err, -EINVAL, "users[%d]: at_m %g is where its lane ends", m->id, p->at_m);
	return follow(last, from, path_length(&last->line), &m->path);
}

static int lay_route(const struct world *w, struct mover *m, struct err *err)
{
	struct leg legs[8] = {0};
	int r = 0, count = m->params->route.count;
	for (int i = 0; r == 0 && i < count; i++)
		r = find_leg(w, m, i, err, &legs[i]);
	if (r == 0)
		r = follow_legs(m, legs, err);
	for (int i = 0; i < count; i++)
		path_finish(&legs[i].line);
	return r;
}

/* Corners are rounded a little, as nobody turns on the spot. */
static int lay_way(struct mover *m, struct err *err)
{
	const struct sim_user_params *p = m->params;
	const struct vec2 *points = p->way.items;
	if (p->way.count < 2)
		return err_set(err, -EINVAL, "users[%d]: a way needs two points or more", m->id);
	int r = path_add(&m->path, points[0]);
	for (int i = 1; r == 0 && i < p->way.count; i++) {
		struct vec2 in = vec2_sub(points[i], points[i - 1]);
		if (vec2_length(in) < 0.1)
			return err_set(err, -EINVAL,
				"users[%d]: points %d and %d of its way are the same", m->id, i,
				i + 1);
		in = vec2_scale(in, 1 / vec2_length(in));
		if (i + 1 == p->way.count) {
			r = path_add(&m->path, points[i]);
			break;
		}
		struct vec2 out = vec2_sub(points[i + 1], points[i]);
		double reach =
			fmin(1.5, 0.4 * fmin(vec2_length(out),
						vec2_length(vec2_sub(points[i], points[i - 1]))));
		out = vec2_scale(out, 1 / fmax(vec2_length(out), 1e-9));
		r = path_add(&m->path, vec2_sub(points[i], vec2_scale(in, reach)));
		if (r == 0)
			r = path_add_bend(
				&m->path, in, vec2_add(points[i], vec2_scale(out, reach)), out);
	}
	return r;
}

int route_lay(const struct world *w, struct mover *m, struct err *err)
{
	m->turn_from_m = NAN;
	if (m->params->route.count < 1 && m->params->way.count < 1)
		return err_set(err, -EINVAL,
			"users[%d]: outside every lane: it needs a route, or a way of points",
			m->id);
	int r = m->params->route.count > 0 ? lay_route(w, m, err) : lay_way(m, err);
	if (r == 0)
		r = path_seal(&m->path);
	return r == -ENOMEM ? err_set(err, r, "out of memory") : r;
}
