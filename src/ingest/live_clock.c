#include "ingest/live_clock.h"

#define DEFAULT_STEP_US 40000

void live_clock_init(struct live_clock *clock)
{
	*clock = (struct live_clock){.step_us = DEFAULT_STEP_US, .odd_us = LIVE_CLOCK_NONE};
}

void live_clock_restart(struct live_clock *clock)
{
	clock->restarted = clock->started;
	clock->anchored = false;
	clock->odd_us = LIVE_CLOCK_NONE;
}

static int64_t at_least_1(int64_t us)
{
	return us > 1 ? us : 1;
}

/* From `a` to `b` is one plausible step forward for frames that came `arrival_us` apart. */
static bool follows(int64_t a, int64_t b, int64_t arrival_us)
{
	int64_t step;
	return !__builtin_sub_overflow(b, a, &step) && step > 0 &&
	       step <= arrival_us + LIVE_CLOCK_JUMP_US;
}

static int64_t place_untimed(struct live_clock *c, int64_t arrival_us)
{
	c->untimed_count++;
	/* One among many leaves room for the next; a stream without any goes by arrivals. */
	if (c->untimed_in_a_row++ == 0 && c->anchored)
		return c->last_us + at_least_1(c->step_us / 2);
	return c->last_us + at_least_1(arrival_us);
}

static int64_t place_timed(
	struct live_clock *c, int64_t timestamp_us, int64_t arrival_us, bool *gap)
{
	int64_t media_us, odd_us = c->odd_us;
	c->odd_us = LIVE_CLOCK_NONE;
	c->untimed_in_a_row = 0;
	if (!__builtin_add_overflow(timestamp_us, c->offset_us, &media_us) &&
		follows(c->last_us, media_us, arrival_us)) {
		c->step_us = media_us - c->last_us;
		return media_us;
	}
	if (odd_us != LIVE_CLOCK_NONE && follows(odd_us, timestamp_us, arrival_us)) {
		c->jump_count++;
		*gap = true;
		c->offset_us = c->last_us - odd_us;
		return timestamp_us + c->offset_us;
	}
	c->backward_count++;
	c->odd_us = timestamp_us;
	/* Not beyond where the next one will lie if this was a single slip. */
	return c->last_us + at_least_1(arrival_us < c->step_us ? arrival_us : c->step_us);
}

static int64_t place(struct live_clock *c, int64_t timestamp_us, int64_t arrival_us, bool *gap)
{
	if (!c->started)
		return 0;
	if (c->restarted) {
		*gap = true;
		return c->last_us + at_least_1(arrival_us);
	}
	if (timestamp_us == LIVE_CLOCK_NONE)
		return place_untimed(c, arrival_us);
	if (!c->anchored)
		return c->last_us + at_least_1(arrival_us);
	return place_timed(c, timestamp_us, arrival_us, gap);
}

struct media live_clock_place(
	struct live_clock *clock, int64_t timestamp_us, struct mono arrival, bool *ret_gap)
{
	struct live_clock *c = clock;
	/* A year 290000: subtracting from it would overflow. */
	if (timestamp_us < -INT64_MAX / 2 || timestamp_us > INT64_MAX / 2)
		timestamp_us = LIVE_CLOCK_NONE;
	c->last_us = place(c, timestamp_us, arrival.us - c->last_arrival.us, ret_gap);
	if (!c->anchored && timestamp_us != LIVE_CLOCK_NONE) {
		c->offset_us = c->last_us - timestamp_us;
		c->anchored = true;
	}
	c->started = true;
	c->restarted = false;
	c->last_arrival = arrival;
	return (struct media){c->last_us};
}

struct media live_clock_at(const struct live_clock *clock, int64_t timestamp_us)
{
	int64_t media_us, from_last;
	if (!clock->anchored || timestamp_us == LIVE_CLOCK_NONE ||
		__builtin_add_overflow(timestamp_us, clock->offset_us, &media_us) ||
		__builtin_sub_overflow(media_us, clock->last_us, &from_last) ||
		from_last > LIVE_CLOCK_JUMP_US || from_last < -LIVE_CLOCK_JUMP_US)
		return (struct media){clock->last_us};
	return (struct media){media_us};
}
