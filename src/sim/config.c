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

static void write_places(const struct site *site, FILE *f)
{
	if (site->line_count > 0)
		fprintf(f, "lines:\n");
	for (int i = 0; i < site->line_count; i++) {
		const struct site_line *l = &site->lines[i];
		fprintf(f, "  - {name: %s, space: road, count: %s, points: ", l->name,
			l->counts ? "true" : "false");
		write_points(f, l->points, l->count);
		for (int k = 0; k < l->lane_count; k++)
			fprintf(f, "%s%s", k ? ", " : ", lanes: [", l->lanes[k]);
		fprintf(f, "%s}\n", l->lane_count > 0 ? "]" : "");
	}
	if (site->zone_count > 0)
		fprintf(f, "zones:\n");
	for (int i = 0; i < site->zone_count; i++) {
		const struct site_zone *z = &site->zones[i];
		fprintf(f, "  - {name: %s, space: road, polygon: ", z->name);
		write_points(f, z->polygon, z->count);
		fprintf(f, "}\n");
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
	double r = 0.9 * MODEL_LAMP_RADIUS_M * c->focal_px / camera_view(c, middle).z;
	corners[0] = (struct vec2){px.x - r, px.y - r};
	corners[1] = (struct vec2){px.x + r, px.y + r};
	return corners[0].x >= 0 && corners[0].y >= 0 && corners[1].x <= c->width_px &&
	       corners[1].y <= c->height_px;
}

/* What the lamps show is read from the picture where all three are in it, else from the plan. */
static void write_signals(const struct world *w, const struct camera *c, bool blind, FILE *f)
{
	static const char *const names[] = {"red", "yellow", "green"};
	const struct sim_signal_params *signals = w->params->signals.items;
	if (w->params->signals.count > 0)
		fprintf(f, "signals:\n");
	for (int i = 0; i < w->params->signals.count; i++) {
		const struct sim_phase_params *plan = signals[i].plan.items;
		struct vec2 boxes[3][2];
		bool seen = !blind;
		for (int k = 0; k < 3; k++)
			seen = lamp_box(w, c, i, k, boxes[k]) && seen;
		fprintf(f, "  - name: %s\n    %s:\n", signals[i].name, seen ? "lamps" : "phases");
		for (int k = 0; seen && k < 3; k++) {
			fprintf(f, "      %s: ", names[k]);
			write_points(f, boxes[k], 2);
			fputc('\n', f);
		}
		for (int k = 0; !seen && k < signals[i].plan.count; k++)
			fprintf(f, "      - {lamp: %s, duration_s: %g}\n",
				sim_lamp_names[plan[k].lamp], plan[k].duration_s);
		if (!seen)
			fprintf(f, "    offset_s: %g\n", -signals[i].offset_s);
	}
}

static void write_names(FILE *f, const char *key, const struct site_zone *const *zones, int count)
{
	if (count < 1)
		return;
	fprintf(f, ", %s: [", key);
	for (int i = 0; i < count; i++)
		fprintf(f, "%s%s", i ? ", " : "", zones[i]->name);
	fputc(']', f);
}

static void write_rule(const struct site_rule *r, FILE *f)
{
	fprintf(f, "  - {kind: %s", sim_rule_names[r->kind]);
	if (r->line)
		fprintf(f, ", line: %s", r->line->name);
	if (r->signal)
		fprintf(f, ", signal: %s", r->signal->name);
	if (r->zone)
		fprintf(f, ", zone: %s", r->zone->name);
	if (r->from)
		fprintf(f, ", from: %s", r->from->name);
	write_names(f, "to", r->to, r->to_count);
	write_names(f, "exempt_zones", r->exempt, r->exempt_count);
	if (r->kind == SIM_RULE_SPEED)
		fprintf(f, ", limit_kmh: %g, tolerance_kmh: %g, tolerance_percent: 0", r->limit_kmh,
			r->tolerance_kmh);
	if (r->kind == SIM_RULE_PARKING || r->kind == SIM_RULE_STOPPED)
		fprintf(f, ", limit_s: %g", r->limit_s);
	if (r->kind == SIM_RULE_LANE && r->exempt_stationary_s > 0)
		fprintf(f, ", exempt_stationary_s: %g", r->exempt_stationary_s);
	if (r->kind == SIM_RULE_TAILGATING)
		fprintf(f, ", min_gap_s: %g, min_speed_kmh: %g", r->min_gap_s, r->min_speed_kmh);
	if (r->kind == SIM_RULE_WRONG_WAY) {
		fprintf(f, ", direction: ");
		write_points(f, r->arrow, 2);
	}
	fprintf(f, "}\n");
}

int config_write(
	const struct world *w, const struct camera *c, const struct site *site, bool blind, FILE *f)
{
	fprintf(f, "# Made by the simulator for the world %s.\n", w->params->name);
	fprintf(f, "pipeline: {device_id: %s}\n", w->params->name);
	fprintf(f, "image: {width_px: %d, height_px: %d}\n", c->width_px, c->height_px);
	write_calibration(w, c, site, f);
	write_places(site, f);
	write_signals(w, c, blind, f);
	if (site->rule_count > 0)
		fprintf(f, "rules:\n");
	for (int i = 0; i < site->rule_count; i++)
		write_rule(&site->rules[i], f);
	return ferror(f) ? -EIO : 0;
}
