#include "track/target.h"

#include <stddef.h>

/* Of a target not known yet, and what a running median of it is kept within. */
#define STRAY_FIRST 0.1
#define STRAY_MIN 0.003
#define STRAY_MAX 0.5
#define STRAY_STEP 0.15
/* Whose picture moves by that many of its sizes a second does not keep its velocity: it comes near
 * the camera or goes away from it. */
#define FAST_PS 7

static void vote(struct target *t, const struct detection *d)
{
	t->vote[d->road_user] += d->confidence_ratio;
	t->evidence += d->confidence_ratio;
	t->confidence_ratio = d->confidence_ratio;
	t->truth_id = d->truth_id;
}

void target_start(struct target *t, uint32_t id, const struct detection *d, struct media now,
	const struct kalman_noise *noise)
{
	*t = (struct target){
		.id = id,
		.state = TRACK_TENTATIVE,
		.measured = d->box,
		.updated = true,
		.first = now,
		.first_box = d->box,
		.last_update = now,
		.update_count = 1,
	};
	kalman_init(&t->motion, d->box, noise);
	t->stray_ratio = STRAY_FIRST;
	vote(t, d);
}

/* A step up or down, whatever the distance, ends where half of all are above: the median. */
static void learn_stray(struct target *t, double surprise)
{
	double step = surprise > t->stray_ratio ? 1 + STRAY_STEP : 1 - STRAY_STEP;
	t->stray_ratio = smaller(larger(t->stray_ratio * step, STRAY_MIN), STRAY_MAX);
}

void target_update(struct target *t, const struct detection *d, struct media now,
	const struct kalman_noise *noise)
{
	learn_stray(t, kalman_surprise(&t->motion, d->box));
	if (kalman_speed(&t->motion) > FAST_PS)
		kalman_doubt(&t->motion, d->box, media_diff_s(now, t->last_update), noise);
	kalman_update(&t->motion, d->box, noise);
	t->measured = d->box;
	t->updated = true;
	t->missed_count = 0;
	t->gap = t->gap_pending;
	t->gap_pending = false;
	t->last_update = now;
	t->update_count++;
	vote(t, d);
}

void target_leap(struct target *t, const struct detection *d, struct media now, double leap_ps,
	const struct kalman_noise *noise)
{
	kalman_loosen(&t->motion, media_diff_s(now, t->last_update), leap_ps);
	t->evidence = 0;
	target_update(t, d, now, noise);
}

enum road_user target_road_user(const struct target *t, float *ret_share)
{
	int best = ROAD_USER_UNKNOWN;
	float sum = 0;
	for (int i = 0; i < ROAD_USER_COUNT; i++) {
		sum += t->vote[i];
		if (i != ROAD_USER_UNKNOWN &&
			(best == ROAD_USER_UNKNOWN ? t->vote[i] > 0 : t->vote[i] > t->vote[best]))
			best = i;
	}
	if (ret_share)
		*ret_share = sum > 0 ? t->vote[best] / sum : 0;
	return best;
}

/* Detectors confuse neighbours in this row: people and riders, riders and machines; not more. */
static int kind(enum road_user road_user)
{
	switch (road_user) {
	case ROAD_USER_PERSON:
		return 0;
	case ROAD_USER_BICYCLE:
	case ROAD_USER_MOTORCYCLE:
		return 1;
	default:
		return 2;
	}
}

bool target_is_vehicle(const struct target *t)
{
	enum road_user own = target_road_user(t, NULL);
	return own == ROAD_USER_MOTORCYCLE || (own != ROAD_USER_UNKNOWN && kind(own) == 2);
}

bool target_may_be(const struct target *t, enum road_user road_user)
{
	enum road_user own = target_road_user(t, NULL);
	if (own == ROAD_USER_UNKNOWN || road_user == ROAD_USER_UNKNOWN)
		return true;
	int apart = kind(own) - kind(road_user);
	return apart >= -1 && apart <= 1;
}

void target_describe(const struct target *t, struct track *out)
{
	*out = (struct track){
		.id = t->id,
		.state = t->state,
		.box = kalman_box(&t->motion),
		.measured = t->measured,
		.updated = t->updated,
		.gap = t->updated && t->gap,
		.confidence_ratio = t->confidence_ratio,
		.truth_id = t->truth_id,
		.vx_pxps = t->motion.axis[KALMAN_X].v,
		.vy_pxps = t->motion.axis[KALMAN_Y].v,
		.first = t->first,
		.first_box = t->first_box,
		.last_update = t->last_update,
		.update_count = t->update_count,
	};
	out->road_user = target_road_user(t, &out->road_user_share);
}
