#include "measure/best.h"

#include <math.h>

/* Half a window is so much more or less. */
#define REACH_RATIO 0.2
/* What a turn by a radian adds to the error, and by two four times that. */
#define TURN_ERROR_RATIO 0.3

void best_init(struct best *best, double window_s, double turn_max_rad)
{
	*best = (struct best){.window_s = window_s, .turn_max_rad = turn_max_rad};
}

/* The i-th newest. */
static const struct best_fit *newest(const struct best *b, uint32_t i)
{
	return &b->fits[(b->head - 1 - i) % BEST_FITS_MAX];
}

/*
 * The most that the heading differs within half a window before (`side` -1) or after (+1); -1 where
 * no fit reaches that far.
 */
static double turn_to(const struct best *b, const struct best_fit *fit, int side)
{
	double half = 0.5 * b->window_s, most = 0, farthest = 0;
	for (uint32_t i = 0; i < b->count && fit->has_heading; i++) {
		const struct best_fit *f = newest(b, i);
		double away = side * (f->at_s - fit->at_s);
		if (!f->has_heading || !(away > 0 && away < (1 + REACH_RATIO) * half))
			continue;
		double turn = atan2(
			vec2_cross(fit->heading, f->heading), vec2_dot(fit->heading, f->heading));
		most = larger(most, fabs(turn));
		farthest = larger(farthest, away);
	}
	return farthest > (1 - REACH_RATIO) * half ? most : -1;
}

static double turn_of(const struct best *b, const struct best_fit *fit)
{
	double before = turn_to(b, fit, -1), after = turn_to(b, fit, 1);
	if (before < 0)
		return after < 0 ? 0 : 2 * after;
	return after < 0 ? 2 * before : before + after;
}

/* What it is worth: HUGE_VAL where it is no straight stretch. */
static double ratio_of(const struct best *b, const struct best_fit *fit)
{
	if (!fit->ok)
		return HUGE_VAL;
	double turn = turn_of(b, fit);
	return turn > b->turn_max_rad ? HUGE_VAL
				      : hypot(fit->error_ratio, TURN_ERROR_RATIO * turn * turn);
}

static void settle(struct best *b)
{
	const struct best_fit *fit = newest(b, --b->open);
	double ratio = ratio_of(b, fit);
	if (ratio < (b->has_settled ? b->settled_ratio : HUGE_VAL)) {
		b->has_settled = true;
		b->settled = *fit;
		b->settled_ratio = ratio;
	}
}

/* The best of what is settled and what is not. */
static void choose(struct best *b)
{
	double least = b->has_settled ? b->settled_ratio : HUGE_VAL;
	b->has_told = b->has_settled;
	b->told = b->settled;
	for (uint32_t i = 0; i < b->open; i++) {
		double ratio = ratio_of(b, newest(b, i));
		if (ratio < least) {
			least = ratio;
			b->has_told = true;
			b->told = *newest(b, i);
		}
	}
}

void best_add(struct best *best, const struct best_fit *fit)
{
	struct best *b = best;
	if (b->count && !(fit->at_s > newest(b, 0)->at_s))
		return;
	if (b->open == BEST_FITS_MAX)
		settle(b);
	b->fits[b->head++ % BEST_FITS_MAX] = *fit;
	b->count += b->count < BEST_FITS_MAX;
	b->open++;
	while (newest(b, b->open - 1)->at_s + 0.5 * b->window_s <= fit->at_s)
		settle(b);
	choose(b);
}

void best_cut(struct best *best)
{
	while (best->open)
		settle(best);
	best->count = 0;
}
