#include "track/tracker.h"

#include "base/boxes.h"
#include "base/frame.h"
#include "track/associate.h"
#include "track/camera.h"

#include <errno.h>
#include <stdlib.h>

/* Up to this frame interval match_iou holds as it is. */
#define FAST_FRAMES_S 0.1
/* Share of match_iou that is enough before a new detection starts a track beside a new one. */
#define TENTATIVE_RATIO 0.4

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
	OPTION(high_confidence, 0, 1, 0.38, NULL, "detections from here on are matched first"),
	OPTION(low_confidence, 0, 1, 0.15, NULL, "from here on they are matched second"),
	OPTION(start_confidence, 0, 1, 0.55, NULL, "from here on they may start a track"),
	OPTION(match_iou, 0, 1, 0.28, NULL, "least overlap of a detection with the prediction"),
	OPTION(low_match_iou, 0, 1, 0.45, NULL, "least overlap in the second pass"),
	OPTION(recover_iou, 0, 1, 0.4, NULL, "least overlap with where it was last seen"),
	OPTION(steady_iou, 0, 1, 0.4, NULL,
		"added to the least overlap for what never strays, as parked vehicles"),
	OPTION(steady_ratio, 0.001, 1, 0.08, NULL,
		"nothing is added for what strays by this much of its size"),
	OPTION(still_ps, 0.001, 100, 1, "1/s",
		"nor for what moves by this many of its sizes a second"),
	OPTION(blob_ratio, 0, 1, 0.4, NULL,
		"share of the least overlap for what has no class: outlines of motion change"),
	OPTION(slow_frames_ps, 0, 100, 3, "1/s",
		"how the least overlap falls with frame intervals beyond 0.1 s"),
	OPTION(leap_ps, 0, 100, 18, "1/s",
		"how fast a vehicle seen once may be, in its sizes: its second box need not "
		"overlap"),
	OPTION(duplicate_iou, 0, 1, 0.7, NULL,
		"a detection this much over a matched one starts no track"),
	OPTION(confirm_evidence, 0, 100, 1.35, NULL,
		"a track is believed once its confidences sum to this"),
	OPTION(confirm_s, 0, 10, 0.065, "s", "and once it has been seen that long"),
	OPTION(max_lost_s, 0, 60, 1, "s", "how long an unseen track is kept"),
	OPTION(max_tentative_s, 0, 60, 0.25, "s", "how long an unseen tentative track is kept"),
	OPTION(max_gap_s, 0.01, 60, 1, "s", "missing time beyond this ends all tracks"),
	OPTION(max_coast_s, 0.1, 60, 3, "s",
		"so does that long without a look: live cameras under overload"),
	OPTION(camera_ratio, 0, 1, 0.0035, NULL,
		"how far the picture may shift in a frame, in widths of it; 0: not at all"),
	NOISE(centre_ratio, 1, 0.06, "noise of a measured centre, in sizes of the box"),
	NOISE(size_ratio, 1, 0.03, "noise of a measured side, in sizes of the box"),
	NOISE(motion_ratio, 100, 0.85, "white acceleration of the centre, sizes per s^1.5"),
	NOISE(growth_ratio, 100, 0.35, "white acceleration of the sides, sizes per s^1.5"),
	NOISE(first_velocity_ratio, 100, 2.5, "spread of an unknown velocity, sizes per s"),
};
const struct option_table tracker_options = {"track", sizeof(struct tracker_params), OPTION_NOWHERE,
	option_list, OPTION_COUNT(option_list), "how detections become tracks"};

struct tracker {
	struct tracker_params params;
	struct associate *associate;
	bool started;
	struct media now, looked; /* looked: the latest look before `now` */
	double dt_s; /* since the frame before */
	int width_px, height_px; /* of the picture */
	uint32_t last_id;
	int count;
	struct target targets[TRACKS_MAX]; /* by id */
	int detections[TRACKS_MAX]; /* of each target, from the last pass */
	struct boxes boxes; /* of those that may cover others; of the frame at hand */
};

int tracker_create(
	const struct tracker_params *params, struct err *err, struct tracker **ret_tracker)
{
	if (params->low_confidence > params->high_confidence)
		return err_set(err, -EINVAL,
			"track: low_confidence (%g) must not be above high_confidence (%g)",
			params->low_confidence, params->high_confidence);
	struct tracker *t = calloc(1, sizeof(*t));
	if (!t || associate_create(&t->associate) < 0) {
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
	associate_destroy(&(*tracker)->associate);
	free(*tracker);
	*tracker = NULL;
}

static void run_pass(struct tracker *tr, const struct detections *in, struct pass pass)
{
	pass.steady_iou = tr->params.steady_iou;
	pass.still_ps = tr->params.still_ps;
	pass.blob_ratio = tr->params.blob_ratio;
	pass.steady_ratio = tr->params.steady_ratio;
	associate_pass(tr->associate, &pass, tr->targets, tr->count, in, tr->detections);
	for (int i = 0; i < tr->count; i++)
		if (tr->detections[i] >= 0)
			target_update(&tr->targets[i], &in->items[tr->detections[i]], in->media,
				&tr->params.noise);
}

/* At low frame rates even a good prediction is further off. */
static double match_iou(const struct tracker *tr)
{
	double look_s = media_diff_s(tr->now, tr->looked);
	double late_s = look_s > FAST_FRAMES_S ? look_s - FAST_FRAMES_S : 0;
	return tr->params.match_iou / (1 + tr->params.slow_frames_ps * late_s);
}

static void associate(struct tracker *tr, const struct detections *in)
{
	const struct tracker_params *p = &tr->params;
	double iou_min = match_iou(tr);
	associate_begin(tr->associate);
	run_pass(tr, in, (struct pass){WHO_CONFIRMED, p->high_confidence, iou_min});
	run_pass(tr, in, (struct pass){WHO_PRESENT, p->low_confidence, p->low_match_iou});
	run_pass(tr, in,
		(struct pass){
			WHO_CONFIRMED, p->high_confidence, p->recover_iou, .last_seen = true});
	run_pass(tr, in, (struct pass){WHO_TENTATIVE, p->high_confidence, iou_min});
	/* Where one goes that has just come is not known yet. */
	run_pass(tr, in,
		(struct pass){WHO_TENTATIVE, p->start_confidence, TENTATIVE_RATIO * iou_min});
}

/*
 * What comes fast does not overlap itself in its first two frames, and nothing says yet where it
 * goes: the nearest of like size that nobody else claims. Two boxes are a guess; the third decides.
 */
static void associate_leaps(struct tracker *tr, const struct detections *in)
{
	const struct tracker_params *p = &tr->params;
	associate_pass(tr->associate,
		&(struct pass){.who = WHO_ONCE,
			.confidence_min = p->start_confidence,
			.reach_ps = p->leap_ps},
		tr->targets, tr->count, in, tr->detections);
	for (int i = 0; i < tr->count; i++)
		if (tr->detections[i] >= 0)
			target_leap(&tr->targets[i], &in->items[tr->detections[i]], in->media,
				p->leap_ps, &p->noise);
}

static bool is_duplicate(const struct tracker *tr, const struct detection *d)
{
	for (int i = 0; i < tr->count; i++)
		if (tr->targets[i].updated &&
			box_iou(tr->targets[i].measured, d->box) > tr->params.duplicate_iou)
			return true;
	return false;
}

static void start_targets(struct tracker *tr, const struct detections *in)
{
	for (int i = 0; i < in->count && tr->count < TRACKS_MAX; i++) {
		const struct detection *d = &in->items[i];
		if (associate_is_free(tr->associate, i) &&
			d->confidence_ratio >= tr->params.start_confidence && !is_duplicate(tr, d))
			target_start(&tr->targets[tr->count++], ++tr->last_id, d, in->media,
				&tr->params.noise);
	}
}

/* Nothing comes back from there: who comes in at the same place is somebody else. */
static bool has_left(const struct tracker *tr, const struct target *t)
{
	struct vec2 at = box_center(kalman_box(&t->motion));
	return tr->width_px > 0 &&
	       (at.x < 0 || at.x > tr->width_px || at.y < 0 || at.y > tr->height_px);
}

static void decide_state(const struct tracker *tr, struct target *t)
{
	double unseen_s = media_diff_s(tr->now, t->last_update);
	t->missed_count += !t->updated;
	switch (t->state) {
	case TRACK_TENTATIVE:
		if (t->updated && t->evidence >= tr->params.confirm_evidence &&
			media_diff_s(tr->now, t->first) >= tr->params.confirm_s)
			t->state = TRACK_CONFIRMED;
		t->ended = unseen_s > tr->params.max_tentative_s;
		break;
	case TRACK_CONFIRMED:
	case TRACK_LOST:
		t->state = t->updated ? TRACK_CONFIRMED : TRACK_LOST;
		t->ended = (unseen_s > tr->params.max_lost_s && t->missed_count > 1) ||
			   (!t->updated && has_left(tr, t));
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

/* The largest share of each track behind one that is nearer the camera. */
static void find_covered(struct tracker *tr, struct tracks *out)
{
	struct boxes *boxes = &tr->boxes;
	boxes->count = 0;
	for (int i = 0; i < out->count; i++)
		if (out->items[i].state != TRACK_TENTATIVE)
			boxes_add(boxes, out->items[i].box);
	for (int i = 0; i < out->count; i++) {
		struct box own = out->items[i].box;
		float area = box_area(own);
		out->items[i].covered_ratio = area > 0 ? boxes_most_in_front(boxes, own) / area : 0;
	}
}

static void describe(struct tracker *tr, struct tracks *out)
{
	out->count = tr->count;
	for (int i = 0; i < tr->count; i++)
		target_describe(&tr->targets[i], &out->items[i]);
	find_covered(tr, out);
}

static void coast(struct tracker *tr, unsigned flags)
{
	for (int i = 0; i < tr->count; i++) {
		struct target *t = &tr->targets[i];
		t->updated = t->gap = false;
		t->gap_pending |= (flags & FRAME_GAP) != 0;
		kalman_predict(&t->motion, tr->dt_s, &tr->params.noise);
	}
}

static void predict(struct tracker *tr, const struct detections *in)
{
	coast(tr, in->flags);
	struct vec2 shift = camera_shift(tr->targets, tr->count, in, tr->params.low_confidence,
		tr->params.camera_ratio * in->width_px, &tr->params.noise);
	for (int i = 0; i < tr->count; i++)
		kalman_shift(&tr->targets[i].motion, shift);
}

static void begin_frame(struct tracker *tr, const struct detections *in, struct tracks *out)
{
	tr->dt_s = tr->started ? media_diff_s(in->media, tr->now) : 0;
	if (!tr->started)
		tr->looked = in->media;
	tr->now = in->media;
	tr->started = true;
	tr->width_px = in->width_px;
	tr->height_px = in->height_px;
	out->media = in->media;
	out->sequence = in->sequence;
	out->flags = in->flags;
	out->width_px = in->width_px;
	out->height_px = in->height_px;
	out->ended_count = 0;
	out->reset = tr->dt_s > tr->params.max_gap_s ||
		     media_diff_s(tr->now, tr->looked) > tr->params.max_coast_s;
	if (out->reset) {
		tr->looked = tr->now;
		for (int i = 0; i < tr->count; i++)
			tr->targets[i].ended = true;
		end_targets(tr, out);
	}
}

int tracker_step(struct tracker *tracker, const struct detections *detections, struct tracks *out)
{
	if (tracker->started && detections->media.us <= tracker->now.us)
		return -EINVAL;
	begin_frame(tracker, detections, out);
	out->coasted = false;
	predict(tracker, detections);
	associate(tracker, detections);
	if (tracker->params.leap_ps > 0)
		associate_leaps(tracker, detections);
	start_targets(tracker, detections);
	for (int i = 0; i < tracker->count; i++)
		decide_state(tracker, &tracker->targets[i]);
	tracker->looked = tracker->now;
	end_targets(tracker, out);
	describe(tracker, out);
	return 0;
}

int tracker_coast(
	struct tracker *tracker, const struct detections *frame, bool still, struct tracks *out)
{
	if (tracker->started && frame->media.us <= tracker->now.us)
		return -EINVAL;
	begin_frame(tracker, frame, out);
	out->coasted = true;
	for (int i = 0; still && i < tracker->count; i++)
		kalman_halt(&tracker->targets[i].motion);
	coast(tracker, frame->flags);
	describe(tracker, out);
	return 0;
}
