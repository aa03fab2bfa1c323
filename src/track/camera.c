#include "track/camera.h"

#include "base/boxes.h"

/* A detection that overlaps a prediction this much is taken for that target. */
#define OVERLAP_MIN 0.3f
/* Degrees of freedom of the t distribution. */
#define FREEDOM 3.0
#define ROUND_COUNT 10

struct observations {
	int count;
	struct vec2 offset[TRACKS_MAX], variance[TRACKS_MAX];
};

/* Those that are surely somewhere, and their boxes. */
struct candidates {
	struct boxes boxes;
	float iou[DETECTIONS_MAX]; /* with the target at hand */
};

static void collect(struct candidates *c, const struct detections *in, double confidence_min)
{
	c->boxes.count = 0;
	for (int i = 0; i < in->count; i++)
		if (in->items[i].confidence_ratio >= confidence_min)
			boxes_add(&c->boxes, in->items[i].box);
}

/* The index of the one that overlaps `predicted` most; -1 where none does enough. */
static int nearest(struct candidates *c, struct box predicted)
{
	int found = -1;
	float best = OVERLAP_MIN;
	boxes_iou(&c->boxes, predicted, c->iou);
	for (int i = 0; i < c->boxes.count; i++)
		if (c->iou[i] > best) {
			best = c->iou[i];
			found = i;
		}
	return found;
}

static double weight_of(double variance, double error)
{
	return 1 / (variance + error * error * (1 / FREEDOM));
}

/* The most probable shift, by iteratively reweighted means, of both axes side by side. */
static struct vec2 solve(const struct observations *o, double sigma_px)
{
	const double prior = 1 / (sigma_px * sigma_px);
	struct vec2 shift = {0, 0};
	for (int round = 0; round < ROUND_COUNT; round++) {
		struct vec2 weights = {prior, prior}, sum = {0, 0};
		for (int i = 0; i < o->count; i++) {
			struct vec2 at = o->offset[i], e = vec2_sub(at, shift);
			struct vec2 w = {
				weight_of(o->variance[i].x, e.x), weight_of(o->variance[i].y, e.y)};
			weights = vec2_add(weights, w);
			sum = vec2_add(sum, (struct vec2){w.x * at.x, w.y * at.y});
		}
		shift = (struct vec2){sum.x / weights.x, sum.y / weights.y};
	}
	return shift;
}

struct vec2 camera_shift(const struct target *targets, int count, const struct detections *in,
	double confidence_min, double sigma_px, const struct kalman_noise *noise)
{
	struct observations o;
	struct candidates candidates;
	o.count = 0;
	collect(&candidates, in, confidence_min);
	for (int i = 0; i < count && sigma_px > 0; i++) {
		if (targets[i].state != TRACK_CONFIRMED)
			continue;
		int d = nearest(&candidates, kalman_box(&targets[i].motion));
		if (d < 0)
			continue;
		kalman_innovation(&targets[i].motion, boxes_at(&candidates.boxes, d), noise,
			&o.offset[o.count], &o.variance[o.count]);
		o.count++;
	}
	return o.count ? solve(&o, sigma_px) : (struct vec2){0, 0};
}
