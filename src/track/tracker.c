#include "track/tracker.h"

#include "base/assign.h"
#include "base/frame.h"
#include "track/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OPTION(field, low, high, value, u, text)                                                   \
	{                                                                                          \
#field, OPTION_REAL, offsetof(struct tracker_params, field),                       \
			.min = (low), .max = (high), .def = (value), .unit = (u), .help = (text)   \
	}
#define NOISE(field, high, value, text)                                                            \
	{                                                                                          \
#field, OPTION_REAL, offsetof(struct tracker_params, noise.field),                 \
			.min = 1e-4, .max = (high), .def = (value), .help = (text)                 \
	}
static const struct option option_list[] = {
	OPTION(high_confidence, 0, 1, 0.5, NULL, "detections from here on are matched first"),
	OPTION(low_confidence, 0, 1, 0.1, NULL, "from here on they are matched second"),
	OPTION(start_confidence, 0, 1, 0.5, NULL, "from here on they may start a track"),
	OPTION(match_iou, 0, 1, 0.2, NULL, "least overlap in the first pass"),
	OPTION(low_match_iou, 0, 1, 0.4, NULL, "least overlap in the second pass"),
	OPTION(start_match_iou, 0, 1, 0.3, NULL, "least overlap for a track not yet believed"),
	OPTION(duplicate_iou, 0, 1, 0.7, NULL,
		"a detection this much over a matched one starts no track"),
	OPTION(confirm_evidence, 0, 100, 2, NULL,
		"a track is believed once its confidences sum to this"),
	OPTION(max_lost_s, 0, 60, 1.5, "s", "how long an unseen track is kept"),
	OPTION(max_tentative_s, 0, 60, 0.25, "s", "how long an unseen tentative track is kept"),
	OPTION(max_gap_s, 0.01, 60, 1, "s", "missing time beyond this ends all tracks"),
	NOISE(centre_ratio, 1, 0.05, "noise of a measured centre, in sizes of the box"),
	NOISE(size_ratio, 1, 0.05, "noise of a measured side, in sizes of the box"),
	NOISE(motion_ratio, 100, 1, "white acceleration of the centre, sizes per s^1.5"),
	NOISE(growth_ratio, 100, 0.3, "white acceleration of the sides, sizes per s^1.5"),
	NOISE(first_velocity_ratio, 100, 2, "spread of an unknown velocity, sizes per s"),
};
const struct option_table tracker_options = {"track", sizeof(struct tracker_params), OPTION_NOWHERE,
	option_list, OPTION_COUNT(option_list), "how detections become tracks"};

struct tracker {
	struct tracker_params params;
	struct assign *assign;
	bool started;
	struct media now;
	uint32_t last_id;
	int count;
	struct target targets[TRACKS_MAX]; /* by id */

	/* One association: which targets and detections take part, and how well they fit. */
	int rows[TRACKS_MAX], columns[DETECTIONS_MAX];
	int column_of_row[TRACKS_MAX], row_of_column[DETECTIONS_MAX];
	bool taken[DETECTIONS_MAX]; /* the detection belongs to a target */
	double benefit[TRACKS_MAX * DETECTIONS_MAX];
};

int tracker_create(
	const struct tracker_params *params, struct err *err, struct tracker **ret_tracker)
{
	if (params->low_confidence > params->high_confidence)
		return err_set(err, -EINVAL,
			"track: low_confidence (%g) must not be above high_confidence (%g)",
			params->low_confidence, params->high_confidence);
	struct tracker *t = calloc(1, sizeof(*t));
	if (!t || assign_create(TRACKS_MAX, DETECTIONS_MAX, &t->assign) < 0) {
		tracker_destroy(&t);
		return err_set(err, -ENOMEM, "track: out of memory");
	}
	t->params = *params;
	*ret_tracker = t;
	return 0;
}

void tracker_destroy(struct tracker **tracker)
{
	if (!*tracker)
		return;
	assign_destroy(&(*tracker)->assign);
	free(*tracker);
	*tracker = NULL;
}

/* The targets that one pass looks at. */
enum who {
	WHO_CONFIRMED, /* seen lately or not */
	WHO_PRESENT, /* confirmed, and not lost in the frame before */
	WHO_TENTATIVE,
};

static bool takes_part(const struct target *t, enum who who)
{
	if (t->updated)
		return false;
	switch (who) {
	case WHO_CONFIRMED:
		return t->state != TRACK_TENTATIVE;
	case WHO_PRESENT:
		return t->state == TRACK_CONFIRMED;
	case WHO_TENTATIVE:
		return t->state == TRACK_TENTATIVE;
	}
	return false;
}

/* One pass: the best matching of the free targets and detections chosen by the arguments. */
static void associate(struct tracker *tr, const struct detections *in, enum who who,
	double confidence_min, double iou_min)
{
	int rows = 0, columns = 0;
	for (int i = 0; i < tr->count; i++)
		if (takes_part(&tr->targets[i], who))
			tr->rows[rows++] = i;
	for (int i = 0; i < in->count; i++)
		if (!tr->taken[i] && in->items[i].confidence_ratio >= confidence_min)
			tr->columns[columns++] = i;
	for (int r = 0; r < rows; r++) {
		const struct target *t = &tr->targets[tr->rows[r]];
		struct box predicted = kalman_box(&t->motion);
		for (int c = 0; c < columns; c++) {
			const struct detection *d = &in->items[tr->columns[c]];
			float iou = box_iou(predicted, d->box);
			bool fits = iou > iou_min && target_may_be(t, d->road_user);
			tr->benefit[r * columns + c] = fits ? (double)iou - iou_min : 0;
		}
	}
	assign_solve(tr->assign, rows, columns, tr->benefit, columns, tr->column_of_row,
		tr->row_of_column);
	for (int r = 0; r < rows; r++) {
		if (tr->column_of_row[r] < 0)
			continue;
		int d = tr->columns[tr->column_of_row[r]];
		tr->taken[d] = true;
		target_update(
			&tr->targets[tr->rows[r]], &in->items[d], in->media, &tr->params.noise);
	}
}

static bool is_duplicate(const struct tracker *tr, const struct detections *in, int index)
{
	for (int i = 0; i < tr->count; i++)
		if (tr->targets[i].updated &&
			box_iou(tr->targets[i].measured, in->items[index].box) >
				tr->params.duplicate_iou)
			return true;
	return false;
}

static void start_targets(struct tracker *tr, const struct detections *in)
{
	for (int i = 0; i < in->count && tr->count < TRACKS_MAX; i++)
		if (!tr->taken[i] && in->items[i].confidence_ratio >= tr->params.start_confidence &&
			!is_duplicate(tr, in, i))
			target_start(&tr->targets[tr->count++], ++tr->last_id, &in->items[i],
				in->media, &tr->params.noise);
}

static void decide_state(const struct tracker *tr, struct target *t)
{
	double unseen_s = media_diff_s(tr->now, t->last_update);
	switch (t->state) {
	case TRACK_TENTATIVE:
		if (t->updated && t->evidence >= tr->params.confirm_evidence)
			t->state = TRACK_CONFIRMED;
		t->ended = unseen_s > tr->params.max_tentative_s;
		break;
	case TRACK_CONFIRMED:
	case TRACK_LOST:
		t->state = t->updated ? TRACK_CONFIRMED : TRACK_LOST;
		t->ended = unseen_s > tr->params.max_lost_s;
		break;
	}
}

/* Takes the ended targets out, keeping the order. */
static void end_targets(struct tracker *tr, struct tracks *out)
{
	int kept = 0;
	for (int i = 0; i < tr->count; i++) {
		if (tr->targets[i].ended)
			out->ended[out->ended_count++] = tr->targets[i].id;
		else if (kept++ != i)
			tr->targets[kept - 1] = tr->targets[i];
	}
	tr->count = kept;
}

/* The largest share of track `index` behind one that is nearer the camera. */
static float covered_ratio(const struct tracks *tracks, int index)
{
	struct box own = tracks->items[index].box;
	float area = box_area(own), most = 0;
	for (int i = 0; i < tracks->count; i++) {
		const struct track *other = &tracks->items[i];
		if (i != index && other->state != TRACK_TENTATIVE && other->box.y2 > own.y2)
			most = fmaxf(most, box_area(box_intersection(own, other->box)));
	}
	return area > 0 ? most / area : 0;
}

static void describe(const struct tracker *tr, struct tracks *out)
{
	out->count = tr->count;
	for (int i = 0; i < tr->count; i++)
		target_describe(&tr->targets[i], &out->items[i]);
	for (int i = 0; i < out->count; i++)
		out->items[i].covered_ratio = covered_ratio(out, i);
}

static void begin_frame(struct tracker *tr, const struct detections *in, struct tracks *out)
{
	double dt_s = tr->started ? media_diff_s(in->media, tr->now) : 0;
	bool lost_time = dt_s > tr->params.max_gap_s;
	out->media = in->media;
	out->sequence = in->sequence;
	out->flags = in->flags;
	out->width_px = in->width_px;
	out->height_px = in->height_px;
	out->ended_count = 0;
	out->reset = lost_time;
	for (int i = 0; i < tr->count; i++) {
		struct target *t = &tr->targets[i];
		t->updated = t->gap = false;
		t->ended = lost_time;
		t->gap_pending |= (in->flags & FRAME_GAP) != 0;
		kalman_predict(&t->motion, dt_s, &tr->params.noise);
	}
	if (lost_time)
		end_targets(tr, out);
	tr->now = in->media;
	tr->started = true;
	memset(tr->taken, 0, sizeof(tr->taken));
}

int tracker_step(struct tracker *tracker, const struct detections *detections, struct tracks *out)
{
	const struct tracker_params *p = &tracker->params;
	if (tracker->started && detections->media.us <= tracker->now.us)
		return -EINVAL;
	begin_frame(tracker, detections, out);
	associate(tracker, detections, WHO_CONFIRMED, p->high_confidence, p->match_iou);
	associate(tracker, detections, WHO_PRESENT, p->low_confidence, p->low_match_iou);
	associate(tracker, detections, WHO_TENTATIVE, p->high_confidence, p->start_match_iou);
	start_targets(tracker, detections);
	for (int i = 0; i < tracker->count; i++)
		decide_state(tracker, &tracker->targets[i]);
	end_targets(tracker, out);
	describe(tracker, out);
	return 0;
}
