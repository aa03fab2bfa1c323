#include "eval/truespeed.h"

#include "base/units.h"
#include "eval/match.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A row without truth_id is at most this far, in box heights, from its vehicle at both ends. */
#define NEAR_RATIO 0.7
#define WITHIN_US 60000

struct vehicle {
	int id; /* of the truth */
	double measurable_s;
	const struct result_vehicle *row; /* the surest */
};

struct scene {
	const struct truth *truth;
	struct vehicle *vehicles;
	int count;
};

static struct vehicle *find(struct scene *scene, int id)
{
	for (int i = 0; i < scene->count; i++)
		if (scene->vehicles[i].id == id)
			return &scene->vehicles[i];
	return NULL;
}

/* Time from this frame to the next. */
static double frame_s(const struct truth *truth, int frame)
{
	if (frame + 1 >= truth->frame_count)
		return 0;
	return media_diff_s(truth->frames[frame + 1].media, truth->frames[frame].media);
}

static void take_truth(struct scene *scene)
{
	const struct truth *truth = scene->truth;
	for (int f = 0; f < truth->frame_count; f++)
		for (int i = 0; i < truth->frames[f].count; i++) {
			const struct truth_object *o = &truth->objects[truth->frames[f].first + i];
			if (!o->has_road)
				continue;
			struct vehicle *v = find(scene, o->id);
			if (!v) {
				v = &scene->vehicles[scene->count++];
				*v = (struct vehicle){.id = o->id};
			}
			v->measurable_s += o->measurable ? frame_s(truth, f) : 0;
		}
}

static const struct truth_object *object_at(const struct truth *truth, int id, struct media at)
{
	const struct truth_frame *frame = truth_at(truth, at, WITHIN_US);
	for (int i = 0; frame && i < frame->count; i++)
		if (truth->objects[frame->first + i].id == id)
			return &truth->objects[frame->first + i];
	return NULL;
}

/* How far a ground point is from the lower part of an object's box, in box heights. */
static double away(const struct truth_object *o, struct vec2 ground_px)
{
	if (!o)
		return HUGE_VAL;
	struct vec2 foot = box_bottom_center(o->full);
	foot.y -= 0.15 * (double)box_height(o->full);
	return vec2_length(vec2_sub(ground_px, foot)) /
	       fmax(fmax((double)box_height(o->full), (double)box_width(o->full)), 1);
}

static struct vehicle *vehicle_of(struct scene *scene, const struct result_vehicle *row)
{
	if (row->truth_id >= 0)
		return find(scene, row->truth_id);
	struct vehicle *best = NULL;
	double least = NEAR_RATIO;
	for (int i = 0; i < scene->count; i++) {
		int id = scene->vehicles[i].id;
		double worst = fmax(away(object_at(scene->truth, id, row->first), row->from_px),
			away(object_at(scene->truth, id, row->last), row->to_px));
		if (worst < least) {
			least = worst;
			best = &scene->vehicles[i];
		}
	}
	return best;
}

static bool surer(const struct result_vehicle *a, const struct result_vehicle *b)
{
	if (!b)
		return true;
	bool a_ok = a->speed_status == SPEED_OK, b_ok = b->speed_status == SPEED_OK;
	if (a_ok != b_ok)
		return a_ok;
	if (!a_ok)
		return media_diff_s(a->last, a->first) > media_diff_s(b->last, b->first);
	return a->sigma_mps * fmax(b->speed_mps, 2) < b->sigma_mps * fmax(a->speed_mps, 2);
}

static int keep_pair(struct truespeed *sum, struct speed_pair pair)
{
	if (sum->pair_count == sum->capacity) {
		int wanted = sum->capacity ? 2 * sum->capacity : 64;
		struct speed_pair *more = realloc(sum->pairs, (size_t)wanted * sizeof(*more));
		if (!more)
			return -ENOMEM;
		sum->pairs = more;
		sum->capacity = wanted;
	}
	sum->pairs[sum->pair_count++] = pair;
	return 0;
}

/* Whether the truth says "not measurable" for most of what the speed was measured over. */
static bool is_wrongly_told(const struct truth *truth, int id, const struct result_vehicle *row)
{
	const struct truth_object *at = object_at(truth, id, row->speed_at);
	int total = 0, good = 0;
	for (int f = 0; f < truth->frame_count; f++) {
		const struct truth_frame *frame = &truth->frames[f];
		if (frame->media.us < row->speed_from.us || frame->media.us > row->speed_to.us)
			continue;
		total++;
		for (int i = 0; i < frame->count; i++)
			good += truth->objects[frame->first + i].id == id &&
				truth->objects[frame->first + i].measurable;
	}
	return total > 0 ? 2 * good < total : !at || !at->measurable;
}

static int add_vehicle(struct truespeed *sum, const struct truth *truth, const struct vehicle *v)
{
	const struct result_vehicle *row = v->row;
	bool measurable = v->measurable_s >= TRUESPEED_MIN_S;
	sum->measurable_count += measurable;
	if (!row) {
		sum->unseen_count += measurable;
		return 0;
	}
	if (row->speed_status != SPEED_OK) {
		sum->refused_count[row->speed_status] += measurable;
		return 0;
	}
	double true_mps = match_true_speed_mps(truth, v->id, row->speed_at);
	sum->wrongly_told_count += is_wrongly_told(truth, v->id, row);
	sum->measured_count += measurable;
	if (!isfinite(true_mps))
		return 0;
	return keep_pair(sum, (struct speed_pair){KMH_PER_MPS * row->speed_mps,
				      KMH_PER_MPS * true_mps, KMH_PER_MPS * row->sigma_mps, v->id});
}

int truespeed_add(struct truespeed *sum, const struct truth *truth, const struct results *results)
{
	struct scene scene = {.truth = truth,
		.vehicles = calloc((size_t)truth->object_count + 1, sizeof(*scene.vehicles))};
	if (!scene.vehicles)
		return -ENOMEM;
	take_truth(&scene);
	for (int i = 0; i < results->vehicle_count; i++) {
		const struct result_vehicle *row = &results->vehicles[i];
		struct vehicle *v = vehicle_of(&scene, row);
		if (v && surer(row, v->row))
			v->row = row;
	}
	int rc = 0;
	for (int i = 0; rc == 0 && i < scene.count; i++)
		rc = add_vehicle(sum, truth, &scene.vehicles[i]);
	sum->scene_count++;
	free(scene.vehicles);
	return rc;
}

void truespeed_finish(struct truespeed *sum)
{
	free(sum->pairs);
	*sum = (struct truespeed){0};
}
