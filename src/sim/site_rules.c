#include "sim/site_rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Directions are judged that far away from a junction only. */
#define JUNCTION_MARGIN_M 4.0
/* A zone of one direction may bend so much before another one begins. */
#define ZONE_BEND_RAD 0.5
#define ZONE_MIN_M 12.0

static struct site_line *add_line(struct site *site, const char *name, const char *suffix)
{
	if (site->line_count == SITE_LINES_MAX)
		return NULL;
	struct site_line *l = &site->lines[site->line_count++];
	snprintf(l->name, sizeof(l->name), "%.50s%.12s", name, suffix);
	return l;
}

static const struct site_line *find_line(const struct site *site, const char *name)
{
	for (int i = 0; name && i < site->line_count; i++)
		if (strcmp(site->lines[i].name, name) == 0)
			return &site->lines[i];
	return NULL;
}

static const struct site_zone *find_zone(const struct site *site, const char *name)
{
	for (int i = 0; name && i < site->zone_count; i++)
		if (strcmp(site->zones[i].name, name) == 0)
			return &site->zones[i];
	return NULL;
}

/* Stop lines from the outside to the middle: those whom they stop cross them forward. */
static void lay_stop_lines(const struct world *w, struct site *site)
{
	for (int i = 0; i < w->stop_line_count; i++) {
		struct site_line *l = add_line(site, w->stop_lines[i].name, "");
		if (!l)
			return;
		l->count = 2;
		l->points[0] = w->stop_lines[i].ends[1];
		l->points[1] = w->stop_lines[i].ends[0];
	}
}

static void lay_own(const struct world *w, struct site *site)
{
	const struct sim_line_params *lines = w->params->lines.items;
	const struct sim_zone_params *zones = w->params->zones.items;
	for (int i = 0; i < w->params->lines.count; i++) {
		struct site_line *l = add_line(site, lines[i].name, "");
		if (!l)
			return;
		l->counts = lines[i].count;
		l->count = lines[i].points.count;
		memcpy(l->points, lines[i].points.items, (size_t)l->count * sizeof(*l->points));
	}
	for (int i = 0; i < w->params->zones.count && site->zone_count < SITE_ZONES_MAX; i++) {
		struct site_zone *z = &site->zones[site->zone_count++];
		snprintf(z->name, sizeof(z->name), "%s", zones[i].name);
		z->count = zones[i].polygon.count;
		memcpy(z->polygon, zones[i].polygon.items, (size_t)z->count * sizeof(*z->polygon));
	}
	for (int i = 0; i < w->crosswalk_count && site->zone_count < SITE_ZONES_MAX; i++) {
		struct site_zone *z = &site->zones[site->zone_count++];
		snprintf(z->name, sizeof(z->name), "%s", w->crosswalks[i].params->name);
		z->count = 4;
		memcpy(z->polygon, w->crosswalks[i].corners, sizeof(w->crosswalks[i].corners));
	}
}

/* Whether a cross section of a side of a road is watched and away from junctions. */
static bool is_open(const struct world *w, const struct site *site, const struct road *road,
	double s, double outer)
{
	for (int i = 0; i <= 2; i++)
		if (world_on_other_road(
			    w, road, road_point(road, s, 0.5 * i * outer), JUNCTION_MARGIN_M))
			return false;
	return site_watches(site, road_point(road, s, 0.5 * outer));
}

/* The next stretch of a side of a road that is open and bends little. */
static bool next_stretch(const struct world *w, const struct site *site, const struct road *road,
	double outer, double *from, double *to)
{
	double length = path_length(&road->line), s = *to;
	while (s < length && !is_open(w, site, road, s, outer))
		s += 0.5;
	*from = s;
	double heading = path_heading(&road->line, s);
	while (s + 0.5 < length && is_open(w, site, road, s + 0.5, outer) &&
		fabs(remainder(path_heading(&road->line, s + 0.5) - heading, 2 * M_PI)) <
			ZONE_BEND_RAD)
		s += 0.5;
	*to = s + 0.5;
	return *from < length;
}

/* Between a sideways offset and another, from a place to another. */
static void outline(const struct road *road, double from, double to, double a_m, double b_m,
	struct site_zone *zone)
{
	enum { STEPS = 8 };
	zone->count = 0;
	for (int i = 0; i <= STEPS; i++)
		zone->polygon[zone->count++] =
			road_point(road, from + (to - from) * i / STEPS, a_m);
	for (int i = STEPS; i >= 0; i--)
		zone->polygon[zone->count++] =
			road_point(road, from + (to - from) * i / STEPS, b_m);
}

/* Zones for the lanes of one direction, with a rule against driving them the other way. */
static void lay_direction(
	const struct world *w, struct site *site, const struct road *road, bool backward)
{
	double from, to = 0, outer = backward ? road->left_m : road->right_m;
	int number = 0;
	while (outer != 0 && next_stretch(w, site, road, outer, &from, &to)) {
		if (to - from < ZONE_MIN_M || site->zone_count == SITE_ZONES_MAX ||
			site->rule_count == SITE_RULES_MAX)
			continue;
		struct site_zone *z = &site->zones[site->zone_count++];
		snprintf(z->name, sizeof(z->name), "%.40s %s %d", road->params->name,
			backward ? "backward" : "forward", ++number);
		outline(road, from, to, 0, outer, z);
		double middle = 0.5 * (from + to), step = backward ? -4 : 4;
		site->rules[site->rule_count++] = (struct site_rule){
			.kind = SIM_RULE_WRONG_WAY,
			.zone = z,
			.arrow = {road_point(road, middle - step, 0.5 * outer),
				road_point(road, middle + step, 0.5 * outer)},
		};
	}
}

/* From right to left, with a point on every marking; half a metre more at both edges. */
static void lay_lane_count(const struct road *road, double at_m, struct site_line *l)
{
	double left_m = road->right_m;
	l->count = 0;
	l->points[l->count++] = road_point(road, at_m, left_m - 0.5);
	for (int i = 0; i < road->lane_count; i++) {
		/* The forward lanes are numbered from the middle outwards. */
		int forward = road->params->forward;
		int lane = i < forward ? forward - 1 - i : i;
		bool last = i + 1 == road->lane_count;
		left_m += road->params->lane_width_m;
		l->lanes[l->lane_count++] = road->lanes[lane].name;
		l->points[l->count++] = road_point(road, at_m, left_m + (last ? 0.5 : 0));
	}
}

/* Across every road in the watched part, away from junctions; forward is the road's forward. */
static void lay_counts(const struct world *w, struct site *site)
{
	for (int i = 0; i < w->road_count; i++) {
		const struct road *road = &w->roads[i];
		double best = 0, best_from = 0;
		double begin = NAN, length = path_length(&road->line);
		for (double s = 0; s <= length + 0.5; s += 0.5) {
			bool here = s <= length && is_open(w, site, road, s, 2 * road->right_m) &&
				    is_open(w, site, road, s, 2 * road->left_m);
			if (here && isnan(begin))
				begin = s;
			if (!here && !isnan(begin)) {
				if (s - begin > best) {
					best = s - begin;
					best_from = begin;
				}
				begin = NAN;
			}
		}
		struct site_line *l =
			best > 4 ? add_line(site, road->params->name, " count") : NULL;
		if (!l)
			continue;
		double s = best_from + 0.4 * best;
		l->counts = true;
		l->count = 2;
		l->points[0] = road_point(road, s, road->right_m - 0.5);
		l->points[1] = road_point(road, s, road->left_m + 0.5);
		if (w->params->config.count_lanes)
			lay_lane_count(road, s, l);
	}
}

static bool same_limits(const struct world *w)
{
	for (int i = 1; i < w->road_count; i++)
		if (w->roads[i].params->limit_kmh != w->roads[0].params->limit_kmh)
			return false;
	return true;
}

static void lay_limits(const struct world *w, struct site *site)
{
	bool same = same_limits(w);
	for (int i = 0; i < (same ? 1 : w->road_count); i++) {
		const struct road *road = &w->roads[i];
		double from, to = 0;
		struct site_rule rule = {
			.kind = SIM_RULE_SPEED,
			.limit_kmh = road->params->limit_kmh,
			.tolerance_kmh = w->params->config.tolerance_kmh,
		};
		if (!(rule.limit_kmh > 0))
			continue;
		if (same && site->rule_count < SITE_RULES_MAX)
			site->rules[site->rule_count++] = rule;
		for (int number = 1;
			!same && next_stretch(w, site, road,
					 fabs(road->left_m) > fabs(road->right_m) ? road->left_m
										  : road->right_m,
					 &from, &to);
			number++) {
			if (site->zone_count == SITE_ZONES_MAX ||
				site->rule_count == SITE_RULES_MAX)
				return;
			struct site_zone *z = &site->zones[site->zone_count++];
			snprintf(z->name, sizeof(z->name), "%.40s limit %d", road->params->name,
				number);
			outline(road, from, to, road->right_m, road->left_m, z);
			rule.zone = z;
			site->rules[site->rule_count++] = rule;
		}
	}
}

/* A solid marking of a road: its middle, or the line between two lanes of one direction. */
static const struct site_line *marking_line(
	const struct world *w, struct site *site, const char *name)
{
	const char *space = name ? strrchr(name, ' ') : NULL;
	for (int i = 0; space && i < w->road_count; i++) {
		const struct road *road = &w->roads[i];
		size_t length = strlen(road->params->name);
		int a, b;
		char side, other;
		double left = NAN;
		if (length != (size_t)(space - name) ||
			strncmp(road->params->name, name, length) != 0)
			continue;
		if (strcmp(space, " center") == 0)
			left = 0;
		else if (sscanf(space, " %c%d-%c%d", &side, &a, &other, &b) == 4 && side == other &&
			 b == a + 1)
			left = (side == 'b' ? 1 : -1) * a * road->params->lane_width_m;
		double from, to = 0;
		if (isnan(left) ||
			!next_stretch(w, site, road, left == 0 ? 0.01 : left, &from, &to))
			continue;
		struct site_line *l = add_line(site, name, "");
		for (int k = 0; l && k <= 12; k++)
			l->points[l->count++] = road_point(road, from + (to - from) * k / 12, left);
		return l;
	}
	return NULL;
}

static double or_else(double value, double usual)
{
	return value > 0 ? value : usual;
}

static int find_zones(const struct site *site, const struct option_strings *names, int index,
	struct err *err, const struct site_zone **zones, int *ret_count)
{
	for (int i = 0; i < names->count; i++) {
		zones[i] = find_zone(site, names->items[i]);
		if (!zones[i])
			return err_set(err, -EINVAL, "rules[%d]: there is no zone %s", index,
				names->items[i]);
	}
	*ret_count = names->count;
	return 0;
}

static const struct sim_signal_params *find_signal(const struct world *w, const char *name)
{
	const struct sim_signal_params *signals = w->params->signals.items;
	for (int i = 0; name && i < w->params->signals.count; i++)
		if (strcmp(signals[i].name, name) == 0)
			return &signals[i];
	return NULL;
}

/* What each kind cannot do without. */
static int check_rule(const struct site_rule *r, int index, struct err *err)
{
	const char *missing = NULL;
	switch (r->kind) {
	case SIM_RULE_RED_LIGHT:
		missing = !r->signal ? "signal" : !r->line ? "line" : NULL;
		break;
	case SIM_RULE_LANE:
	case SIM_RULE_STOP_SIGN:
		missing = r->line ? NULL : "line";
		break;
	case SIM_RULE_PARKING:
	case SIM_RULE_STOPPED:
	case SIM_RULE_PEDESTRIAN:
		missing = r->zone ? NULL : "zone";
		break;
	case SIM_RULE_TURN:
		missing = !r->from ? "from" : r->to_count < 1 ? "to" : NULL;
		break;
	case SIM_RULE_SPEED:
		missing = r->limit_kmh > 0 ? NULL : "limit_kmh";
		break;
	case SIM_RULE_WRONG_WAY:
		missing = "usual_rules, which make these";
		break;
	case SIM_RULE_U_TURN:
	case SIM_RULE_TAILGATING:
	case SIM_RULE_COUNT:
		break;
	}
	return missing ? err_set(err, -EINVAL, "rules[%d]: %s needs %s", index,
				 sim_rule_names[r->kind], missing)
		       : 0;
}

static int add_rule(const struct world *w, const struct sim_rule_params *p, int index,
	struct err *err, struct site *site)
{
	struct site_rule r = {
		.kind = (enum sim_rule)p->kind,
		.zone = find_zone(site, p->zone),
		.from = find_zone(site, p->from),
		.line = find_line(site, p->line),
		.signal = find_signal(w, p->signal),
		.limit_kmh = p->limit_kmh,
		.tolerance_kmh = w->params->config.tolerance_kmh,
		.limit_s = or_else(p->limit_s, p->kind == SIM_RULE_STOPPED ? 5 : 180),
		.exempt_stationary_s = p->exempt_stationary_s,
		.min_gap_s = or_else(p->min_gap_s, 0.9),
		.min_speed_kmh = or_else(p->min_speed_kmh, 30),
	};
	if (p->line && !r.line)
		r.line = marking_line(w, site, p->line);
	if (p->line && !r.line)
		return err_set(err, -EINVAL, "rules[%d]: there is no line %s", index, p->line);
	if ((p->zone && !r.zone) || (p->from && !r.from))
		return err_set(err, -EINVAL, "rules[%d]: there is no zone %s", index,
			p->zone && !r.zone ? p->zone : p->from);
	int ret = find_zones(site, &p->to, index, err, r.to, &r.to_count);
	if (ret == 0)
		ret = find_zones(site, &p->exempt_zones, index, err, r.exempt, &r.exempt_count);
	if (ret == 0)
		ret = check_rule(&r, index, err);
	if (ret == 0 && site->rule_count < SITE_RULES_MAX)
		site->rules[site->rule_count++] = r;
	return ret;
}

/* A signal has a rule of its own, but where the world says another one about it. */
static void lay_red_lights(const struct world *w, struct site *site)
{
	const struct sim_rule_params *rules = w->params->rules.items;
	for (int i = 0; i < w->stop_line_count && w->stop_lines[i].signal; i++) {
		bool said = false;
		for (int k = 0; k < w->params->rules.count; k++)
			said = said ||
			       (rules[k].signal &&
				       strcmp(rules[k].signal, w->stop_lines[i].signal->name) == 0);
		if (said || site->rule_count == SITE_RULES_MAX)
			continue;
		site->rules[site->rule_count++] = (struct site_rule){
			.kind = SIM_RULE_RED_LIGHT,
			.line = find_line(site, w->stop_lines[i].name),
			.signal = w->stop_lines[i].signal,
		};
	}
}

int site_rules_lay(const struct world *w, struct err *err, struct site *site)
{
	const struct sim_rule_params *rules = w->params->rules.items;
	lay_stop_lines(w, site);
	lay_own(w, site);
	lay_counts(w, site);
	if (w->params->config.usual_rules) {
		lay_limits(w, site);
		lay_red_lights(w, site);
		for (int i = 0; i < w->road_count; i++) {
			lay_direction(w, site, &w->roads[i], false);
			lay_direction(w, site, &w->roads[i], true);
		}
	}
	for (int i = 0; i < w->params->rules.count; i++) {
		int r = add_rule(w, &rules[i], i, err, site);
		if (r < 0)
			return r;
	}
	return 0;
}
