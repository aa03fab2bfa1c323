#include "sim/invent.h"

#include "sim/invent_text.h"
#include "sim/witness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS (4 * INVENT_KIND_ATTEMPTS)
#define ANY (-1) /* as many violations as there are */
/* What happens so late may not be complete when the recording ends. */
#define LATE_S 2.0
#define LATE_COUNT_S 1.0
/* So near to a line that counts, and so slow: whether it has crossed is not for sure. */
#define STOPS_M 3.5
#define STOPS_MPS 0.5

static void corners_of(const struct mover *m, const struct pose *p, struct vec2 corners[4])
{
	double c = cos(p->heading_rad), s = sin(p->heading_rad);
	double l = 0.5 * m->length_m - 0.1, w = 0.5 * m->width_m - 0.1;
	const double along[4] = {l, l, -l, -l}, left[4] = {-w, w, w, -w};
	for (int i = 0; i < 4; i++)
		corners[i] = (struct vec2){p->center.x + c * along[i] - s * left[i],
			p->center.y + s * along[i] + c * left[i]};
}

static bool overlap(const struct world *w, int a, int b)
{
	struct vec2 p[4], q[4];
	if (vec2_length(vec2_sub(w->poses[a].center, w->poses[b].center)) >
		0.5 * (w->movers[a].length_m + w->movers[b].length_m) + 1.5)
		return false;
	corners_of(&w->movers[a], &w->poses[a], p);
	corners_of(&w->movers[b], &w->poses[b], q);
	for (int i = 0; i < 4; i++) {
		if (polygon_contains(q, 4, p[i]) || polygon_contains(p, 4, q[i]))
			return true;
		for (int k = 0; k < 4; k++)
			if (segments_meet(p[i], p[(i + 1) % 4], q[k], q[(k + 1) % 4], NULL, NULL))
				return true;
	}
	return false;
}

static bool somebody_collides(const struct world *w, const struct site *site)
{
	for (int a = 0; a < w->mover_count; a++)
		for (int b = a + 1; b < w->mover_count; b++)
			if (w->movers[a].active && w->movers[b].active &&
				site_watches(site, w->poses[a].center) && overlap(w, a, b))
				return true;
	return false;
}

/* Who stands on a line that counts, or is on it at the end, is counted or not by a hair. */
static bool somebody_stops_on_count(const struct world *w, const struct site *site, bool at_end)
{
	for (int i = 0; i < w->mover_count; i++) {
		const struct mover *m = &w->movers[i];
		if (!m->active || m->params->kind == SIM_PERSON ||
			(m->v_mps > STOPS_MPS && !at_end) ||
			!site_watches(site, w->poses[i].center))
			continue;
		for (int k = 0; k < site->line_count; k++) {
			const struct site_line *l = &site->lines[k];
			if (l->counts && segment_distance(w->poses[i].center, l->points[0],
						 l->points[l->count - 1]) < STOPS_M)
				return true;
		}
	}
	return false;
}

static bool found_in(const struct witness *w, const struct truth_violation *v)
{
	for (int i = 0; i < witness_violation_count(w); i++)
		if (witness_violation(w, i)->id == v->id &&
			strcmp(witness_violation(w, i)->type, v->type) == 0)
			return true;
	return false;
}

/* The same by all measures, complete before the end, and as many as were wanted. */
static bool agree(struct witness *const witnesses[3], double duration_s, int wanted)
{
	int count = witness_violation_count(witnesses[1]);
	if (count < wanted || (wanted == 0 && count > 0))
		return false;
	for (int a = 0; a < 3; a++)
		for (int i = 0; i < witness_violation_count(witnesses[a]); i++) {
			const struct truth_violation *v = witness_violation(witnesses[a], i);
			if (media_seconds(v->at) > duration_s - LATE_S)
				return false;
			for (int b = 0; b < 3; b++)
				if (!found_in(witnesses[b], v))
					return false;
		}
	return true;
}

static bool run(struct world *w, const struct site *site, struct witness *const witnesses[3],
	double duration_s, int wanted)
{
	while (world_time_s(w) < duration_s) {
		world_step(w);
		if (w->tick <= 0)
			continue;
		for (int i = 0; i < 3; i++)
			witness_step(witnesses[i]);
		bool late = world_time_s(w) > duration_s - LATE_COUNT_S;
		if (w->tick % 10 == 0 &&
			(somebody_collides(w, site) || somebody_stops_on_count(w, site, late)))
			return false;
	}
	return agree(witnesses, duration_s, wanted);
}

/* 1: a fair test; 0: not; or a negative errno. */
static int is_fair(const struct sim_params *params, int wanted, struct err *err)
{
	struct camera camera;
	struct world *w = NULL;
	struct site *site = NULL;
	struct witness *witnesses[3] = {0};
	const struct sim_video_params *v = &params->video;
	int r = camera_init(&params->camera, v->width_px, v->height_px, err, &camera);
	if (r == 0)
		r = world_create(params, err, &w);
	if (r == 0)
		r = site_create(w, &camera, err, &site);
	for (int i = 0; r == 0 && i < 3; i++)
		r = witness_create(w, site, i - 1, &witnesses[i]);
	if (r == 0)
		r = run(w, site, witnesses, params->duration_s, wanted);
	for (int i = 0; i < 3; i++)
		witness_destroy(&witnesses[i]);
	site_destroy(&site);
	world_destroy(&w);
	return r;
}

static int attempt(int seed, int number, struct err *err, char **ret_yaml)
{
	struct problems problems = {.file = "a random world"};
	struct sim_params params;
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	if (!file)
		return err_set(err, -ENOMEM, "out of memory");
	int wanted = invent_text(file, seed, number);
	/* Not every combination goes well together. */
	int of_kind = number % INVENT_KIND_ATTEMPTS;
	if (wanted > 0 && of_kind >= 20)
		wanted = of_kind < 35 ? (wanted + 1) / 2 : of_kind < 50 ? 1 : ANY;
	if (fclose(file) != 0) {
		free(text);
		return err_set(err, -ENOMEM, "out of memory");
	}
	int r = sim_params_parse(text, size, &params, &problems);
	if (r == -EINVAL && problems.count > 0)
		err_set(err, r, "a random world is wrong: %s: %s", problems.items[0].path,
			problems.items[0].text);
	if (r == 0)
		r = is_fair(&params, wanted, err);
	sim_params_finish(&params);
	problems_finish(&problems);
	if (r > 0)
		*ret_yaml = text;
	else
		free(text);
	return r;
}

int invent_world(int seed, struct err *err, char **ret_yaml)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		int r = attempt(seed, i, err, ret_yaml);
		if (r == -ENOMEM)
			return r;
		if (r > 0)
			return 0;
	}
	return err_set(err, -EINVAL, "seed %d gives no fair world; take another", seed);
}
