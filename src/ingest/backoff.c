#include "ingest/backoff.h"

#include <math.h>

#define JITTER 0.2
#define KNOCK_S 0.5

void backoff_init(struct backoff *backoff, double first_s, double max_s, uint64_t seed)
{
	*backoff = (struct backoff){
		.first_s = first_s,
		.max_s = max_s > first_s ? max_s : first_s,
		.random = random_at(seed, 0, 0, 0),
	};
}

static double about(struct backoff *backoff, double delay_s)
{
	return delay_s * random_range(&backoff->random, 1 - JITTER, 1 + JITTER);
}

double backoff_delay_s(struct backoff *backoff, int64_t attempt)
{
	double doublings = attempt > 1 ? fmin((double)(attempt - 1), 60) : 0;
	return about(backoff, fmin(ldexp(backoff->first_s, (int)doublings), backoff->max_s));
}

double backoff_knock_s(struct backoff *backoff)
{
	return about(backoff, fmin(backoff->first_s, KNOCK_S));
}
