#include "sim/world.h"

#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a driver keeps to the one in front when standing, and braking that feels comfortable. */
#define STANDING_GAP_M 2.0
#define BRAKE_MPS2 2.2
#define BRAKE_MAX_MPS2 8.0
#define LOOK_AHEAD_M 120.0
/* Stops that far before a stop line; does not stop at yellow where it had to brake harder. */
#define LINE_GAP_M 0.8
#define YELLOW_BRAKE_MPS2 3.0

/* Typical length, width, height, distance of the axles (m) and acceleration (m/s^2) of a kind. */
static const struct {
	double length_m, width_m, height_m, axles_m, accel_mps2;
} kinds[SIM_KIND_COUNT] = {
	[SIM_CAR] = {4.4, 1.80, 1.46, 2.65, 1.6},
	[SIM_VAN] = {5.4, 1.98, 2.30, 3.30, 1.3},
	[SIM_TRUCK] = {8.6, 2.45, 3.30, 5.00, 0.9},
	[SIM_BUS] = {11.8, 2.52, 3.10, 5.90, 1.0},
	[SIM_MOTORCYCLE] = {2.1, 0.80, 1.55, 1.40, 2.2},
	[SIM_BICYCLE] = {1.8, 0.60, 1.70, 1.05, 0.8},
	[SIM_PERSON] = {0.4, 0.55, 1.74, 0.20, 1.0},
};

/* Sideways offset from the lane's middle at a place of the path, and its derivative. */
static double aside(const struct mover *m, double s, double *ret_slope)
{
	const struct sim_change_params *changes = m->params->changes.items;
	double left = m->params->left_m, slope = 0;
	for (int i = 0; i < m->params->changes.count; i++) {
		double t = (s - changes[i].at_m) / changes[i].over_m;
		if (t >= 1) {
			left += changes[i].left_m;
		} else if (t > 0) {
			/* Quintic: no jump in place, direction or curvature. */
			left += changes[i].left_m * t * t * t * (t * (6 * t - 15) + 10);
			slope += changes[i].left_m * 30 * t * t * (t - 1) * (t - 1) /
				 changes[i].over_m;
		}
	}
	*ret_slope = slope;
	return left;
}

static void axle(const struct mover *m, double s, struct vec2 *position, struct vec2 *slope)
{
	struct path_spot spot = path_at(&m->path, s);
	double left_slope, left = aside(m, s, &left_slope);
	*position = vec2_add(spot.position, vec2_scale(spot.normal, left));
	*slope = vec2_add(spot.slope, vec2_scale(spot.normal_slope, left));
	*slope = vec2_add(*slope, vec2_scale(spot.normal, left_slope));
}

struct pose world_pose_at(const struct mover *m, double s, double v)
{
	struct vec2 rear, front, rear_slope, front_slope;
	axle(m, s - 0.5 * m->axles_m, &rear, &rear_slope);
	axle(m, s + 0.5 * m->axles_m, &front, &front_slope);
	struct vec2 along = vec2_sub(front, rear);
	struct vec2 turn = vec2_sub(front_slope, rear_slope);
	struct pose pose = {
		.center = vec2_scale(vec2_add(rear, front), 0.5),
		.heading_rad = atan2(along.y, along.x),
		.velocity_mps = vec2_scale(vec2_add(rear_slope, front_slope), 0.5 * v),
		.yaw_rate_radps = v * vec2_cross(along, turn) / vec2_dot(along, along),
	};
	pose.speed_mps = vec2_length(pose.velocity_mps);
	return pose;
}

/* Distance and speed after `dt` at constant acceleration; nobody rolls backwards. */
static void coast(const struct mover *m, double dt, double *s, double *v)
{
	double end = m->v_mps + m->a_mps2 * dt;
	if (end < 0) {
		double halt = m->v_mps / -m->a_mps2;
		*s = m->s_m + 0.5 * m->v_mps * halt;
		*v = 0;
		return;
	}
	*s = m->s_m + 0.5 * (m->v_mps + end) * dt;
	*v = end;
}

struct pose world_pose(const struct mover *m, double ahead_s)
{
	double s, v;
	coast(m, ahead_s, &s, &v);
	return world_pose_at(m, s, v);
}

struct road *world_road(struct world *w, const char *name)
{
	for (int i = 0; i < w->road_count; i++)
		if (name && strcmp(w->roads[i].params->name, name) == 0)
			return &w->roads[i];
	return NULL;
}

void world_lane(
	struct world *w, const char *name, struct road **ret_road, const struct lane **ret_lane)
{
	*ret_road = NULL;
	*ret_lane = NULL;
	const char *dot = name ? strrchr(name, '.') : NULL;
	for (int i = 0; dot && i < w->road_count; i++) {
		const char *road = w->roads[i].params->name;
		if (strlen(road) != (size_t)(dot - name) || strncmp(road, name, strlen(road)) != 0)
			continue;
		*ret_lane = road_lane(&w->roads[i], dot + 1);
		*ret_road = *ret_lane ? &w->roads[i] : NULL;
	}
}

static int lay_roads(struct world *w, struct err *err)
{
	const struct sim_road_params *roads = w->params->roads.items;
	if (w->params->roads.count < 1 || w->params->roads.count > WORLD_ROADS_MAX)
		return err_set(err, -EINVAL, "the scene has %d roads; 1 to %d are possible",
			w->params->roads.count, WORLD_ROADS_MAX);
	for (int i = 0; i < w->params->roads.count; i++) {
		if (world_road(w, roads[i].name))
			return err_set(err, -EINVAL, "two roads are named %s", roads[i].name);
		int r = road_init(&roads[i], err, &w->roads[i]);
		if (r < 0)
			return r;
		w->road_count++;
	}
	return 0;
}

static int place_signals(struct world *w, struct err *err)
{
	const struct sim_signal_params *signals = w->params->signals.items;
	if (w->params->signals.count > WORLD_SIGNALS_MAX)
		return err_set(err, -EINVAL, "the scene has %d signals; at most %d are possible",
			w->params->signals.count, WORLD_SIGNALS_MAX);
	for (int i = 0; i < w->params->signals.count; i++) {
		int r = signal_check(&signals[i], err);
		if (r < 0)
			return r;
		struct road *road = world_road(w, signals[i].road);
		if (!road)
			return err_set(err, -EINVAL, "signal %s: there is no road %s",
				signals[i].name, signals[i].road ? signals[i].road : "");
		double edge = signals[i].backward ? road->left_m : road->right_m;
		w->stop_lines[i][0] = road_point(road, signals[i].at_m, 0);
		w->stop_lines[i][1] = road_point(road, signals[i].at_m, edge);
	}
	return 0;
}

/* The way through the lanes of the route, from where the road user appears. */
static int lay_path(struct world *w, struct mover *m, struct err *err)
{
	const struct sim_user_params *p = m->params;
	if (p->route.count < 1)
		return err_set(err, -EINVAL, "users[%d]: has no lane to drive on", m->id);
	struct road *road;
	const struct lane *lane;
	world_lane(w, p->route.items[0], &road, &lane);
	if (!lane)
		return err_set(err, -EINVAL,
			"users[%d]: there is no lane %s; lanes are named "
			"ROAD.f1, ROAD.f2, ..., ROAD.b1, ...",
			m->id, p->route.items[0]);
	double length = path_length(&road->line);
	if (p->at_m < 0 || p->at_m > length)
		return err_set(err, -EINVAL,
			"users[%d]: at_m %g is outside every lane: road %s is %g m long", m->id,
			p->at_m, road->params->name, length);
	bool down = lane->backward != p->against;
	int r = road_trace(road, lane->left_m, p->at_m, down ? 0 : length, &m->path);
	if (r == 0)
		r = path_seal(&m->path);
	if (r == -EINVAL)
		return err_set(err, r, "users[%d]: at_m %g is where its lane ends", m->id, p->at_m);
	return r;
}

static double vary(struct random *r, double mean, double share)
{
	return mean * random_range(r, 1 - share, 1 + share);
}

static void size_mover(const struct world *w, struct mover *m)
{
	struct random r = random_at((uint64_t)w->params->seed, (uint64_t)m->id, 0, 'S');
	int kind = m->params->kind;
	double share = kind == SIM_PERSON || kind == SIM_BICYCLE ? 0.05 : 0.08;
	m->length_m = vary(&r, kinds[kind].length_m, share);
	m->width_m = vary(&r, kinds[kind].width_m, 0.03);
	m->height_m = vary(&r, kinds[kind].height_m, 0.05);
	m->axles_m = kinds[kind].axles_m * m->length_m / kinds[kind].length_m;
	m->comfort_mps2 = vary(&r, kinds[kind].accel_mps2, 0.15);
}

static int place_movers(struct world *w, struct err *err)
{
	const struct sim_user_params *users = w->params->users.items;
	int count = w->params->users.count;
	double first = 0;
	w->movers = calloc((size_t)count + 1, sizeof(*w->movers));
	if (!w->movers)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < count; i++) {
		struct mover *m = &w->movers[w->mover_count++];
		m->params = &users[i];
		m->id = i;
		m->enter_s = users[i].at_s;
		m->desired_mps = users[i].speed_kmh / 3.6;
		m->v_mps = m->desired_mps;
		m->stopped_since_s = NAN;
		first = fmin(first, users[i].at_s);
		size_mover(w, m);
		int r = lay_path(w, m, err);
		if (r < 0)
			return r;
		for (int k = 0; k < w->params->signals.count; k++) {
			double s;
			bool crosses = path_crossing(
				&m->path, w->stop_lines[k][0], w->stop_lines[k][1], &s);
			m->stop_line_m[k] = crosses && !users[i].against ? s : NAN;
		}
	}
	w->tick = (int64_t)floor(first / WORLD_TICK_S) - 1;
	return 0;
}

int world_create(const struct sim_params *params, struct err *err, struct world **ret_world)
{
	struct world *w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(err, -ENOMEM, "out of memory");
	w->params = params;
	int r = lay_roads(w, err);
	if (r == 0)
		r = place_signals(w, err);
	if (r == 0)
		r = place_movers(w, err);
	if (r < 0) {
		world_destroy(&w);
		return r;
	}
	*ret_world = w;
	return 0;
}

void world_destroy(struct world **world)
{
	struct world *w = *world;
	*world = NULL;
	if (!w)
		return;
	for (int i = 0; i < w->road_count; i++)
		road_finish(&w->roads[i]);
	for (int i = 0; i < w->mover_count; i++)
		path_finish(&w->movers[i].path);
	free(w->movers);
	free(w);
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

/* The strongest reason to brake among the others on its way. */
static double braking_for_others(const struct world *w, const struct mover *m)
{
	double front = m->s_m + 0.5 * m->length_m, worst = 0;
	struct vec2 here = world_pose_at(m, m->s_m, 0).center;
	for (int i = 0; i < w->mover_count; i++) {
		const struct mover *o = &w->movers[i];
		if (o == m || !o->active)
			continue;
		struct pose pose = world_pose(o, 0);
		if (vec2_length(vec2_sub(pose.center, here)) > LOOK_AHEAD_M)
			continue;
		struct vec2 along = {cos(pose.heading_rad), sin(pose.heading_rad)};
		double gap = INFINITY, at = 0;
		for (int k = -1; k <= 1; k++) {
			struct vec2 point =
				vec2_add(pose.center, vec2_scale(along, 0.5 * k * o->length_m));
			double left, slope;
			double s =
				path_nearest(&m->path, point, m->s_m, m->s_m + LOOK_AHEAD_M, &left);
			left -= aside(m, s, &slope);
			if (fabs(left) > 0.5 * (m->width_m + o->width_m) + 0.3 ||
				s <= m->s_m + 0.01)
				continue;
			if (s - front < gap) {
				gap = s - front;
				at = s;
			}
		}
		if (!isfinite(gap))
			continue;
		struct vec2 way = path_at(&m->path, at).slope;
		worst = fmax(
			worst, braking(m, gap, vec2_dot(pose.velocity_mps, way), STANDING_GAP_M));
	}
	return worst;
}

static double braking_for_signals(const struct world *w, const struct mover *m, double t)
{
	const struct sim_signal_params *signals = w->params->signals.items;
	double front = m->s_m + 0.5 * m->length_m, worst = 0;
	for (int k = 0; k < w->params->signals.count && !m->params->ignores_signals; k++) {
		double gap = m->stop_line_m[k] - front;
		if (!(gap > -0.3 && gap < LOOK_AHEAD_M))
			continue;
		enum sim_lamp lamp = signal_at(&signals[k], t);
		double needed = m->v_mps * m->v_mps / (2 * fmax(gap - LINE_GAP_M, 0.1));
		if (lamp == SIM_LAMP_YELLOW && needed > YELLOW_BRAKE_MPS2)
			continue;
		if (lamp != SIM_LAMP_GREEN && lamp != SIM_LAMP_UNKNOWN)
			worst = fmax(worst, braking(m, gap, 0, LINE_GAP_M));
	}
	return worst;
}

static double braking_for_stops(struct mover *m, double t)
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
	return gap < LOOK_AHEAD_M ? braking(m, gap, 0, 0.5) : 0;
}

static double acceleration(const struct world *w, struct mover *m, double t)
{
	if (!(m->desired_mps > 0))
		return -BRAKE_MAX_MPS2;
	double free_road = pow(m->v_mps / m->desired_mps, 4);
	double brake = braking_for_others(w, m);
	brake = fmax(brake, braking_for_signals(w, m, t));
	brake = fmax(brake, braking_for_stops(m, t));
	return fmax(m->comfort_mps2 * (1 - free_road - brake), -BRAKE_MAX_MPS2);
}

void world_step(struct world *w)
{
	for (int i = 0; i < w->mover_count; i++) {
		struct mover *m = &w->movers[i];
		if (!m->active)
			continue;
		coast(m, WORLD_TICK_S, &m->s_m, &m->v_mps);
		if (m->s_m > path_length(&m->path)) {
			m->active = false;
			m->gone = true;
		}
	}
	w->tick++;
	double t = world_time_s(w);
	for (int i = 0; i < w->mover_count; i++) {
		struct mover *m = &w->movers[i];
		if (!m->active && !m->gone && m->enter_s <= t)
			m->active = true;
	}
	/* Everybody decides on the same picture of the world, then everybody moves. */
	for (int i = 0; i < w->mover_count; i++)
		if (w->movers[i].active)
			w->movers[i].a_mps2 = acceleration(w, &w->movers[i], t);
}
