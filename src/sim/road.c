#include "sim/road.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int lay_line(struct road *road)
{
	const struct vec2 *points = road->params->points.items;
	int count = road->params->points.count;
	int r = path_add(&road->line, points[0]);
	for (int i = 1; r == 0 && i + 1 < count; i++) {
		struct vec2 in = vec2_sub(points[i], points[i - 1]);
		struct vec2 out = vec2_sub(points[i + 1], points[i]);
		double li = vec2_length(in), lo = vec2_length(out);
		double bend = fmin(road->params->bend_m, 0.49 * fmin(li, lo));
		in = vec2_scale(in, 1 / li);
		out = vec2_scale(out, 1 / lo);
		r = path_add(&road->line, vec2_sub(points[i], vec2_scale(in, bend)));
		if (r == 0 && bend > 0)
			r = path_add_bend(
				&road->line, in, vec2_add(points[i], vec2_scale(out, bend)), out);
	}
	if (r == 0)
		r = path_add(&road->line, points[count - 1]);
	return r < 0 ? r : path_seal(&road->line);
}

static void lay_lanes(struct road *road)
{
	const struct sim_road_params *p = road->params;
	for (int i = 0; i < p->forward + p->backward; i++) {
		struct lane *lane = &road->lanes[road->lane_count++];
		lane->backward = i >= p->forward;
		int outward = lane->backward ? i - p->forward : i;
		lane->left_m = (lane->backward ? 1 : -1) * (outward + 0.5) * p->lane_width_m;
		snprintf(lane->name, sizeof(lane->name), "%c%d", lane->backward ? 'b' : 'f',
			outward + 1);
	}
	road->right_m = -p->forward * p->lane_width_m;
	road->left_m = p->backward * p->lane_width_m;
}

int road_init(const struct sim_road_params *p, struct err *err, struct road *ret_road)
{
	if (p->points.count < 2)
		return err_set(err, -EINVAL, "road %s: needs two points or more", p->name);
	if (p->forward + p->backward < 1 || p->forward + p->backward > ROAD_LANES_MAX)
		return err_set(err, -EINVAL, "road %s: has %d lanes; 1 to %d are possible", p->name,
			p->forward + p->backward, ROAD_LANES_MAX);
	for (int i = 1; i < p->points.count; i++)
		if (vec2_length(vec2_sub(p->points.items[i], p->points.items[i - 1])) < 0.1)
			return err_set(err, -EINVAL, "road %s: points %d and %d are the same",
				p->name, i, i + 1);
	struct road road = {.params = p};
	int r = lay_line(&road);
	if (r < 0) {
		road_finish(&road);
		return err_set(err, r, "road %s: out of memory", p->name);
	}
	lay_lanes(&road);
	*ret_road = road;
	return 0;
}

void road_finish(struct road *road)
{
	path_finish(&road->line);
}

const struct lane *road_lane(const struct road *road, const char *name)
{
	for (int i = 0; i < road->lane_count; i++)
		if (strcmp(road->lanes[i].name, name) == 0)
			return &road->lanes[i];
	return NULL;
}

struct vec2 road_point(const struct road *road, double at_m, double left_m)
{
	struct path_spot spot = path_at(&road->line, at_m);
	return vec2_add(spot.position, vec2_scale(spot.normal, left_m));
}

int road_trace(
	const struct road *road, double left_m, double from_m, double to_m, struct path *path)
{
	int step = to_m >= from_m ? 1 : -1;
	int i = step > 0 ? 0 : road->line.count - 1;
	int r = path_add(path, road_point(road, from_m, left_m));
	for (; r == 0 && i >= 0 && i < road->line.count; i += step) {
		double s = road->line.s_m[i];
		if ((s - from_m) * step > 1e-6 && (to_m - s) * step > 1e-6)
			r = path_add(path, road_point(road, s, left_m));
	}
	return r < 0 ? r : path_add(path, road_point(road, to_m, left_m));
}
