#include "sim/world.h"

#include "base/random.h"
#include "base/units.h"
#include "sim/drive.h"
#include "sim/route.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

double world_aside(const struct mover *m, double s, double *ret_slope)
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
	double left_slope, left = world_aside(m, s, &left_slope);
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

double world_turn(const struct mover *m, double ahead_s, double window_s)
{
	double s, v;
	coast(m, ahead_s, &s, &v);
	double heading = world_pose_at(m, s, v).heading_rad, reach = 0.5 * window_s * v;
	double before = heading - world_pose_at(m, s - reach, v).heading_rad;
	double after = world_pose_at(m, s + reach, v).heading_rad - heading;
	return fabs(remainder(before, 2 * M_PI)) + fabs(remainder(after, 2 * M_PI));
}

const struct road *world_road(const struct world *w, const char *name)
{
	for (int i = 0; i < w->road_count; i++)
		if (name && strcmp(w->roads[i].params->name, name) == 0)
			return &w->roads[i];
	return NULL;
}

void world_lane(const struct world *w, const char *name, const struct road **ret_road,
	const struct lane **ret_lane)
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

bool world_on_other_road(
	const struct world *w, const struct road *except, struct vec2 at, double margin_m)
{
	for (int i = 0; i < w->road_count; i++) {
		const struct road *road = &w->roads[i];
		double left, s;
		if (road == except)
			continue;
		s = path_nearest(&road->line, at, 0, path_length(&road->line), &left);
		bool beyond = s <= 0 || s >= path_length(&road->line);
		if (left > road->right_m - margin_m && left < road->left_m + margin_m &&
			(!beyond || fabs(left) < margin_m))
			return true;
	}
	return false;
}

static int lay_roads(struct world *w, struct err *err)
{
	const struct sim_road_params *roads = w->params->roads.items;
	if (w->params->roads.count < 1)
		return err_set(err, -EINVAL, "the world has no roads");
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

/* A stop line across one direction of a road. */
static int add_stop_line(struct world *w, const char *what, const char *name, const char *road_name,
	double at_m, bool backward, struct err *err, struct stop_line **ret_line)
{
	const struct road *road = world_road(w, road_name);
	if (!road)
		return err_set(err, -EINVAL, "%s %s: there is no road %s", what, name, road_name);
	if (at_m > path_length(&road->line))
		return err_set(err, -EINVAL, "%s %s: at_m %g is behind the end of the road", what,
			name, at_m);
	double edge = backward ? road->left_m : road->right_m;
	if (edge == 0)
		return err_set(err, -EINVAL, "%s %s: road %s has no lanes in that direction", what,
			name, road_name);
	struct stop_line *line = &w->stop_lines[w->stop_line_count++];
	line->road = road;
	line->at_m = at_m;
	line->backward = backward;
	line->ends[0] = road_point(road, at_m, 0);
	line->ends[1] = road_point(road, at_m, edge);
	*ret_line = line;
	return 0;
}

static int place_stop_lines(struct world *w, struct err *err)
{
	const struct sim_signal_params *signals = w->params->signals.items;
	const struct sim_stop_sign_params *signs = w->params->stop_signs.items;
	struct stop_line *line;
	for (int i = 0; i < w->params->signals.count; i++) {
		int r = signal_check(&signals[i], err);
		if (r == 0)
			r = add_stop_line(w, "signal", signals[i].name, signals[i].road,
				signals[i].at_m, signals[i].backward, err, &line);
		if (r < 0)
			return r;
		line->signal = &signals[i];
		snprintf(line->name, sizeof(line->name), "%.40s stop", signals[i].name);
	}
	for (int i = 0; i < w->params->stop_signs.count; i++) {
		int r = add_stop_line(w, "stop sign", signs[i].name, signs[i].road, signs[i].at_m,
			signs[i].backward, err, &line);
		if (r < 0)
			return r;
		snprintf(line->name, sizeof(line->name), "%s", signs[i].name);
	}
	return 0;
}

static int place_crosswalks(struct world *w, struct err *err)
{
	const struct sim_crosswalk_params *params = w->params->crosswalks.items;
	for (int i = 0; i < w->params->crosswalks.count; i++) {
		const struct sim_crosswalk_params *p = &params[i];
		const struct road *road = world_road(w, p->road);
		if (!road)
			return err_set(err, -EINVAL, "crosswalk %s: there is no road %s", p->name,
				p->road);
		double half = 0.5 * p->width_m;
		w->crosswalks[w->crosswalk_count++] = (struct crosswalk){
			.params = p,
			.road = road,
			.corners = {road_point(road, p->at_m - half, road->right_m),
				road_point(road, p->at_m - half, road->left_m),
				road_point(road, p->at_m + half, road->left_m),
				road_point(road, p->at_m + half, road->right_m)},
		};
	}
	return 0;
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
	w->poses = calloc((size_t)count + 1, sizeof(*w->poses));
	if (!w->movers || !w->poses)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < count; i++) {
		struct mover *m = &w->movers[w->mover_count++];
		m->params = &users[i];
		m->id = i;
		m->enter_s = users[i].at_s;
		m->desired_mps = users[i].speed_kmh / KMH_PER_MPS;
		m->v_mps = m->desired_mps;
		m->stopped_since_s = NAN;
		first = fmin(first, users[i].at_s);
		size_mover(w, m);
		int r = route_lay(w, m, err);
		if (r < 0)
			return r;
	}
	w->tick = (int64_t)floor(first / WORLD_TICK_S) - 1;
	int r = drive_prepare(w);
	return r < 0 ? err_set(err, r, "out of memory") : 0;
}

int world_create(const struct sim_params *params, struct err *err, struct world **ret_world)
{
	struct world *w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(err, -ENOMEM, "out of memory");
	w->params = params;
	int r = lay_roads(w, err);
	if (r == 0)
		r = place_stop_lines(w, err);
	if (r == 0)
		r = place_crosswalks(w, err);
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
	for (int i = 0; i < w->mover_count; i++) {
		path_finish(&w->movers[i].path);
		free(w->movers[i].cap_mps);
		free(w->movers[i].conflicts);
	}
	free(w->movers);
	free(w->poses);
	free(w);
}

static void move(struct mover *m, double t)
{
	if (m->active) {
		coast(m, WORLD_TICK_S, &m->s_m, &m->v_mps);
		if (m->v_mps > WORLD_STANDING_MPS)
			m->halted_s = t;
		if (m->s_m > path_length(&m->path)) {
			m->active = false;
			m->gone = true;
		}
	} else if (!m->gone && m->enter_s <= t) {
		m->active = true;
		m->halted_s = t;
	}
}

void world_step(struct world *w)
{
	w->tick++;
	double t = world_time_s(w);
	for (int i = 0; i < w->mover_count; i++) {
		struct mover *m = &w->movers[i];
		move(m, t);
		if (m->active)
			w->poses[i] = world_pose_at(m, m->s_m, m->v_mps);
	}
	/* Everybody decides on the same picture of the world. */
	for (int i = 0; i < w->mover_count; i++)
		if (w->movers[i].active)
			w->movers[i].a_mps2 = drive_acceleration(w, &w->movers[i], t);
}
