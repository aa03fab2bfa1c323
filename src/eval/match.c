#include "eval/match.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define IOU_MIN 0.3f
#define WITHIN_US 20000

struct vote {
	uint32_t track_id;
	int truth_id;
	int count;
};

struct match {
	const struct truth *truth;
	struct vote *votes;
	int count, capacity;
};

int match_create(const struct truth *truth, struct match **ret_match)
{
	struct match *m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->truth = truth;
	*ret_match = m;
	return 0;
}

void match_destroy(struct match **match)
{
	struct match *m = *match;
	*match = NULL;
	if (m)
		free(m->votes);
	free(m);
}

static int vote(struct match *m, uint32_t track_id, int truth_id)
{
	for (int i = m->count - 1; i >= 0; i--)
		if (m->votes[i].track_id == track_id && m->votes[i].truth_id == truth_id) {
			m->votes[i].count++;
			return 0;
		}
	if (m->count == m->capacity) {
		int capacity = m->capacity ? 2 * m->capacity : 64;
		struct vote *votes = realloc(m->votes, (size_t)capacity * sizeof(*votes));
		if (!votes)
			return -ENOMEM;
		m->votes = votes;
		m->capacity = capacity;
	}
	m->votes[m->count++] = (struct vote){track_id, truth_id, 1};
	return 0;
}

static int best_object(const struct match *m, const struct truth_frame *frame, struct box box)
{
	int best = -1;
	float best_iou = IOU_MIN;
	for (int i = frame->first; i < frame->first + frame->count; i++) {
		float iou = box_iou(m->truth->objects[i].visible, box);
		if (iou >= best_iou) {
			best_iou = iou;
			best = m->truth->objects[i].id;
		}
	}
	return best;
}

int match_step(struct match *m, const struct tracks *tracks)
{
	const struct truth_frame *frame = truth_at(m->truth, tracks->media, WITHIN_US);
	if (!frame)
		return 0;
	for (int i = 0; i < tracks->count; i++) {
		const struct track *t = &tracks->items[i];
		int id = t->updated ? best_object(m, frame, t->measured) : -1;
		if (id >= 0 && vote(m, t->id, id) < 0)
			return -ENOMEM;
	}
	return 0;
}

int match_truth_id(const struct match *m, uint32_t track_id)
{
	int best = -1, most = 0;
	for (int i = 0; i < m->count; i++)
		if (m->votes[i].track_id == track_id && m->votes[i].count > most) {
			most = m->votes[i].count;
			best = m->votes[i].truth_id;
		}
	return best;
}

double match_true_speed_mps(const struct truth *truth, int truth_id, struct media at)
{
	const struct truth_object *before = NULL, *after = NULL;
	struct media from = MEDIA_NONE, to = MEDIA_NONE;
	for (int f = 0; f < truth->frame_count && !after; f++) {
		const struct truth_frame *frame = &truth->frames[f];
		for (int i = frame->first; i < frame->first + frame->count; i++) {
			const struct truth_object *o = &truth->objects[i];
			if (o->id != truth_id || !o->has_road)
				continue;
			if (frame->media.us <= at.us) {
				before = o;
				from = frame->media;
			}
			if (frame->media.us >= at.us) {
				after = o;
				to = frame->media;
			}
		}
	}
	if (!before || !after || media_diff_s(at, from) > 0.2 || media_diff_s(to, at) > 0.2)
		return NAN;
	double span = media_diff_s(to, from), share = span > 0 ? media_diff_s(at, from) / span : 0;
	return before->speed_mps + share * (after->speed_mps - before->speed_mps);
}
