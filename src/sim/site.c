#include "sim/site.h"

#include "base/random.h"
#include "sim/site_rules.h"

#include <errno.h>
#include <stdlib.h>

/* Kept clear of the edges of the picture, pixels. */
#define MARGIN_PX 4.0

static double ground_distance(const struct camera *c, struct vec2 px)
{
	struct vec2 at;
	if (!camera_ground(c, px, &at))
		return INFINITY;
	return hypot(at.x - c->eye.x, at.y - c->eye.y);
}

/* The highest pixel of a column that sees ground within the range. */
static double far_row(const struct camera *c, double x, double range_m)
{
	double low = c->height_px - MARGIN_PX, high = MARGIN_PX;
	if (ground_distance(c, (struct vec2){x, high}) <= range_m)
		return high;
	for (int i = 0; i < 50; i++) {
		double y = 0.5 * (low + high);
		if (ground_distance(c, (struct vec2){x, y}) <= range_m)
			low = y;
		else
			high = y;
	}
	return low;
}

static int find_area(const struct camera *c, double range_m, struct err *err, struct site *site)
{
	double bottom = c->height_px - MARGIN_PX;
	site->area_count = 2 * SITE_COLUMNS;
	for (int i = 0; i < SITE_COLUMNS; i++) {
		double x = MARGIN_PX + (c->width_px - 2 * MARGIN_PX) * i / (SITE_COLUMNS - 1);
		if (ground_distance(c, (struct vec2){x, bottom}) > range_m)
			return err_set(err, -EINVAL,
				"camera: sees no ground within config.range_m (%g m); pitch it "
				"down",
				range_m);
		site->area_px[i] = (struct vec2){x, far_row(c, x, range_m)};
		site->area_px[site->area_count - 1 - i] = (struct vec2){x, bottom};
	}
	for (int i = 0; i < site->area_count; i++)
		camera_ground(c, site->area_px[i], &site->area_m[i]);
	return 0;
}

bool site_watches(const struct site *site, struct vec2 road_m)
{
	return polygon_contains(site->area_m, site->area_count, road_m);
}

/* Points on the edges and the middle of every road, every few metres, as somebody would click. */
static void pick_points(const struct world *w, const struct camera *c, struct site *site)
{
	const struct sim_config_params *p = &w->params->config;
	struct random r = random_at((uint64_t)w->params->seed, 0, 0, 'c');
	double step = fmax(4, p->range_m / 8);
	for (int i = 0; i < w->road_count; i++) {
		const struct road *road = &w->roads[i];
		double left[3] = {road->right_m, 0, road->left_m};
		for (double s = 0; s <= path_length(&road->line); s += step)
			for (int k = 0; k < 3 && site->point_count < SITE_POINTS_MAX; k++) {
				struct vec2 at = road_point(road, s, left[k]), px;
				if (!site_watches(site, at) || (k != 1 && left[k] == 0) ||
					!camera_project(c, (struct vec3){at.x, at.y, 0}, &px))
					continue;
				site->points[site->point_count++] = (struct site_point){
					{px.x + p->pick_sigma_px * random_normal(&r),
						px.y + p->pick_sigma_px * random_normal(&r)},
					{at.x + p->survey_sigma_m * random_normal(&r),
						at.y + p->survey_sigma_m * random_normal(&r)},
				};
			}
	}
}

int site_create(
	const struct world *w, const struct camera *c, struct err *err, struct site **ret_site)
{
	struct site *site = calloc(1, sizeof(*site));
	if (!site)
		return err_set(err, -ENOMEM, "out of memory");
	int r = find_area(c, w->params->config.range_m, err, site);
	if (r == 0)
		pick_points(w, c, site);
	if (r == 0 && site->point_count < 4)
		r = err_set(err, -EINVAL,
			"camera: sees %d points of the roads within config.range_m (%g m); 4 are "
			"needed to calibrate",
			site->point_count, w->params->config.range_m);
	if (r == 0)
		r = site_rules_lay(w, err, site);
	if (r < 0) {
		site_destroy(&site);
		return r;
	}
	*ret_site = site;
	return 0;
}

void site_destroy(struct site **site)
{
	free(*site);
	*site = NULL;
}
