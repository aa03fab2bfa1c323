#include "av/timeline.h"

#define DEFAULT_STEP_US 40000

void timeline_init(struct timeline *timeline, int64_t frame_duration_us)
{
	*timeline = (struct timeline){
		.step_us = frame_duration_us > 0 ? frame_duration_us : DEFAULT_STEP_US,
		.odd_us = TIMELINE_NONE,
	};
}

/* From `a` to `b` is one plausible step forward. */
static bool follows(int64_t a, int64_t b)
{
	int64_t step;
	return !__builtin_sub_overflow(b, a, &step) && step > 0 && step <= TIMELINE_STEP_MAX_US;
}

static int64_t place_timed(
	struct timeline *t, int64_t timestamp_us, int64_t duration_us, unsigned *flags)
{
	int64_t media_us, odd_us = t->odd_us;
	t->odd_us = TIMELINE_NONE;
	if (!__builtin_add_overflow(timestamp_us, t->offset_us, &media_us) &&
		follows(t->last_us, media_us)) {
		t->step_us = media_us - t->last_us;
		return media_us;
	}
	if (odd_us != TIMELINE_NONE && follows(odd_us, timestamp_us)) {
		/* Two in a row agree: the clock has jumped. The first of them stands at last_us. */
		t->jump_count++;
		*flags |= FRAME_GAP;
		t->offset_us = t->last_us - odd_us;
		return timestamp_us + t->offset_us;
	}
	t->backward_count++;
	t->odd_us = timestamp_us;
	return t->last_us + (duration_us + 1) / 2;
}

struct media timeline_place(
	struct timeline *timeline, int64_t timestamp_us, int64_t duration_us, unsigned *flags)
{
	struct timeline *t = timeline;
	if (duration_us <= 0 || duration_us > TIMELINE_STEP_MAX_US)
		duration_us = t->step_us;
	/* A year 290000: subtracting from it would overflow. */
	if (timestamp_us < -INT64_MAX / 2 || timestamp_us > INT64_MAX / 2)
		timestamp_us = TIMELINE_NONE;
	if (timestamp_us == TIMELINE_NONE)
		t->untimed_count++;
	if (timestamp_us != TIMELINE_NONE && t->anchored) {
		t->last_us = place_timed(t, timestamp_us, duration_us, flags);
	} else {
		if (t->started)
			t->last_us += duration_us;
		t->odd_us = TIMELINE_NONE;
		t->anchored = timestamp_us != TIMELINE_NONE || t->anchored;
		if (timestamp_us != TIMELINE_NONE)
			t->offset_us = t->last_us - timestamp_us;
	}
	t->started = true;
	return (struct media){t->last_us};
}
