#include "measure/best.h"

#include <math.h>

/* Half a window is so much more or less. */
#define REACH_RATIO 0.2
/* What a turn by a radian adds to the error, and by two four times that. */
#define TURN_ERROR_RATIO 0.3
/*
 * Standard errors of a turn, in those of one heading: windows half a window apart share points that
 * err one way at the end of one and the other way at the beginning of the other.
 */
#define ONE_SIDE_SIGMAS 3.16
#define BOTH_SIDES_SIGMAS 1.41
/* Straight is what does not turn too far with 95 % confidence: many stretches are tried, and that
 * which errs to the straight side would be told. */
#define SURELY_SIGMAS 1.64

void best_init(struct best *best, double window_s, double turn_max_rad)
{
	*best = (struct best){.window_s = window_s, .turn_max_rad = turn_max_rad};
}

/* The i-th newest. */
static const struct best_fit *newest(const struct best *b, uint32_t i)
{
	return &b->fits[(b->head - 1 - i) % BEST_FITS_MAX];
}

/* Whether the angle whose cosine and sine (0 or more) are `a` is wider than that of `b`. */
static bool is_wider(struct vec2 a, struct vec2 b)
{
	return vec2_cross(b, a) > 0;
}

/*
 * The most that the heading differs within half a window before (`step` 1) or after (-1) the fit
 * `at`, in proportion where the fits reach a little less far; -1 where none does. Angles are
 * compared by their cosines and sines: this runs for many pairs of fits.
 */
static double turn_to(const struct best *b, uint32_t at, int step)
{
	const struct best_fit *fit = newest(b, at);
	double half = 0.5 * b->window_s, farthest = 0;
	struct vec2 widest = {1, 0};
	for (int64_t i = (int64_t)at + step; i >= 0 && i < b->count && fit->has_heading;
		i += step) {
		const struct best_fit *f = newest(b, (uint32_t)i);
		double away = fabs(f->at_s - fit->at_s);
		if (!(away < (1 + REACH_RATIO) * half))
			break;
		if (!f->has_heading)
			continue;
		struct vec2 angle = {vec2_dot(fit->heading, f->heading),
			fabs(vec2_cross(fit->heading, f->heading))};
		widest = is_wider(angle, widest) ? angle : widest;
		farthest = larger(farthest, away);
	}
	return farthest > (1 - REACH_RATIO) * half
		       ? atan2(widest.y, widest.x) * larger(half / farthest, 1)
		       : -1;
}

/* How far a stretch turns in a window, both ways counted, and the standard error of that. */
struct turn {
	double rad, sigma_rad;
};

static struct turn turn_of(const struct best *b, uint32_t at)
{
	const struct best_fit *fit = newest(b, at);
	double before = turn_to(b, at, 1), after = turn_to(b, at, -1);
	double sigma = fit->heading_sigma_rad;
	if (before < 0 && after < 0)
		return (struct turn){fit->turn_rad, fit->turn_sigma_rad};
	if (before < 0 || after < 0)
		return (struct turn){2 * larger(before, after), ONE_SIDE_SIGMAS * sigma};
	return (struct turn){before + after, BOTH_SIDES_SIGMAS * sigma};
}

/*
 * What the fit `at` is worth; HUGE_VAL where it is no straight stretch, or where its error alone
 * makes it no better than `least`, so that nobody need know how it turns.
 */
static double ratio_of(const struct best *b, uint32_t at, double least)
{
	const struct best_fit *fit = newest(b, at);
	if (!fit->ok || fit->error_ratio >= least)
		return HUGE_VAL;
	struct turn turn = turn_of(b, at);
	return turn.rad + SURELY_SIGMAS * turn.sigma_rad > b->turn_max_rad
		       ? HUGE_VAL
		       : hypot(fit->error_ratio, TURN_ERROR_RATIO * turn.rad * turn.rad);
}

static void settle(struct best *b)
{
	double least = b->has_settled ? b->settled_ratio : HUGE_VAL;
	double ratio = ratio_of(b, --b->open, least);
	if (ratio < least) {
		b->has_settled = true;
		b->settled = *newest(b, b->open);
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
		double ratio = ratio_of(b, i, least);
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
