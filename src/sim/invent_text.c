#include "sim/invent_text.h"

#include "base/random.h"
#include "base/units.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define DURATION_S 20.0
/* Traffic begins before the recording, so that the road is not empty then. */
#define BEFORE_S 14.0

/* Ordinary traffic leaves a lane empty for a while, so that somebody is not held up. */
struct hole {
	const char *lane; /* static */
	double from_s, to_s;
};

/* What is being drawn. */
struct draft {
	FILE *f;
	struct random *r;
	int limit_kmh, forward, backward;
	bool signal, zebra, parking, solid, gaps;
	double line_m; /* of the signal or the zebra, along the street */
	double red_s; /* when the signal turns red */
	bool wrong; /* somebody drives against the traffic */
	int violators;
	double kinds[3]; /* which rule each of them breaks: a share of the weights */
	int hole_count;
	struct hole holes[4];
};

static bool chance(struct draft *d, double share)
{
	return random_unit(d->r) < share;
}

static double between(struct draft *d, double low, double high)
{
	return random_range(d->r, low, high);
}

static int pick(struct draft *d, const int *weights, int count)
{
	int sum = 0;
	for (int i = 0; i < count; i++)
		sum += weights[i];
	int at = random_index(d->r, sum);
	for (int i = 0; i < count; i++) {
		at -= weights[i];
		if (at < 0)
			return i;
	}
	return count - 1;
}

/* The same for a share of the sum, 0 to 1. */
static int weigh(double share, const int *weights, int count)
{
	double sum = 0, at = 0;
	for (int i = 0; i < count; i++)
		sum += weights[i];
	for (int i = 0; i < count; i++) {
		at += weights[i];
		if (share * sum < at)
			return i;
	}
	return count - 1;
}

static void write_look(struct draft *d)
{
	static const char *const looks[] = {"light: day", "weather: overcast, strength: 0.8",
		"light: low_sun, sun_elevation_deg: 15", "light: dusk", "light: night",
		"weather: rain", "weather: fog, strength: 0.4", "weather: snow"};
	static const int weights[] = {60, 12, 6, 6, 6, 4, 3, 3};
	fprintf(d->f, "look: {sun_bearing_deg: %.0f, %s}\n", between(d, 90, 270),
		looks[pick(d, weights, 8)]);
	fprintf(d->f, "sensor: {noise_level: %.1f}\n", between(d, 0.8, 3));
}

static const char *vehicle(struct draft *d)
{
	static const char *const kinds[] = {"car", "van", "truck", "bus", "motorcycle"};
	static const int weights[] = {64, 12, 9, 5, 10};
	return kinds[pick(d, weights, 5)];
}

/* Within the limit, and clearly so. */
static double legal_kmh(struct draft *d)
{
	double share = 0.91 + 0.04 * random_normal(d->r);
	return d->limit_kmh * fmin(fmax(share, 0.74), 0.99);
}

static void user(struct draft *d, const char *kind, const char *route, double at_m, double at_s,
	double kmh, const char *more)
{
	fprintf(d->f, "  - {kind: %s, route: [%s], at_m: %.1f, at_s: %.2f, speed_kmh: %.1f%s}\n",
		kind, route, at_m, at_s, kmh, more);
}

/* One who breaks a rule, with an empty lane in front of it. */
static void violator(struct draft *d, const char *kind, const char *route, const char *lane,
	double at_m, double at_s, double kmh, const char *more)
{
	user(d, kind, route, at_m, at_s, kmh, more);
	if (d->hole_count < 4)
		d->holes[d->hole_count++] = (struct hole){lane, at_s - 6, at_s + 2.2};
}

static bool in_hole(const struct draft *d, const char *lane, double t)
{
	for (int i = 0; i < d->hole_count; i++)
		if (strcmp(d->holes[i].lane, lane) == 0 && t > d->holes[i].from_s &&
			t < d->holes[i].to_s)
			return true;
	return false;
}

/* Ordinary traffic on a lane. */
static void flow(struct draft *d, const char *lane, double at_m, double every_s)
{
	double t = -BEFORE_S + between(d, 0, every_s);
	while (t < DURATION_S - 3) {
		if (!in_hole(d, lane, t))
			user(d, vehicle(d), lane, at_m, t, legal_kmh(d), "");
		t += 2.6 - every_s * log(1 - random_unit(d->r));
	}
}

static void write_props(struct draft *d, double aside_m)
{
	fprintf(d->f, "props:\n");
	for (double y = 40; y < 260; y += between(d, 26, 44))
		for (int side = -1; side <= 1; side += 2) {
			double depth = between(d, 18, 26);
			if (chance(d, 0.7))
				fprintf(d->f,
					"  - {kind: building, position: [%.1f, %.1f], width_m: "
					"%.1f, "
					"depth_m: %.1f, height_m: %.1f}\n",
					side * (aside_m + 14 + between(d, 0, 6)), y,
					between(d, 12, 18), depth, between(d, 7, 18));
			if (chance(d, 0.6))
				fprintf(d->f,
					"  - {kind: tree, position: [%.1f, %.1f], width_m: %.1f, "
					"height_m: %.1f}\n",
					side * (aside_m + 5), y + between(d, -14, 14),
					between(d, 4, 7), between(d, 6, 10));
			if (chance(d, 0.5))
				fprintf(d->f,
					"  - {kind: lamp_post, position: [%.1f, %.1f], width_m: 2, "
					"height_m: 8, turn_deg: %d}\n",
					side * (aside_m + 3), y + 6, side > 0 ? 180 : 0);
		}
}

/* ---- A street; the camera at y = 0 looks along it. */

/* Somebody nearly half-way over the zebra, and somebody who does not stop for that. */
static void meet_on_zebra(struct draft *d, double meet_s, double kmh)
{
	double half = 3.5 * d->backward + 3, y = d->line_m - 60;
	fprintf(d->f,
		"  - {kind: person, way: [[%.1f, %.1f], [%.1f, %.1f]], at_s: %.2f, speed_kmh: 5, "
		"ignores_others: true}\n",
		-half - 2, y, 3.5 * d->forward + 5, y, meet_s - (half + 1.3) / (5 / KMH_PER_MPS));
	violator(d, "car", "main.f1", "main.f1", 10,
		meet_s - (d->line_m - 14) / (kmh / KMH_PER_MPS), kmh, ", ignores_persons: true");
}

/* One of up to three who break a rule, one after the other. */
static void street_violator(struct draft *d, int index)
{
	const int weights[] = {3, d->signal ? 5 : 0, d->solid ? 5 : 0, d->parking ? 6 : 0,
		d->gaps ? 5 : 0, d->zebra ? 7 : 0};
	char more[160];
	double v = legal_kmh(d), t = -1 + 5 * index + between(d, 0, 2);
	const char *outer = d->forward > 2 ? "main.f3" : d->forward > 1 ? "main.f2" : "main.f1";
	switch (weigh(d->kinds[index], weights, 6)) {
	case 0:
		violator(d, chance(d, 0.7) ? "car" : "motorcycle", "main.f1", "main.f1", 10, t,
			d->limit_kmh + between(d, 20, 45), "");
		break;
	case 1: /* comes to the line when it has been red for a while */
		t = d->red_s + 1.5 + 2.2 * index + between(d, 0, 1);
		violator(d, "car", "main.f1", "main.f1", 10,
			t - (d->line_m - 10) / (v / KMH_PER_MPS), v, ", ignores_signals: true");
		break;
	case 2:
		snprintf(more, sizeof(more),
			", changes: [{at_m: %.1f, left_m: -3.5, over_m: %.1f}]", between(d, 68, 80),
			between(d, 22, 32));
		violator(d, "car", "main.f1", "main.f1", 10, t, v, more);
		if (d->hole_count < 4)
			d->holes[d->hole_count++] = (struct hole){"main.f2", t - 4, t + 4};
		break;
	case 3:
		snprintf(more, sizeof(more),
			", changes: [{at_m: 52, left_m: -3.2, over_m: 26}], stops: [{at_m: %d, "
			"for_s: 60}]",
			86 - 8 * index);
		violator(d, chance(d, 0.5) ? "car" : "van", outer, outer, 10, -7 + 2.5 * index, v,
			more);
		break;
	case 4:
		violator(d, "car", "main.f1", "main.f1", 10, t, v, "");
		user(d, "car", "main.f1", 10, t + 3.6 * 6.5 / v, v + 5, ", headway_s: 0.15");
		break;
	default:
		meet_on_zebra(d, 5 + 5 * index + between(d, 0, 1.5), v);
	}
}

static void street_rules(struct draft *d)
{
	double curb = 3.5 * d->forward;
	if (d->signal)
		fprintf(d->f,
			"signals:\n  - {name: main, road: main, at_m: %.1f, pole_aside_m: 2.5, "
			"plan: [{lamp: "
			"green, duration_s: %.1f}, {lamp: yellow, duration_s: 3}, {lamp: red, "
			"duration_s: "
			"%.1f}, {lamp: red_yellow, duration_s: 1}, {lamp: green, duration_s: "
			"60}]}\n",
			d->line_m, d->red_s - 3, between(d, 8, 11));
	if (d->zebra)
		fprintf(d->f, "crosswalks:\n  - {name: zebra, road: main, at_m: %.1f}\n",
			d->line_m);
	if (d->parking)
		fprintf(d->f,
			"zones:\n  - {name: no parking, polygon: [[%.2f, 16], [%.2f, 16], [%.2f, "
			"46], "
			"[%.2f, 46]], paint: no_parking}\n",
			curb + 0.2, curb + 2.8, curb + 2.8, curb + 0.2);
	if (d->solid || d->parking || d->gaps || d->zebra)
		fprintf(d->f, "rules:\n");
	if (d->solid)
		fprintf(d->f, "  - {kind: lane_violation, line: main f1-f2}\n");
	if (d->parking)
		fprintf(d->f, "  - {kind: illegal_parking, zone: no parking, limit_s: 6}\n");
	if (d->gaps)
		fprintf(d->f, "  - {kind: tailgating, min_gap_s: 0.9, min_speed_kmh: 25}\n");
	if (d->zebra)
		fprintf(d->f, "  - {kind: pedestrian_right_of_way, zone: zebra}\n");
}

static void street(struct draft *d)
{
	double height = between(d, 7.5, 11), focal = between(d, 1050, 1450);
	/* The horizon lies in the upper sixth of the picture. */
	double pitch = atan((0.5 - between(d, 0.05, 0.17)) * 720 / focal) * 180 / M_PI;
	d->line_m = between(d, 90, 100);
	d->red_s = between(d, 5, 8);
	fprintf(d->f,
		"camera: {position: [%.1f, 0], height_m: %.1f, yaw_deg: %.1f, pitch_deg: %.1f, "
		"focal_px: %.0f}\nconfig: {range_m: %.0f}\n",
		between(d, -3, 3), height, between(d, -3, 3), pitch, focal, 9 * height);
	fprintf(d->f,
		"roads:\n  - {name: main, points: [[0, -60], [0, 320]], forward: %d, backward: %d, "
		"limit_kmh: %d, center: %s, divider: %s, shoulder_m: %.1f, sidewalk_m: 2}\n",
		d->forward, d->backward, d->limit_kmh, d->backward > 1 ? "double" : "solid",
		d->solid ? "solid" : "dashed", d->parking ? 3.2 : 0.6);
	street_rules(d);
	fprintf(d->f, "users:\n");
	for (int i = 0; i < d->violators; i++)
		street_violator(d, i);
	flow(d, "main.f1", 10, 7);
	if (d->forward > 1)
		flow(d, "main.f2", 10, 4);
	if (d->forward > 2)
		flow(d, "main.f3", 10, 4);
	if (d->wrong)
		user(d, "car", "main.b1", 20, between(d, 0, 9), legal_kmh(d), ", against: true");
	else
		flow(d, "main.b1", 320, 6);
	if (d->backward > 1)
		flow(d, "main.b2", 320, 5);
	write_props(d, 3.5 * fmax(d->forward, d->backward) + 3);
}

/* ---- A crossing; the camera in the south-west looks north. */

static void crossing_signals(struct draft *d)
{
	static const char *const names[] = {"south", "north", "west", "east"};
	double green = d->red_s - 3, other = between(d, 7, 9), clear = 1.5;
	fprintf(d->f, "signals:\n");
	for (int i = 0; i < 4; i++) {
		bool ns = i < 2;
		fprintf(d->f,
			"  - {name: %s, road: %s, at_m: %.0f, backward: %s, pole_aside_m: 1.5, "
			"plan: ",
			names[i], ns ? "ns" : "ew", (ns ? 110.0 : 110.0) + (i % 2 ? 10 : -10),
			i % 2 ? "true" : "false");
		/* One direction, yellow, all red, the other direction. */
		if (ns)
			fprintf(d->f,
				"[{lamp: green, duration_s: %.1f}, {lamp: yellow, duration_s: 3}, "
				"{lamp: "
				"red, duration_s: %.1f}, {lamp: red_yellow, duration_s: 1}, {lamp: "
				"green, "
				"duration_s: 40}]}\n",
				green, 2 * clear + other + 3 - 1);
		else
			fprintf(d->f,
				"[{lamp: red, duration_s: %.1f}, {lamp: red_yellow, duration_s: "
				"1}, {lamp: "
				"green, duration_s: %.1f}, {lamp: yellow, duration_s: 3}, {lamp: "
				"red, "
				"duration_s: 40}]}\n",
				green + 3 + clear - 1, other);
	}
}

static void crossing_violator(struct draft *d, int index)
{
	const int weights[] = {d->signal ? 3 : 0, d->signal ? 0 : 5, d->solid ? 5 : 0, 1};
	double v = legal_kmh(d), t = -2 + 5.5 * index + between(d, 0, 2);
	switch (weigh(d->kinds[index], weights, 4)) {
	case 0:
		t = d->red_s + 1 + 1.4 * index + between(d, 0, 0.5) - 70 / (v / KMH_PER_MPS);
		violator(d, "car", "ns.f1", "ns.f1", 30, t, v, ", ignores_signals: true");
		break;
	case 1:
		violator(d, "car", "ns.f1", "ns.f1", 30, t, v, ", ignores_stop_signs: true");
		break;
	case 2:
		violator(d, "car", "ns.f1, ew.b1", "ns.f1", 30, t, v, ", gives_way: true");
		break;
	default:
		violator(d, "motorcycle", "ns.f1", "ns.f1", 30, t,
			d->limit_kmh + between(d, 22, 40), ", ignores_stop_signs: true");
	}
}

static void crossing_flow(struct draft *d, const char *lane, const char *right, double at_m)
{
	double t = -BEFORE_S + between(d, 0, 5);
	char route[40];
	while (t < DURATION_S - 4) {
		bool turns = chance(d, 0.25);
		snprintf(route, sizeof(route), "%s%s%s", lane, turns ? ", " : "",
			turns ? right : "");
		if (!in_hole(d, lane, t))
			user(d, vehicle(d), route, at_m, t, legal_kmh(d), ", gives_way: true");
		t += 3.4 - 7 * log(1 - random_unit(d->r));
	}
}

static void crossing(struct draft *d)
{
	double height = between(d, 8.5, 11), focal = between(d, 900, 1100);
	double pitch = atan((0.5 - between(d, 0.04, 0.12)) * 720 / focal) * 180 / M_PI;
	d->red_s = between(d, 6, 9);
	fprintf(d->f,
		"camera: {position: [%.1f, %.1f], height_m: %.1f, yaw_deg: %.1f, pitch_deg: %.1f, "
		"focal_px: %.0f}\nconfig: {range_m: 75}\n",
		between(d, -9, -5), between(d, -44, -38), height, between(d, 6, 11), pitch, focal);
	fprintf(d->f,
		"roads:\n  - {name: ns, points: [[0, -110], [0, 220]], forward: 1, backward: 1, "
		"limit_kmh: "
		"%d}\n  - {name: ew, points: [[-110, 0], [110, 0]], forward: 1, backward: 1, "
		"limit_kmh: "
		"%d}\n",
		d->limit_kmh, d->limit_kmh);
	if (d->signal)
		crossing_signals(d);
	else
		fprintf(d->f, "stop_signs:\n  - {name: south line, road: ns, at_m: 102}\n  - "
			      "{name: north line, "
			      "road: ns, at_m: 118, backward: true}\n");
	if (d->solid)
		fprintf(d->f, "zones:\n  - {name: south arm, polygon: [[0, -40], [3.5, -40], [3.5, "
			      "-8], [0, -8]]}\n"
			      "  - {name: west arm, polygon: [[-30, 0], [-8, 0], [-8, 3.5], [-30, "
			      "3.5]]}\n");
	if (d->solid || !d->signal)
		fprintf(d->f, "rules:\n");
	if (!d->signal)
		fprintf(d->f, "  - {kind: stop_sign, line: south line}\n");
	if (d->solid)
		fprintf(d->f, "  - {kind: illegal_turn, from: south arm, to: [west arm]}\n");
	fprintf(d->f, "users:\n");
	for (int i = 0; i < d->violators; i++)
		crossing_violator(d, i);
	crossing_flow(d, "ns.f1", "ew.f1", 20);
	crossing_flow(d, "ns.b1", "ew.b1", 220);
	crossing_flow(d, "ew.f1", "ns.b1", 10);
	crossing_flow(d, "ew.b1", "ns.f1", 210);
	fprintf(d->f, "props:\n");
	for (int i = 0; i < 4; i++)
		fprintf(d->f,
			"  - {kind: building, position: [%.1f, %.1f], width_m: %.1f, depth_m: "
			"%.1f, "
			"height_m: %.1f}\n",
			(i & 1 ? 1 : -1) * between(d, 30, 40),
			i & 2 ? between(d, 30, 40) : between(d, 70, 80), between(d, 16, 26),
			between(d, 18, 26), between(d, 8, 16));
}

/* ---- A bend that everybody takes as one should; no speed can be measured honestly in it. */

static void bend(struct draft *d)
{
	fprintf(d->f,
		"camera: {position: [%.1f, -30], height_m: %.1f, yaw_deg: %.1f, pitch_deg: 14.5, "
		"focal_px: 1050}\nconfig: {range_m: 80}\n",
		between(d, -4, -1), between(d, 8, 10.5), between(d, 3, 7));
	fprintf(d->f,
		"roads:\n  - {name: bend, points: [[0, -90], [0, %.0f], [150, %.0f]], bend_m: "
		"%.0f, "
		"forward: 2, backward: 1, limit_kmh: %d, center: solid}\nusers:\n",
		between(d, 30, 60), between(d, 100, 150), between(d, 40, 70), d->limit_kmh);
	flow(d, "bend.f1", 20, 7);
	flow(d, "bend.f2", 20, 5);
	flow(d, "bend.b1", 250, 6);
	write_props(d, 14);
}

/* What kind of world it is: the same in INVENT_KIND_ATTEMPTS attempts for a seed. */
static void draw_kind(struct draft *d, bool crossing_layout)
{
	static const int limits[] = {30, 50, 50, 50, 60, 70};
	d->limit_kmh = limits[random_index(d->r, 6)];
	d->forward = 1 + random_index(d->r, 2) + chance(d, 0.2);
	d->backward = 1 + chance(d, 0.5);
	d->signal = chance(d, crossing_layout ? 0.6 : 0.4);
	d->zebra = !d->signal && chance(d, 0.5);
	/* On a crossing: a turn that is forbidden. */
	d->solid = (crossing_layout || d->forward > 1) && chance(d, 0.45);
	d->parking = !d->signal && !d->zebra && chance(d, 0.6);
	d->gaps = chance(d, 0.4);
	d->violators = random_index(d->r, 4);
	d->wrong = d->violators > 0 && d->backward > 1 && chance(d, 0.25);
	for (int i = 0; i < 3; i++)
		d->kinds[i] = random_unit(d->r);
}

int invent_text(FILE *file, int seed, int number)
{
	static const int layouts[] = {6, 4, 1};
	struct random whole =
		random_at((uint64_t)seed, (uint64_t)(number / INVENT_KIND_ATTEMPTS), 0, 'W');
	struct random random = random_at((uint64_t)seed, (uint64_t)number, 0, 'I');
	struct draft d = {.f = file, .r = &whole};
	int layout = pick(&d, layouts, 3);
	draw_kind(&d, layout == 1);
	fprintf(file, "name: random-%d\nseed: %d\nduration_s: %.0f\n", seed, seed, DURATION_S);
	fprintf(file, "video: {fps: %s}\n", chance(&d, 0.7) ? "25" : chance(&d, 0.5) ? "30" : "15");
	write_look(&d);
	d.r = &random;
	switch (layout) {
	case 0:
		street(&d);
		break;
	case 1:
		crossing(&d);
		break;
	default:
		d.violators = 0;
		bend(&d);
		break;
	}
	return d.violators;
}
