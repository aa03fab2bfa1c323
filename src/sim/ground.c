#include "sim/ground.h"

#include <errno.h>
#include <stdlib.h>

/* Widths of paint and stone, metres; dashes after the German RMS for roads in towns. */
#define MARK_M 0.15
#define DASH_M 3.0
#define DASH_GAP_M 6.0
#define STOP_LINE_M 0.5
#define KERB_M 0.2
#define PIECE_M 6.0
#define CORNER_M 6.0

static void add(struct ground *g, const struct ground_patch *patch)
{
	if (g->count == g->capacity) {
		int capacity = g->capacity ? 2 * g->capacity : 512;
		struct ground_patch *grown = realloc(g->patches, (size_t)capacity * sizeof(*grown));
		if (!grown) {
			g->failed = true;
			return;
		}
		g->patches = grown;
		g->capacity = capacity;
	}
	g->patches[g->count++] = *patch;
}

/* The sideways coordinate of a triangle as a linear function of the place. */
static void set_left(struct ground_patch *p, const double left[3])
{
	struct vec2 u = vec2_sub(p->corners[1], p->corners[0]);
	struct vec2 v = vec2_sub(p->corners[2], p->corners[0]);
	double area = vec2_cross(u, v), du = left[1] - left[0], dv = left[2] - left[0];
	if (fabs(area) < 1e-9)
		return;
	p->left_gradient.x = (du * v.y - dv * u.y) / area;
	p->left_gradient.y = (dv * u.x - du * v.x) / area;
	p->left_base_m = left[0] - vec2_dot(p->left_gradient, p->corners[0]);
}

/* A strip along a road, between two sideways offsets and two places. */
static void strip(struct ground *g, const struct road *road, enum ground_surface surface,
	double right_m, double left_m, double from_m, double to_m)
{
	double s = from_m;
	while (s < to_m - 1e-6) {
		double next = fmin(s + PIECE_M, to_m);
		for (int i = 0; i < road->line.count; i++)
			if (road->line.s_m[i] > s + 0.01 && road->line.s_m[i] < next)
				next = road->line.s_m[i];
		struct vec2 a = road_point(road, s, right_m), b = road_point(road, s, left_m);
		struct vec2 c = road_point(road, next, left_m), d = road_point(road, next, right_m);
		struct ground_patch p = {
			.corners = {a, b, c},
			.surface = (uint8_t)surface,
			.lane_width_m = road->params->lane_width_m,
		};
		set_left(&p, (double[]){right_m, left_m, left_m});
		add(g, &p);
		p.corners[1] = c;
		p.corners[2] = d;
		set_left(&p, (double[]){right_m, left_m, right_m});
		add(g, &p);
		s = next;
	}
}

/* Whether a marking may lie there: not on another road, not on a crosswalk. */
static bool is_free(const struct world *w, const struct road *road, double at_m, double left_m)
{
	struct vec2 at = road_point(road, at_m, left_m);
	for (int i = 0; i < w->crosswalk_count; i++)
		if (polygon_contains(w->crosswalks[i].corners, 4, at))
			return false;
	return !world_on_other_road(w, road, at, 0.5);
}

static void mark_solid(struct ground *g, const struct world *w, const struct road *road,
	double left_m, double from_m, double to_m)
{
	double half = 0.5 * MARK_M, begin = NAN;
	for (double s = from_m;; s = fmin(s + 0.5, to_m)) {
		bool here = is_free(w, road, s, left_m);
		if (here && isnan(begin))
			begin = s;
		if (!isnan(begin) && (!here || s >= to_m)) {
			strip(g, road, GROUND_WHITE, left_m - half, left_m + half, begin, s);
			begin = NAN;
		}
		if (s >= to_m)
			break;
	}
}

static void mark(struct ground *g, const struct world *w, const struct road *road, double left_m,
	int marking)
{
	double length = path_length(&road->line);
	if (marking == SIM_MARKING_DOUBLE) {
		mark_solid(g, w, road, left_m - MARK_M, 0, length);
		mark_solid(g, w, road, left_m + MARK_M, 0, length);
	} else if (marking == SIM_MARKING_SOLID) {
		mark_solid(g, w, road, left_m, 0, length);
	} else if (marking == SIM_MARKING_DASHED) {
		for (double s = 0; s < length; s += DASH_M + DASH_GAP_M)
			mark_solid(g, w, road, left_m, s, fmin(s + DASH_M, length));
	}
}

static void mark_road(struct ground *g, const struct world *w, const struct road *road)
{
	const struct sim_road_params *p = road->params;
	if (p->forward > 0 && p->backward > 0)
		mark(g, w, road, 0, p->center);
	for (int i = 1; i < p->forward; i++)
		mark(g, w, road, -i * p->lane_width_m, p->divider);
	for (int i = 1; i < p->backward; i++)
		mark(g, w, road, i * p->lane_width_m, p->divider);
	mark(g, w, road, road->right_m, p->edge);
	mark(g, w, road, road->left_m, p->edge);
}

static void pave(struct ground *g, const struct road *road, bool carriageway)
{
	const struct sim_road_params *p = road->params;
	double length = path_length(&road->line);
	double right = road->right_m - p->shoulder_m, left = road->left_m + p->shoulder_m;
	if (carriageway) {
		strip(g, road, GROUND_ASPHALT, right, left, 0, length);
		return;
	}
	if (!(p->sidewalk_m > 0))
		return;
	strip(g, road, GROUND_PAVEMENT, right - KERB_M - p->sidewalk_m, right, 0, length);
	strip(g, road, GROUND_PAVEMENT, left, left + KERB_M + p->sidewalk_m, 0, length);
	strip(g, road, GROUND_KERB, right - KERB_M, right, 0, length);
	strip(g, road, GROUND_KERB, left, left + KERB_M, 0, length);
}

static void triangle(
	struct ground *g, enum ground_surface surface, struct vec2 a, struct vec2 b, struct vec2 c)
{
	add(g, &(struct ground_patch){.corners = {a, b, c}, .surface = (uint8_t)surface});
}

/* The outside of a corner between two roads, rounded for those who turn. */
static void round_corner(struct ground *g, const struct world *w, const struct road *a,
	const struct road *b, struct vec2 corner, double a_m, double b_m)
{
	struct vec2 da = path_at(&a->line, a_m).slope, db = path_at(&b->line, b_m).slope;
	/* Along each edge away from the other road. */
	if (world_on_other_road(w, a, vec2_add(corner, vec2_scale(da, 2)), 0))
		da = vec2_scale(da, -1);
	if (world_on_other_road(w, b, vec2_add(corner, vec2_scale(db, 2)), 0))
		db = vec2_scale(db, -1);
	struct vec2 pa = vec2_add(corner, vec2_scale(da, CORNER_M));
	struct vec2 pb = vec2_add(corner, vec2_scale(db, CORNER_M));
	struct vec2 last = pa;
	for (int i = 1; i <= 10; i++) {
		double t = i / 10.0, u = 1 - t;
		struct vec2 q = vec2_add(vec2_scale(pa, u * u),
			vec2_add(vec2_scale(corner, 2 * u * t), vec2_scale(pb, t * t)));
		triangle(g, GROUND_ASPHALT, corner, last, q);
		last = q;
	}
}

static void round_corners(
	struct ground *g, const struct world *w, const struct road *a, const struct road *b)
{
	double edges_a[2] = {a->right_m - a->params->shoulder_m, a->left_m + a->params->shoulder_m};
	double edges_b[2] = {b->right_m - b->params->shoulder_m, b->left_m + b->params->shoulder_m};
	for (int k = 0; k < 4; k++) {
		double left_a = edges_a[k & 1], left_b = edges_b[k >> 1];
		for (double s = 0; s + 1 <= path_length(&a->line); s += 1) {
			struct vec2 p = road_point(a, s, left_a), q = road_point(a, s + 1, left_a);
			for (double t = 0; t + 1 <= path_length(&b->line); t += 1) {
				double u, v;
				if (segments_meet(p, q, road_point(b, t, left_b),
					    road_point(b, t + 1, left_b), &u, &v))
					round_corner(g, w, a, b,
						vec2_add(p, vec2_scale(vec2_sub(q, p), u)), s + u,
						t + v);
			}
		}
	}
}

static void mark_stop_lines(struct ground *g, const struct world *w)
{
	for (int i = 0; i < w->stop_line_count; i++) {
		const struct stop_line *l = &w->stop_lines[i];
		if (l->backward)
			strip(g, l->road, GROUND_WHITE, 0.3, l->road->left_m - 0.1,
				l->at_m - STOP_LINE_M, l->at_m);
		else
			strip(g, l->road, GROUND_WHITE, l->road->right_m + 0.1, -0.3, l->at_m,
				l->at_m + STOP_LINE_M);
	}
}

static void mark_crosswalks(struct ground *g, const struct world *w)
{
	for (int i = 0; i < w->crosswalk_count; i++) {
		const struct crosswalk *c = &w->crosswalks[i];
		double half = 0.5 * c->params->width_m;
		for (double left = c->road->right_m + 0.25; left < c->road->left_m - 0.5; left += 1)
			strip(g, c->road, GROUND_WHITE, left, left + 0.5, c->params->at_m - half,
				c->params->at_m + half);
	}
}

static void stroke(
	struct ground *g, enum ground_surface surface, struct vec2 a, struct vec2 b, double width_m)
{
	struct vec2 along = vec2_sub(b, a);
	double length = vec2_length(along);
	if (!(length > 0))
		return;
	struct vec2 side = {-along.y * 0.5 * width_m / length, along.x * 0.5 * width_m / length};
	struct vec2 p[4] = {
		vec2_add(a, side), vec2_sub(a, side), vec2_sub(b, side), vec2_add(b, side)};
	triangle(g, surface, p[0], p[1], p[2]);
	triangle(g, surface, p[0], p[2], p[3]);
}

/* Parallel lines at 45 degrees to the first edge, cut to a convex polygon. */
static void hatch(struct ground *g, const struct vec2 *polygon, int count, double turn_rad)
{
	struct vec2 edge = vec2_sub(polygon[1], polygon[0]);
	double angle = atan2(edge.y, edge.x) + turn_rad;
	struct vec2 along = {cos(angle), sin(angle)}, across = {-along.y, along.x};
	double low = INFINITY, high = -INFINITY;
	for (int i = 0; i < count; i++) {
		low = fmin(low, vec2_dot(polygon[i], across));
		high = fmax(high, vec2_dot(polygon[i], across));
	}
	for (double d = low + 1; d < high; d += 2) {
		struct vec2 middle = vec2_scale(across, d), ends[2];
		struct vec2 from = vec2_sub(middle, vec2_scale(along, 1e4));
		struct vec2 to = vec2_add(middle, vec2_scale(along, 1e4));
		int found = 0;
		for (int i = 0; i < count && found < 2; i++) {
			double t;
			if (segments_meet(from, to, polygon[i], polygon[(i + 1) % count], &t, NULL))
				ends[found++] = vec2_add(from, vec2_scale(vec2_sub(to, from), t));
		}
		if (found == 2)
			stroke(g, GROUND_YELLOW, ends[0], ends[1], 0.12);
	}
}

static void paint_zones(struct ground *g, const struct world *w)
{
	const struct sim_zone_params *zones = w->params->zones.items;
	const struct sim_line_params *lines = w->params->lines.items;
	for (int i = 0; i < w->params->zones.count; i++) {
		const struct vec2 *corners = zones[i].polygon.items;
		int count = zones[i].polygon.count;
		enum ground_surface color =
			zones[i].paint == SIM_PAINT_BAY ? GROUND_WHITE : GROUND_YELLOW;
		for (int k = 0; zones[i].paint != SIM_PAINT_NONE && k < count; k++)
			stroke(g, color, corners[k], corners[(k + 1) % count], 0.14);
		if (zones[i].paint == SIM_PAINT_BOX) {
			hatch(g, corners, count, 0.25 * M_PI);
			hatch(g, corners, count, -0.25 * M_PI);
		} else if (zones[i].paint == SIM_PAINT_NO_PARKING) {
			hatch(g, corners, count, 0.25 * M_PI);
		}
	}
	for (int i = 0; i < w->params->lines.count; i++)
		for (int k = 1; lines[i].paint && k < lines[i].points.count; k++)
			stroke(g, GROUND_WHITE, lines[i].points.items[k - 1],
				lines[i].points.items[k], MARK_M);
}

int ground_build(const struct world *w, struct ground *ret_ground)
{
	struct ground g = {0};
	for (int i = 0; i < w->road_count; i++)
		pave(&g, &w->roads[i], false);
	for (int i = 0; i < w->road_count; i++)
		pave(&g, &w->roads[i], true);
	for (int i = 0; i < w->road_count; i++)
		for (int k = i + 1; k < w->road_count; k++)
			round_corners(&g, w, &w->roads[i], &w->roads[k]);
	for (int i = 0; i < w->road_count; i++)
		mark_road(&g, w, &w->roads[i]);
	mark_stop_lines(&g, w);
	mark_crosswalks(&g, w);
	paint_zones(&g, w);
	if (g.failed) {
		ground_finish(&g);
		return -ENOMEM;
	}
	*ret_ground = g;
	return 0;
}

void ground_finish(struct ground *g)
{
	free(g->patches);
	*g = (struct ground){0};
}

/* Grain, blotches, repaired squares, and what tyres and oil leave in every lane. */
static float asphalt(const struct light *l, const struct ground_patch *patch, struct vec2 at)
{
	float tone = 1 + 0.16f * light_noise(l, at.x, at.y, 0.06) +
		     0.08f * light_noise(l, at.x + 31, at.y, 0.5) +
		     0.06f * light_noise(l, at.x, at.y + 57, 4.0);
	if (patch->lane_width_m > 0) {
		double left = patch->left_base_m + vec2_dot(patch->left_gradient, at);
		double in_lane = left / patch->lane_width_m;
		double off = fabs(in_lane - floor(in_lane) - 0.5) * patch->lane_width_m;
		double tyre = (off - 0.82) / 0.32, oil = off / 0.25;
		tone *= 1 - 0.09f * (float)exp(-tyre * tyre) - 0.07f * (float)exp(-oil * oil);
	}
	if (light_noise(l, floor(at.x / 2.6) * 7.3, floor(at.y / 9.0) * 3.1, 1.0) > 0.62f)
		tone *= 0.86f;
	float crack =
		light_noise(l, at.x + 0.4 * (double)light_noise(l, at.x, at.y, 0.7), at.y, 3.1);
	if (fabsf(crack) < 0.004f)
		tone *= 0.75f;
	return tone;
}

/* Rain darkens what soaks it up; snow stays least where tyres roll. */
static void weather(const struct light *l, const struct ground_patch *patch,
	enum ground_surface surface, struct vec2 at, float rgb[3])
{
	float wet = l->wet_ratio * (surface == GROUND_GRASS ? 0.2f : 0.4f);
	for (int c = 0; c < 3; c++)
		rgb[c] *= 1 - wet;
	if (!(l->snow_ratio > 0))
		return;
	float cover = 1.3f * l->snow_ratio + 0.35f * light_noise(l, at.x, at.y, 1.7) +
		      0.15f * light_noise(l, at.x, at.y, 0.25);
	if (surface != GROUND_GRASS)
		cover -= 0.55f;
	if (patch && patch->lane_width_m > 0 && surface != GROUND_PAVEMENT) {
		double left = patch->left_base_m + vec2_dot(patch->left_gradient, at);
		double in_lane = left / patch->lane_width_m;
		double off = fabs(in_lane - floor(in_lane) - 0.5) * patch->lane_width_m;
		double tyre = (off - 0.82) / 0.4;
		cover -= 0.7f * (float)exp(-tyre * tyre);
	}
	cover = fminf(fmaxf(cover, 0), 0.96f);
	for (int c = 0; c < 3; c++)
		rgb[c] += cover * (0.78f - rgb[c]);
}

void ground_color(
	const struct light *l, const struct ground_patch *patch, struct vec2 at, float rgb[3])
{
	static const float base[][3] = {
		[GROUND_GRASS] = {0.105f, 0.150f, 0.052f},
		[GROUND_PAVEMENT] = {0.300f, 0.290f, 0.270f},
		[GROUND_KERB] = {0.380f, 0.375f, 0.360f},
		[GROUND_ASPHALT] = {0.118f, 0.118f, 0.122f},
		[GROUND_WHITE] = {0.640f, 0.640f, 0.620f},
		[GROUND_YELLOW] = {0.600f, 0.420f, 0.060f},
	};
	enum ground_surface surface = patch ? (enum ground_surface)patch->surface : GROUND_GRASS;
	float tone = 1;
	switch (surface) {
	case GROUND_GRASS:
		tone += 0.30f * light_noise(l, at.x, at.y, 0.12) +
			0.22f * light_noise(l, at.x, at.y, 1.3) +
			0.18f * light_noise(l, at.x, at.y, 11);
		break;
	case GROUND_PAVEMENT:
	case GROUND_KERB:
		tone += 0.08f * light_noise(l, at.x, at.y, 0.1) +
			0.08f * light_noise(l, at.x, at.y, 2);
		if (at.y - floor(at.y) < 0.03)
			tone *= 0.75f;
		break;
	case GROUND_ASPHALT:
		tone = asphalt(l, patch, at);
		break;
	case GROUND_WHITE:
	case GROUND_YELLOW:
		tone += 0.10f * light_noise(l, at.x, at.y, 0.05) - 0.12f +
			0.12f * light_noise(l, at.x, at.y, 0.8);
		break;
	}
	for (int c = 0; c < 3; c++)
		rgb[c] = base[surface][c] * tone;
	weather(l, patch, surface, at, rgb);
}
