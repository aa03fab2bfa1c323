#include "sim/ground.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Widths of paint and stone, metres; dashes after the German RMS for roads in towns. */
#define MARK_M 0.15
#define DASH_M 3.0
#define DASH_GAP_M 6.0
#define STOP_LINE_M 0.5
#define KERB_M 0.2
#define PIECE_M 6.0

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

static void mark(struct ground *g, const struct road *road, double left_m, int marking)
{
	double length = path_length(&road->line), half = 0.5 * MARK_M;
	if (marking == SIM_MARKING_DOUBLE) {
		mark(g, road, left_m - MARK_M, SIM_MARKING_SOLID);
		mark(g, road, left_m + MARK_M, SIM_MARKING_SOLID);
	} else if (marking == SIM_MARKING_SOLID) {
		strip(g, road, GROUND_WHITE, left_m - half, left_m + half, 0, length);
	} else if (marking == SIM_MARKING_DASHED) {
		for (double s = 0; s < length; s += DASH_M + DASH_GAP_M)
			strip(g, road, GROUND_WHITE, left_m - half, left_m + half, s,
				fmin(s + DASH_M, length));
	}
}

static void mark_road(struct ground *g, const struct road *road)
{
	const struct sim_road_params *p = road->params;
	if (p->forward > 0 && p->backward > 0)
		mark(g, road, 0, p->center);
	for (int i = 1; i < p->forward; i++)
		mark(g, road, -i * p->lane_width_m, p->divider);
	for (int i = 1; i < p->backward; i++)
		mark(g, road, i * p->lane_width_m, p->divider);
	mark(g, road, road->right_m, p->edge);
	mark(g, road, road->left_m, p->edge);
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

static void mark_stop_lines(struct ground *g, const struct world *w)
{
	const struct sim_signal_params *signals = w->params->signals.items;
	for (int i = 0; i < w->params->signals.count; i++) {
		const struct sim_signal_params *p = &signals[i];
		for (int k = 0; k < w->road_count; k++) {
			const struct road *road = &w->roads[k];
			if (strcmp(road->params->name, p->road) != 0)
				continue;
			double gap = 0.3, far = p->backward ? p->at_m - STOP_LINE_M : p->at_m;
			if (p->backward)
				strip(g, road, GROUND_WHITE, gap, road->left_m - 0.1, far,
					far + STOP_LINE_M);
			else
				strip(g, road, GROUND_WHITE, road->right_m + 0.1, -gap, far,
					far + STOP_LINE_M);
		}
	}
}

int ground_build(const struct world *w, struct ground *ret_ground)
{
	struct ground g = {0};
	for (int i = 0; i < w->road_count; i++)
		pave(&g, &w->roads[i], false);
	for (int i = 0; i < w->road_count; i++)
		pave(&g, &w->roads[i], true);
	for (int i = 0; i < w->road_count; i++)
		mark_road(&g, &w->roads[i]);
	mark_stop_lines(&g, w);
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
}
