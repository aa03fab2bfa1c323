#include "sim/witness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A speed or a direction must last that long to be a violation. */
#define SUSTAIN_S 0.5
#define MOVING_MPS 1.0

/* What is known of one road user. */
struct record {
	bool known; /* `pose` is that of the tick before */
	struct pose pose;
	double over_since_s, against_since_s; /* NAN: not now */
	double over_peak_mps;
	int speed_index; /* its speed violation, -1: none */
	bool red_done[WORLD_SIGNALS_MAX], wrong_way_done;
	unsigned crossed_forward, crossed_backward; /* a bit a line */
};

struct witness {
	const struct world *world;
	struct witness_params params;
	struct record *records;
	int violation_count, count_count;
	struct truth_violation violations[WITNESS_VIOLATIONS_MAX];
	struct truth_count counts[WITNESS_COUNTS_MAX];
};

int witness_create(const struct world *world, const struct witness_params *params,
	struct witness **ret_witness)
{
	struct witness *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->world = world;
	w->params = *params;
	w->records = calloc((size_t)world->mover_count + 1, sizeof(*w->records));
	if (!w->records) {
		witness_destroy(&w);
		return -ENOMEM;
	}
	for (int i = 0; i < world->mover_count; i++) {
		w->records[i].over_since_s = w->records[i].against_since_s = NAN;
		w->records[i].speed_index = -1;
	}
	*ret_witness = w;
	return 0;
}

void witness_destroy(struct witness **witness)
{
	struct witness *w = *witness;
	*witness = NULL;
	if (!w)
		return;
	free(w->records);
	free(w);
}

static struct truth_violation *note(struct witness *w, const struct mover *m, const char *type,
	double at_s, double measured, double limit)
{
	if (w->violation_count == WITNESS_VIOLATIONS_MAX)
		return NULL;
	struct truth_violation *v = &w->violations[w->violation_count++];
	*v = (struct truth_violation){
		.id = m->id,
		.at = media_from_seconds(at_s),
		.measured = measured,
		.limit = limit,
	};
	snprintf(v->type, sizeof(v->type), "%s", type);
	return v;
}

/* The road and lane that a place belongs to; NULL outside all carriageways. */
static const struct road *road_at(
	const struct world *w, struct vec2 at, double *ret_s, double *ret_left)
{
	for (int i = 0; i < w->road_count; i++) {
		const struct road *road = &w->roads[i];
		*ret_s = path_nearest(&road->line, at, 0, path_length(&road->line), ret_left);
		if (*ret_left > road->right_m && *ret_left < road->left_m)
			return road;
	}
	return NULL;
}

static void watch_speed(struct witness *w, const struct mover *m, struct record *r,
	const struct pose *pose, const struct road *road, double t)
{
	double limit = road ? road->params->limit_kmh / 3.6 : 0;
	if (!(limit > 0) || pose->speed_mps <= limit + w->params.tolerance_mps) {
		r->over_since_s = NAN;
		return;
	}
	if (isnan(r->over_since_s))
		r->over_since_s = t;
	r->over_peak_mps = fmax(r->over_peak_mps, pose->speed_mps);
	if (t - r->over_since_s < SUSTAIN_S)
		return;
	if (r->speed_index < 0) {
		if (note(w, m, "speed_violation", r->over_since_s, 0, limit * 3.6))
			r->speed_index = w->violation_count - 1;
		else
			return;
	}
	w->violations[r->speed_index].measured = r->over_peak_mps * 3.6;
}

static void watch_direction(struct witness *w, const struct mover *m, struct record *r,
	const struct pose *pose, const struct road *road, double s, double left, double t)
{
	bool against = false;
	if (road && pose->speed_mps > MOVING_MPS) {
		double way = path_heading(&road->line, s) + (left > 0 ? M_PI : 0);
		against = cos(pose->heading_rad - way) < -0.5;
	}
	if (!against) {
		r->against_since_s = NAN;
		return;
	}
	if (isnan(r->against_since_s))
		r->against_since_s = t;
	if (t - r->against_since_s < SUSTAIN_S || r->wrong_way_done)
		return;
	r->wrong_way_done = true;
	note(w, m, "wrong_way", r->against_since_s, NAN, NAN);
}

static struct vec2 front_of(const struct mover *m, const struct pose *pose)
{
	struct vec2 ahead = {cos(pose->heading_rad), sin(pose->heading_rad)};
	return vec2_add(pose->center, vec2_scale(ahead, 0.5 * m->length_m));
}

/* The front crosses the stop line, in the direction that the signal is for, while it is red. */
static void watch_signals(struct witness *w, const struct mover *m, struct record *r,
	const struct pose *pose, double t)
{
	const struct sim_signal_params *signals = w->world->params->signals.items;
	for (int i = 0; i < w->world->params->signals.count; i++) {
		const struct vec2 *line = w->world->stop_lines[i];
		double along;
		if (r->red_done[i] || !segments_meet(front_of(m, &r->pose), front_of(m, pose),
					      line[0], line[1], &along, NULL))
			continue;
		struct vec2 across = vec2_sub(line[1], line[0]);
		if (vec2_cross(across, pose->velocity_mps) < 0)
			continue;
		double at = t - (1 - along) * WORLD_TICK_S;
		enum sim_lamp lamp = signal_at(&signals[i], at);
		if (lamp != SIM_LAMP_RED && lamp != SIM_LAMP_RED_YELLOW)
			continue;
		r->red_done[i] = true;
		note(w, m, "red_light", at, NAN, NAN);
	}
}

static void tally(struct witness *w, const char *line, bool forward, const char *road_user)
{
	const char *direction = forward ? "forward" : "backward";
	for (int i = 0; i < w->count_count; i++) {
		struct truth_count *c = &w->counts[i];
		if (strcmp(c->line, line) == 0 && strcmp(c->direction, direction) == 0 &&
			strcmp(c->road_user, road_user) == 0) {
			c->count++;
			return;
		}
	}
	if (w->count_count == WITNESS_COUNTS_MAX)
		return;
	struct truth_count *c = &w->counts[w->count_count++];
	*c = (struct truth_count){.count = 1};
	snprintf(c->line, sizeof(c->line), "%s", line);
	snprintf(c->direction, sizeof(c->direction), "%s", direction);
	snprintf(c->road_user, sizeof(c->road_user), "%s", road_user);
}

static void watch_lines(
	struct witness *w, const struct mover *m, struct record *r, const struct pose *pose)
{
	for (int i = 0; i < w->params.line_count; i++) {
		const struct witness_line *l = &w->params.lines[i];
		if (!segments_meet(r->pose.center, pose->center, l->a, l->b, NULL, NULL))
			continue;
		/* Forward: from the left of somebody who walks from a to b. */
		bool forward = vec2_cross(vec2_sub(l->b, l->a), pose->velocity_mps) < 0;
		unsigned *crossed = forward ? &r->crossed_forward : &r->crossed_backward;
		if (*crossed & 1u << i)
			continue;
		*crossed |= 1u << i;
		tally(w, l->name, forward, sim_kind_names[m->params->kind]);
	}
}

void witness_step(struct witness *w)
{
	double t = world_time_s(w->world);
	for (int i = 0; i < w->world->mover_count; i++) {
		const struct mover *m = &w->world->movers[i];
		struct record *r = &w->records[i];
		if (!m->active) {
			r->known = false;
			continue;
		}
		struct pose pose = world_pose(m, 0);
		if (!polygon_contains(w->params.area, w->params.area_count, pose.center)) {
			r->known = false;
			r->over_since_s = r->against_since_s = NAN;
			continue;
		}
		double s, left;
		const struct road *road = road_at(w->world, pose.center, &s, &left);
		watch_speed(w, m, r, &pose, road, t);
		watch_direction(w, m, r, &pose, road, s, left, t);
		if (r->known) {
			watch_signals(w, m, r, &pose, t);
			watch_lines(w, m, r, &pose);
		}
		r->pose = pose;
		r->known = true;
	}
}

int witness_violation_count(const struct witness *w)
{
	return w->violation_count;
}

const struct truth_violation *witness_violation(const struct witness *w, int index)
{
	return &w->violations[index];
}

int witness_count_count(const struct witness *w)
{
	return w->count_count;
}

const struct truth_count *witness_count(const struct witness *w, int index)
{
	return &w->counts[index];
}
