#include "sim/witness.h"

#include "sim/witness_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is known of one road user. */
struct record {
	bool known; /* `pose` is that of the tick before */
	struct pose pose;
	uint64_t crossed[2]; /* a bit for each line: forward, backward */
};

struct witness {
	const struct world *world;
	const struct site *site;
	double strict;
	struct record *records;
	struct witness_memory *memories; /* by mover and rule */
	int violation_count, count_count;
	struct truth_violation violations[WITNESS_VIOLATIONS_MAX];
	struct truth_count counts[WITNESS_COUNTS_MAX];
};

int witness_create(const struct world *world, const struct site *site, double strict,
	struct witness **ret_witness)
{
	struct witness *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	size_t movers = (size_t)world->mover_count;
	w->world = world;
	w->site = site;
	w->strict = strict;
	w->records = calloc(movers + 1, sizeof(*w->records));
	w->memories = calloc(movers * (size_t)site->rule_count + 1, sizeof(*w->memories));
	if (!w->records || !w->memories) {
		witness_destroy(&w);
		return -ENOMEM;
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
	free(w->memories);
	free(w);
}

/* Keeps them by time. */
static void note(struct witness *w, const struct witness_look *l, const struct witness_finding *f)
{
	if (w->violation_count == WITNESS_VIOLATIONS_MAX)
		return;
	struct truth_violation v = {
		.id = l->mover->id,
		.at = media_from_seconds(f->at_s),
		.measured = f->measured,
		.limit = f->limit,
	};
	snprintf(v.type, sizeof(v.type), "%s", sim_rule_names[l->rule->kind]);
	int i = w->violation_count++;
	for (; i > 0 && w->violations[i - 1].at.us > v.at.us; i--)
		w->violations[i] = w->violations[i - 1];
	w->violations[i] = v;
}

/* `lane` "": the line has none. */
static void tally(
	struct witness *w, const char *line, const char *lane, bool forward, const char *road_user)
{
	const char *direction = forward ? "forward" : "backward";
	for (int i = 0; i < w->count_count; i++) {
		struct truth_count *c = &w->counts[i];
		if (strcmp(c->line, line) == 0 && strcmp(c->lane, lane) == 0 &&
			strcmp(c->direction, direction) == 0 &&
			strcmp(c->road_user, road_user) == 0) {
			c->count++;
			return;
		}
	}
	if (w->count_count == WITNESS_COUNTS_MAX)
		return;
	struct truth_count *c = &w->counts[w->count_count++];
	*c = (struct truth_count){.count = 1};
	snprintf(c->line, sizeof(c->line), "%.47s", line);
	snprintf(c->lane, sizeof(c->lane), "%s", lane);
	snprintf(c->direction, sizeof(c->direction), "%s", direction);
	snprintf(c->road_user, sizeof(c->road_user), "%s", road_user);
}

static void watch_lines(
	struct witness *w, const struct mover *m, struct record *r, const struct pose *pose)
{
	for (int i = 0; i < w->site->line_count; i++) {
		const struct site_line *l = &w->site->lines[i];
		for (int k = 1; l->counts && k < l->count; k++) {
			struct vec2 a = l->points[k - 1], b = l->points[k];
			if (!segments_meet(r->pose.center, pose->center, a, b, NULL, NULL))
				continue;
			bool forward = vec2_cross(vec2_sub(b, a),
					       vec2_sub(pose->center, r->pose.center)) < 0;
			if (r->crossed[forward] & UINT64_C(1) << i)
				continue;
			r->crossed[forward] |= UINT64_C(1) << i;
			tally(w, l->name, l->lane_count > 0 ? l->lanes[k - 1] : "", forward,
				sim_kind_names[m->params->kind]);
		}
	}
}

static void watch_rules(
	struct witness *w, const struct mover *m, const struct record *r, const struct pose *pose)
{
	struct witness_look look = {
		.world = w->world,
		.mover = m,
		.pose = pose,
		.before = &r->pose,
		.t_s = world_time_s(w->world),
		.strict = w->strict,
	};
	for (int i = 0; i < w->site->rule_count; i++) {
		struct witness_finding finding;
		look.rule = &w->site->rules[i];
		struct witness_memory *memory =
			&w->memories[(size_t)m->id * (size_t)w->site->rule_count + (size_t)i];
		if (witness_rules_look(&look, memory, &finding))
			note(w, &look, &finding);
	}
}

void witness_step(struct witness *w)
{
	for (int i = 0; i < w->world->mover_count; i++) {
		const struct mover *m = &w->world->movers[i];
		struct record *r = &w->records[i];
		const struct pose *pose = &w->world->poses[i];
		if (!m->active || !site_watches(w->site, pose->center)) {
			r->known = false;
			continue;
		}
		if (m->params->kind != SIM_PERSON && r->known) {
			watch_rules(w, m, r, pose);
			watch_lines(w, m, r, pose);
		}
		r->pose = *pose;
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
