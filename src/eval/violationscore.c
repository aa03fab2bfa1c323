#include "eval/violationscore.h"

#include <errno.h>
#include <stdlib.h>

#define SAME_IOU (1.0f / 3)
#define FRAME_WITHIN_US 100000

static int note(struct violationscore *s, struct violationscore_difference difference)
{
	if (s->difference_count == s->difference_capacity) {
		int capacity = s->difference_capacity ? 2 * s->difference_capacity : 32;
		struct violationscore_difference *grown =
			realloc(s->differences, (size_t)capacity * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->differences = grown;
		s->difference_capacity = capacity;
	}
	difference.scene = s->scene_count;
	s->differences[s->difference_count++] = difference;
	return 0;
}

/* The object whose box is `box` at `at`, or -1. */
static int object_at(const struct truth *truth, struct media at, struct box box)
{
	const struct truth_frame *frame = truth_at(truth, at, FRAME_WITHIN_US);
	float best = SAME_IOU;
	int id = -1;
	for (int i = 0; frame && i < frame->count; i++) {
		const struct truth_object *o = &truth->objects[frame->first + i];
		float iou = box_iou(o->visible, box);
		if (iou >= best) {
			best = iou;
			id = o->id;
		}
	}
	return id;
}

static int object_of(const struct truth *truth, const struct result_violation *v)
{
	if (v->truth_id >= 0)
		return v->truth_id;
	int id = object_at(truth, v->to, v->box);
	return id >= 0 ? id : object_at(truth, v->at, v->box);
}

static double error_s(const struct result_violation *v, const struct truth_violation *t)
{
	return media_diff_s(v->at, t->at);
}

static bool in_time(
	const struct result_violation *v, const struct truth_violation *t, double within_s)
{
	int64_t from = v->from.us < v->at.us ? v->from.us : v->at.us;
	int64_t to = v->to.us > v->at.us ? v->to.us : v->at.us;
	int64_t within = media_from_seconds(within_s).us;
	return t->at.us >= from - within && t->at.us <= to + within;
}

/* The true violation that `v` is, among those not `taken`, or -1. */
static int find(const struct truth *truth, const struct result_violation *v, int id,
	double within_s, const bool *taken)
{
	int best = -1;
	for (int i = 0; i < truth->violation_count; i++) {
		const struct truth_violation *t = &truth->violations[i];
		if (taken[i] || t->id != id || violation_kind_from_name(t->type) != v->kind ||
			!in_time(v, t, within_s))
			continue;
		if (best < 0 || fabs(error_s(v, t)) < fabs(error_s(v, &truth->violations[best])))
			best = i;
	}
	return best;
}

static int count_truth(struct violationscore *score, const struct truth *truth, struct err *err)
{
	for (int i = 0; i < truth->violation_count; i++) {
		enum violation_kind kind = violation_kind_from_name(truth->violations[i].type);
		if (kind == VIOLATION_KIND_COUNT)
			return err_set(err, -EINVAL,
				"the truth has a violation of the unknown type \"%s\"",
				truth->violations[i].type);
		score->kinds[kind].truth_count++;
	}
	return 0;
}

static int judge_result(struct violationscore *score, const struct truth *truth,
	const struct result_violation *v, double within_s, bool *taken)
{
	struct violationscore_kind *k = &score->kinds[v->kind];
	int id = object_of(truth, v), at = find(truth, v, id, within_s, taken);
	if (at < 0) {
		k->invented_count++;
		return note(score, (struct violationscore_difference){.invented = true,
					   .kind = v->kind,
					   .truth_id = id,
					   .track_id = v->track_id,
					   .at = v->at});
	}
	double error = error_s(v, &truth->violations[at]);
	taken[at] = true;
	k->found_count++;
	k->error_sum_s += error;
	k->error_abs_sum_s += fabs(error);
	k->error_abs_max_s = fmax(k->error_abs_max_s, fabs(error));
	return 0;
}

static int note_missed(struct violationscore *score, const struct truth *truth, const bool *taken)
{
	int r = 0;
	for (int i = 0; i < truth->violation_count && r == 0; i++) {
		const struct truth_violation *t = &truth->violations[i];
		if (!taken[i])
			r = note(score, (struct violationscore_difference){
						.kind = violation_kind_from_name(t->type),
						.truth_id = t->id,
						.track_id = -1,
						.at = t->at});
	}
	return r;
}

int violationscore_add(struct violationscore *score, const struct truth *truth,
	const struct results *results, double within_s, struct err *err)
{
	int r = count_truth(score, truth, err);
	if (r < 0)
		return r;
	bool *taken = calloc((size_t)truth->violation_count + 1, sizeof(*taken));
	r = taken ? 0 : -ENOMEM;
	for (int i = 0; i < results->violation_count && r == 0; i++)
		r = judge_result(score, truth, &results->violations[i], within_s, taken);
	if (r == 0)
		r = note_missed(score, truth, taken);
	free(taken);
	score->scene_count++;
	return r < 0 ? err_set(err, r, "no memory for the evaluation") : 0;
}

void violationscore_finish(struct violationscore *score)
{
	free(score->differences);
	*score = (struct violationscore){0};
}

struct violationscore_kind violationscore_all(const struct violationscore *score)
{
	struct violationscore_kind all = {0};
	for (int i = 0; i < VIOLATION_KIND_COUNT; i++) {
		const struct violationscore_kind *k = &score->kinds[i];
		all.truth_count += k->truth_count;
		all.found_count += k->found_count;
		all.invented_count += k->invented_count;
		all.error_sum_s += k->error_sum_s;
		all.error_abs_sum_s += k->error_abs_sum_s;
		all.error_abs_max_s = fmax(all.error_abs_max_s, k->error_abs_max_s);
	}
	return all;
}

static double share(int part, int whole)
{
	return whole > 0 ? (double)part / whole : NAN;
}

double violationscore_precision(const struct violationscore_kind *kind)
{
	return share(kind->found_count, kind->found_count + kind->invented_count);
}

double violationscore_recall(const struct violationscore_kind *kind)
{
	return share(kind->found_count, kind->truth_count);
}

double violationscore_f1(const struct violationscore_kind *kind)
{
	/* Twice the found over what was said and what was true. */
	return share(2 * kind->found_count,
		kind->found_count + kind->invented_count + kind->truth_count);
}
