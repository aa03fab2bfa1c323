/*
 * What the camera watches: the part of the road plane that is measured, the calibration points a
 * surveyor would have picked, and the lines, zones and rules of the scene, all on the road plane.
 *
 * The usual rules come with the roads: their limits, their directions, their signals. Names that a
 * world's rules may use beside its own lines and zones: "SIGNAL stop" and the name of a stop sign
 * for their stop lines, the name of a crosswalk for its zone, "ROAD center" and "ROAD f1-f2" for
 * solid markings.
 *
 * Threads: read-only once made. Memory: site_destroy() frees it.
 */
#pragma once

#include "sim/camera.h"
#include "sim/world.h"

#define SITE_COLUMNS 12
#define SITE_POINTS_MAX 48
#define SITE_LINES_MAX 48
#define SITE_ZONES_MAX 64
#define SITE_RULES_MAX 64
#define SITE_CORNERS_MAX 64
#define SITE_TARGETS_MAX 8

struct site_point {
	struct vec2 image_px; /* as picked: off by the picking error */
	struct vec2 road_m; /* as surveyed */
};

struct site_line {
	char name[64];
	int count;
	struct vec2 points[SITE_CORNERS_MAX];
	bool counts; /* crossings are counted */
	int lane_count; /* 0, or one for each stretch between the points */
	const char *lanes[ROAD_LANES_MAX]; /* their names; the world's */
};

struct site_zone {
	char name[64];
	int count;
	struct vec2 polygon[SITE_CORNERS_MAX];
};

struct site_rule {
	enum sim_rule kind;
	const struct site_line *line;
	const struct site_zone *zone, *from;
	const struct site_zone *to[SITE_TARGETS_MAX], *exempt[SITE_TARGETS_MAX];
	int to_count, exempt_count;
	const struct sim_signal_params *signal;
	struct vec2 arrow[2]; /* wrong_way */
	/* Numbers of docs/rules.md, in its units, defaults filled in. */
	double limit_kmh, tolerance_kmh, limit_s, exempt_stationary_s, min_gap_s, min_speed_kmh;
};

struct site {
	/* The measured area, in pixels and in metres, corner for corner. */
	int area_count;
	struct vec2 area_px[2 * SITE_COLUMNS], area_m[2 * SITE_COLUMNS];
	int point_count, line_count, zone_count, rule_count;
	struct site_point points[SITE_POINTS_MAX];
	struct site_line lines[SITE_LINES_MAX];
	struct site_zone zones[SITE_ZONES_MAX];
	struct site_rule rules[SITE_RULES_MAX];
};

/* -EINVAL with the reason: the camera sees no ground within the range, or no road; a rule names
 * something that is not there. -ENOMEM. */
int site_create(const struct world *world, const struct camera *camera, struct err *err,
	struct site **ret_site);
void site_destroy(struct site **site);
/* Whether the measured area holds a place. */
bool site_watches(const struct site *site, struct vec2 road_m);
