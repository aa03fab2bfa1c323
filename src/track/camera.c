#include "track/camera.h"

#include <stddef.h>

/* A detection that overlaps a prediction this much is taken for that target. */
#define OVERLAP_MIN 0.3f
/* Degrees of freedom of the t distribution. */
#define FREEDOM 3.0
#define ROUND_COUNT 10

struct observations {
	int count;
	double offset[TRACKS_MAX], variance[TRACKS_MAX];
};

static const struct detection *nearest(
	const struct target *t, const struct detections *in, double confidence_min)
{
	const struct detection *found = NULL;
	struct box predicted = kalman_box(&t->motion);
	float best = OVERLAP_MIN;
	for (int i = 0; i < in->count; i++) {
		const struct detection *d = &in->items[i];
		if (d->confidence_ratio < confidence_min)
			continue;
		float iou = box_iou(predicted, d->box);
		if (iou > best) {
			best = iou;
			found = d;
		}
	}
	return found;
}

/* The most probable shift, by iteratively reweighted means. */
static double solve(const struct observations *o, double sigma_px)
{
	double shift = 0;
	for (int round = 0; round < ROUND_COUNT; round++) {
		double weights = 1 / (sigma_px * sigma_px), sum = 0;
		for (int i = 0; i < o->count; i++) {
			double e = o->offset[i] - shift, v = o->variance[i];
			double weight = 1 / (v + e * e * (1 / FREEDOM));
			weights += weight;
			sum += weight * o->offset[i];
		}
		shift = sum / weights;
	}
	return shift;
}

struct vec2 camera_shift(const struct target *targets, int count, const struct detections *in,
	double confidence_min, double sigma_px, const struct kalman_noise *noise)
{
	struct observations x, y;
	x.count = y.count = 0;
	for (int i = 0; i < count && sigma_px > 0; i++) {
		if (targets[i].state != TRACK_CONFIRMED)
			continue;
		const struct detection *d = nearest(&targets[i], in, confidence_min);
		struct vec2 offset, variance;
		if (!d)
			continue;
		kalman_innovation(&targets[i].motion, d->box, noise, &offset, &variance);
		x.offset[x.count] = offset.x;
		x.variance[x.count++] = variance.x;
		y.offset[y.count] = offset.y;
		y.variance[y.count++] = variance.y;
	}
	if (x.count == 0)
		return (struct vec2){0, 0};
	return (struct vec2){solve(&x, sigma_px), solve(&y, sigma_px)};
}
