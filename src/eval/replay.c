#include "eval/replay.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct replay {
	const struct replay_options *options;
	const struct mot *detections;
	struct tracker *tracker;
	struct detections in;
	struct tracks out;
	struct mot *result;
	int capacity;
};

static float confidence(const struct replay_scores *scores, double score)
{
	double ratio = fmin(fmax(score, 1e-6), 1 - 1e-6);
	if (scores->slope == 0)
		return (float)ratio;
	double x = scores->is_logit ? score : log(ratio / (1 - ratio));
	return (float)(1 / (1 + exp(-scores->slope * x - scores->offset)));
}

static void read_frame(struct replay *r, int frame)
{
	const struct mot *mot = r->detections;
	struct detections *in = &r->in;
	in->media = media_from_seconds((frame - r->options->first_frame) / r->options->fps);
	in->sequence = (frame - r->options->first_frame) / r->options->frame_step;
	in->count = 0;
	for (int i = mot_find(mot, frame); i < mot->count && mot->items[i].frame == frame; i++) {
		const struct mot_item *item = &mot->items[i];
		if (in->count == DETECTIONS_MAX)
			break;
		in->items[in->count++] = (struct detection){
			.box = {(float)item->x1, (float)item->y1, (float)item->x2, (float)item->y2},
			.confidence_ratio = confidence(&r->options->scores, item->confidence),
			.road_user = r->options->road_user,
			.truth_id = -1,
		};
	}
}

static int add(struct replay *r, const struct mot_item *item)
{
	struct mot *mot = r->result;
	if (mot->count == r->capacity) {
		int wanted = r->capacity ? 2 * r->capacity : 4096;
		void *grown = realloc(mot->items, (size_t)wanted * sizeof(*mot->items));
		if (!grown)
			return -ENOMEM;
		mot->items = grown;
		r->capacity = wanted;
	}
	if (mot->count == 0)
		mot->first_frame = item->frame;
	mot->last_frame = item->frame;
	mot->items[mot->count++] = *item;
	return 0;
}

/* What a user of the tracks would see of this frame: confirmed, and found in it. */
static int write_frame(struct replay *r, int frame)
{
	for (int i = 0; i < r->out.count; i++) {
		const struct track *t = &r->out.items[i];
		if (t->state != TRACK_CONFIRMED)
			continue;
		struct mot_item item = {
			.frame = frame,
			.id = (int)t->id,
			.x1 = (double)t->box.x1,
			.y1 = (double)t->box.y1,
			.x2 = (double)t->box.x2,
			.y2 = (double)t->box.y2,
			.confidence = (double)t->confidence_ratio,
		};
		int rc = add(r, &item);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Where each id began, and whether it has left that place. */
struct trip {
	bool seen, moved;
	double x, y;
};

static void watch_trip(struct trip *trip, const struct mot_item *item)
{
	double x = 0.5 * (item->x1 + item->x2), y = 0.5 * (item->y1 + item->y2);
	double side = fmax(item->x2 - item->x1, item->y2 - item->y1);
	if (!trip->seen)
		*trip = (struct trip){.seen = true, .x = x, .y = y};
	if (hypot(x - trip->x, y - trip->y) > 0.5 * side)
		trip->moved = true;
}

static int drop_standing(struct mot *mot)
{
	int last_id = 0, kept = 0;
	for (int i = 0; i < mot->count; i++)
		last_id = mot->items[i].id > last_id ? mot->items[i].id : last_id;
	struct trip *trips = calloc((size_t)last_id + 1, sizeof(*trips));
	if (!trips)
		return -ENOMEM;
	for (int i = 0; i < mot->count; i++)
		watch_trip(&trips[mot->items[i].id], &mot->items[i]);
	for (int i = 0; i < mot->count; i++)
		if (trips[mot->items[i].id].moved)
			mot->items[kept++] = mot->items[i];
	mot->count = kept;
	free(trips);
	return 0;
}

static int run(struct replay *r)
{
	const struct replay_options *o = r->options;
	for (int i = 0; i < o->frame_count; i += o->frame_step) {
		read_frame(r, o->first_frame + i);
		int rc = tracker_step(r->tracker, &r->in, &r->out);
		if (rc == 0)
			rc = write_frame(r, o->first_frame + i);
		if (rc < 0)
			return rc;
	}
	return o->moving_only ? drop_standing(r->result) : 0;
}

int replay_run(const struct tracker_params *params, const struct mot *detections,
	const struct replay_options *options, struct err *err, struct mot **ret_result)
{
	struct replay *r = calloc(1, sizeof(*r));
	int rc = -ENOMEM;
	if (!r)
		return err_set(err, rc, "replay: out of memory");
	r->options = options;
	r->detections = detections;
	r->in.width_px = options->width_px;
	r->in.height_px = options->height_px;
	r->result = calloc(1, sizeof(*r->result));
	if (r->result)
		*r->result = (struct mot){.format = MOT_FORMAT_CHALLENGE, .last_frame = -1};
	rc = r->result ? tracker_create(params, err, &r->tracker)
		       : err_set(err, -ENOMEM, "replay: out of memory");
	if (rc == 0 && (rc = run(r)) < 0)
		err_set(err, rc, "replay: %s", strerror(-rc));
	if (rc == 0) {
		*ret_result = r->result;
		r->result = NULL;
	}
	tracker_destroy(&r->tracker);
	mot_free(&r->result);
	free(r);
	return rc;
}
