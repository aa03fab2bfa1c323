#include "detect/pace.h"

#include <math.h>

#define FALL 0.8
#define RISE_HZ 0.25
/* A frame that comes this share of an interval early is the nearest to its time. */
#define EARLY 0.15

static double or_default(double value, double def)
{
	return value > 0 ? value : def;
}

void pace_init(struct pace *pace, const struct pace_params *params)
{
	struct pace_params p = *params;
	p.max_hz = or_default(p.max_hz, 10);
	p.min_hz = fmin(or_default(p.min_hz, 2), p.max_hz);
	p.idle_hz = fmin(or_default(p.idle_hz, 1), p.max_hz);
	p.slow_s = or_default(p.slow_s, 0.12);
	*pace = (struct pace){.params = p, .rate_hz = p.max_hz};
}

enum pace_need pace_ask(const struct pace *pace, struct media media)
{
	double since_s = pace->known ? media_diff_s(media, pace->last) : INFINITY;
	/* Backwards: the clock of the source jumped. */
	if (since_s < 0 || since_s >= (1 - EARLY) / pace->params.idle_hz)
		return PACE_ALWAYS;
	return pace->hurry || since_s >= (1 - EARLY) / pace->rate_hz ? PACE_IF_MOVED : PACE_NOT_YET;
}

void pace_begin(struct pace *pace, struct media media)
{
	pace->known = true;
	pace->last = media;
	pace->hurry = false;
}

void pace_hurry(struct pace *pace)
{
	pace->hurry = true;
}

void pace_answered(struct pace *pace, double seconds)
{
	const struct pace_params *p = &pace->params;
	if (seconds > p->slow_s)
		pace->rate_hz = fmax(pace->rate_hz * FALL, p->min_hz);
	else
		pace->rate_hz = fmin(pace->rate_hz + RISE_HZ, p->max_hz);
}
