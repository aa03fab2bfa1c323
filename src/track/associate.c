#include "track/associate.h"

#include "base/assign.h"
#include "base/boxes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is twice as wide or as high as a moment ago is something else. */
#define LIKE_RATIO 0.6f

struct associate {
	struct assign *assign;
	bool taken[DETECTIONS_MAX];
	/* Those that take part in a pass. */
	int rows[TRACKS_MAX], columns[DETECTIONS_MAX];
	int column_of_row[TRACKS_MAX], row_of_column[DETECTIONS_MAX];
	struct boxes boxes; /* of the columns */
	float iou[DETECTIONS_MAX]; /* of one row with each of them */
	double benefit[TRACKS_MAX * DETECTIONS_MAX];
};

int associate_create(struct associate **ret_associate)
{
	struct associate *a = calloc(1, sizeof(*a));
	if (!a || assign_create(TRACKS_MAX, DETECTIONS_MAX, &a->assign) < 0) {
		associate_destroy(&a);
		return -ENOMEM;
	}
	*ret_associate = a;
	return 0;
}

void associate_destroy(struct associate **associate)
{
	if (!*associate)
		return;
	assign_destroy(&(*associate)->assign);
	free(*associate);
	*associate = NULL;
}

void associate_begin(struct associate *a)
{
	memset(a->taken, 0, sizeof(a->taken));
}

bool associate_is_free(const struct associate *a, int detection)
{
	return !a->taken[detection];
}

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
	case WHO_ONCE:
		return t->state == TRACK_TENTATIVE && t->update_count == 1 && target_is_vehicle(t);
	}
	return false;
}

/* The least overlap that `t` asks for. */
static double overlap_needed(const struct pass *pass, const struct target *t)
{
	if (target_road_user(t, NULL) == ROAD_USER_UNKNOWN)
		return pass->iou_min * pass->blob_ratio;
	double steady = smaller(1 - t->stray_ratio / pass->steady_ratio,
		1 - kalman_speed(&t->motion) / pass->still_ps);
	return pass->iou_min + pass->steady_iou * larger(steady, 0);
}

static bool alike(float a, float b)
{
	return a > LIKE_RATIO * b && b > LIKE_RATIO * a;
}

/* One row of benefits: how much nearer than the furthest each pair is. */
static void weigh_distances(struct associate *a, const struct pass *pass, const struct target *t,
	const struct detections *in, double *benefit)
{
	struct box own = t->measured;
	double size_px = sqrt((double)box_area(own));
	double furthest = pass->reach_ps * size_px * media_diff_s(in->media, t->last_update);
	for (int c = 0; c < a->boxes.count; c++) {
		const struct detection *d = &in->items[a->columns[c]];
		double distance = vec2_length(vec2_sub(box_center(d->box), box_center(own)));
		benefit[c] = 0;
		if (distance < furthest && alike(box_width(own), box_width(d->box)) &&
			alike(box_height(own), box_height(d->box)) &&
			target_may_be(t, d->road_user))
			benefit[c] = 1 - distance / furthest;
	}
}

/* One row of benefits: how much more than the least each pair overlaps. */
static void weigh_overlaps(struct associate *a, const struct pass *pass, const struct target *t,
	const struct detections *in, double *benefit)
{
	double needed = overlap_needed(pass, t), least = smaller(pass->iou_min, needed);
	boxes_iou(&a->boxes, pass->last_seen ? t->measured : kalman_box(&t->motion), a->iou);
	for (int c = 0; c < a->boxes.count; c++) {
		double iou = (double)a->iou[c];
		benefit[c] = 0;
		if (iou > 0 && iou >= needed &&
			target_may_be(t, in->items[a->columns[c]].road_user))
			benefit[c] = iou - least + 1e-9;
	}
}

/* The detections that take part become columns. */
static int collect_columns(struct associate *a, const struct detections *in, double confidence_min)
{
	int columns = 0;
	a->boxes.count = 0;
	for (int i = 0; i < in->count; i++) {
		if (a->taken[i] || in->items[i].confidence_ratio < confidence_min)
			continue;
		a->columns[columns++] = i;
		boxes_add(&a->boxes, in->items[i].box);
	}
	return columns;
}

void associate_pass(struct associate *a, const struct pass *pass, const struct target *targets,
	int count, const struct detections *in, int *ret_detections)
{
	int rows = 0, columns;
	for (int i = 0; i < count; i++) {
		ret_detections[i] = -1;
		if (takes_part(&targets[i], pass->who))
			a->rows[rows++] = i;
	}
	columns = rows ? collect_columns(a, in, pass->confidence_min) : 0;
	if (columns == 0)
		return;
	for (int r = 0; r < rows; r++)
		(pass->reach_ps > 0 ? weigh_distances : weigh_overlaps)(
			a, pass, &targets[a->rows[r]], in, a->benefit + r * columns);
	assign_solve(
		a->assign, rows, columns, a->benefit, columns, a->column_of_row, a->row_of_column);
	for (int r = 0; r < rows; r++) {
		if (a->column_of_row[r] < 0)
			continue;
		int d = a->columns[a->column_of_row[r]];
		a->taken[d] = true;
		ret_detections[a->rows[r]] = d;
	}
}
