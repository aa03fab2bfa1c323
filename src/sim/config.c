#include "sim/config.h"

#include "sim/models.h"
#include "sim/render.h"

#include <errno.h>

static void write_points(FILE *f, const struct vec2 *points, int count)
{
	fputc('[', f);
	for (int i = 0; i < count; i++)
		fprintf(f, "%s[%.2f, %.2f]", i ? ", " : "", points[i].x, points[i].y);
	fputc(']', f);
}

static void write_calibration(
	const struct world *w, const struct camera *c, const struct site *site, FILE *f)
{
	const struct sim_config_params *p = &w->params->config;
	fprintf(f, "calibration:\n  image_sigma_px: %g\n  road_sigma_m: %g\n", p->pick_sigma_px,
		p->survey_sigma_m);
	if (c->k1 != 0 || c->k2 != 0)
		fprintf(f, "  lens: {k1: %g, k2: %g}\n", c->k1, c->k2);
	fprintf(f, "  area: ");
	write_points(f, site->area_px, site->area_count);
	fprintf(f, "\n  points:\n");
	for (int i = 0; i < site->point_count; i++)
		fprintf(f, "    - {image: [%.2f, %.2f], road: [%.3f, %.3f]}\n",
			site->points[i].image_px.x, site->points[i].image_px.y,
			site->points[i].road_m.x, site->points[i].road_m.y);
}

static void write_lines(const struct world *w, const struct site *site, FILE *f)
{
	const struct sim_signal_params *signals = w->params->signals.items;
	fprintf(f, "lines:\n");
	for (int i = 0; i < w->params->signals.count; i++) {
		fprintf(f, "  - {name: %s stop, space: road, points: ", signals[i].name);
		/* From the outside to the middle: those whom it stops cross it forward. */
		write_points(f, (struct vec2[]){w->stop_lines[i][1], w->stop_lines[i][0]}, 2);
		fprintf(f, "}\n");
	}
	for (int i = 0; i < site->line_count; i++) {
		fprintf(f,
			"  - {name: %s, space: road, count: true, points: ", site->lines[i].name);
		write_points(f, &site->lines[i].a, 2);
		fprintf(f, "}\n");
	}
}

/* From where to where one side of a road is watched; false: nowhere. */
static bool watched_part(const struct road *road, const struct site *site, double outer,
	double *ret_from, double *ret_to)
{
	double from = INFINITY, to = -INFINITY;
	for (double s = 0; outer != 0 && s <= path_length(&road->line); s += 1)
		if (polygon_contains(
			    site->area_m, site->area_count, road_point(road, s, 0.5 * outer))) {
			from = fmin(from, s);
			to = fmax(to, s);
		}
	*ret_from = from;
	*ret_to = to;
	return to > from;
}

/* The lanes of one direction of a road, as far as they are watched. */
static void write_side(const struct road *road, const struct site *site, bool backward, FILE *f)
{
	double from, to, outer = backward ? road->left_m : road->right_m;
	if (!watched_part(road, site, outer, &from, &to))
		return;
	struct vec2 corners[64];
	int count = 0;
	for (int i = 0; i < 16; i++)
		corners[count++] = road_point(road, from + (to - from) * i / 15, 0);
	for (int i = 15; i >= 0; i--)
		corners[count++] = road_point(road, from + (to - from) * i / 15, outer);
	fprintf(f, "  - {name: %s %s, space: road, polygon: ", road->params->name,
		backward ? "backward" : "forward");
	write_points(f, corners, count);
	fprintf(f, "}\n");
}

static void write_zones(const struct world *w, const struct site *site, FILE *f)
{
	fprintf(f, "zones:\n");
	for (int i = 0; i < w->road_count; i++) {
		write_side(&w->roads[i], site, false, f);
		write_side(&w->roads[i], site, true, f);
	}
}

/* The box around one lamp of a signal head on the picture. */
static bool lamp_box(const struct world *w, const struct camera *c, int signal, int index,
	struct vec2 corners[2])
{
	struct vec3 middle = renderer_lamp(w, signal, index);
	struct vec2 px;
	if (!camera_project(c, middle, &px))
		return false;
	double depth = camera_view(c, middle).z;
	double r = 0.9 * MODEL_LAMP_RADIUS_M * c->focal_px / depth;
	corners[0] = (struct vec2){px.x - r, px.y - r};
	corners[1] = (struct vec2){px.x + r, px.y + r};
	return corners[0].x >= 0 && corners[0].y >= 0 && corners[1].x <= c->width_px &&
	       corners[1].y <= c->height_px;
}

static void write_signals(const struct world *w, const struct camera *c, FILE *f)
{
	static const char *const names[] = {"red", "yellow", "green"};
	const struct sim_signal_params *signals = w->params->signals.items;
	if (w->params->signals.count > 0)
		fprintf(f, "signals:\n");
	for (int i = 0; i < w->params->signals.count; i++) {
		fprintf(f, "  - name: %s\n    lamps:\n", signals[i].name);
		for (int k = 0; k < 3; k++) {
			struct vec2 corners[2];
			if (!lamp_box(w, c, i, k, corners))
				continue;
			fprintf(f, "      %s: ", names[k]);
			write_points(f, corners, 2);
			fputc('\n', f);
		}
	}
}

/* Against the traffic of one side of a road. */
static void write_direction(
	const struct road *road, const struct site *site, bool backward, FILE *f)
{
	double from, to, outer = backward ? road->left_m : road->right_m;
	if (!watched_part(road, site, outer, &from, &to))
		return;
	double middle = 0.5 * (from + to), step = backward ? -5 : 5;
	fprintf(f, "  - {kind: wrong_way, zone: %s %s, direction: ", road->params->name,
		backward ? "backward" : "forward");
	write_points(f,
		(struct vec2[]){road_point(road, middle - step, 0.5 * outer),
			road_point(road, middle + step, 0.5 * outer)},
		2);
	fprintf(f, "}\n");
}

static void write_rules(const struct world *w, const struct site *site, FILE *f)
{
	const struct sim_signal_params *signals = w->params->signals.items;
	fprintf(f, "rules:\n");
	for (int i = 0; i < w->road_count; i++) {
		const struct sim_road_params *p = w->roads[i].params;
		if (p->limit_kmh > 0)
			fprintf(f,
				"  - {kind: speed_violation, limit_kmh: %g, tolerance_kmh: %g, "
				"tolerance_percent: 0}\n",
				p->limit_kmh, w->params->config.tolerance_kmh);
	}
	for (int i = 0; i < w->road_count; i++)
		for (int backward = 0; backward < 2; backward++)
			write_direction(&w->roads[i], site, backward, f);
	for (int i = 0; i < w->params->signals.count; i++)
		fprintf(f, "  - {kind: red_light, signal: %s, line: %s stop}\n", signals[i].name,
			signals[i].name);
}

int config_write(const struct world *w, const struct camera *c, const struct site *site, FILE *f)
{
	fprintf(f, "# Made by the simulator for the scene %s.\n", w->params->name);
	fprintf(f, "pipeline: {device_id: %s}\n", w->params->name);
	fprintf(f, "image: {width_px: %d, height_px: %d}\n", c->width_px, c->height_px);
	write_calibration(w, c, site, f);
	write_lines(w, site, f);
	write_zones(w, site, f);
	write_signals(w, c, f);
	write_rules(w, site, f);
	return ferror(f) ? -EIO : 0;
}
