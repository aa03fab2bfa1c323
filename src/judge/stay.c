#include "judge/stay.h"

#include <string.h>

#define RADIUS_M 1.5

/* `index` counts from 1; the stay may have been ended and used again since. */
static struct stay *of_vehicle(struct stays *stays, const struct vehicle *v, int index)
{
	struct stay *s = index > 0 ? &stays->items[index - 1] : NULL;
	return s && s->used && s->track_id == v->id ? s : NULL;
}

/* The nearest whose vehicle is not in sight now and which `v` may be. */
static struct stay *at_place(struct stays *stays, const struct vehicle *v)
{
	struct stay *best = NULL;
	double nearest = INFINITY;
	for (int i = 0; i < STAYS_MAX; i++) {
		struct stay *s = &stays->items[i];
		double distance = vec2_length(vec2_sub(v->center, s->place));
		if (!s->used || s->seen.us == v->at.us || distance > s->radius ||
			distance >= nearest)
			continue;
		nearest = distance;
		best = s;
	}
	return best;
}

static struct stay *free_stay(struct stays *stays)
{
	struct stay *oldest = &stays->items[0];
	for (int i = 0; i < STAYS_MAX; i++) {
		struct stay *s = &stays->items[i];
		if (!s->used)
			return s;
		if (s->seen.us < oldest->seen.us)
			oldest = s;
	}
	return oldest;
}

static double radius_of(const struct vehicle *v)
{
	double noise =
		hypot(vehicle_sigma(v, (struct vec2){1, 0}), vehicle_sigma(v, (struct vec2){0, 1}));
	return fmax(RADIUS_M * v->units_per_m, 3 * noise);
}

struct stay *stays_step(
	struct stays *stays, const struct vehicle *vehicle, struct media not_before, int *index)
{
	const struct vehicle *v = vehicle;
	struct stay *s = of_vehicle(stays, v, *index);
	if (s && vec2_length(vec2_sub(v->center, s->place)) > s->radius && !v->doubtful) {
		/* It has left its place; a still one seen elsewhere was seen wrongly before. */
		s->used = false;
		s = NULL;
	}
	if (!s && v->still) {
		s = at_place(stays, v);
		if (!s) {
			s = free_stay(stays);
			int64_t since = v->still_since.us > not_before.us ? v->still_since.us
									  : not_before.us;
			*s = (struct stay){.used = true,
				.place = v->center,
				.radius = radius_of(v),
				.since = {since}};
		}
		s->track_id = v->id;
		*index = (int)(s - stays->items) + 1;
	}
	if (s)
		s->seen = v->at;
	return s;
}

void stays_leave(struct stays *stays, const struct vehicle *vehicle, int *index)
{
	struct stay *s = of_vehicle(stays, vehicle, *index);
	if (s)
		s->used = false;
	*index = 0;
}

void stays_expire(struct stays *stays, struct media now, double hidden_s)
{
	for (int i = 0; i < STAYS_MAX; i++) {
		struct stay *s = &stays->items[i];
		if (s->used && media_diff_s(now, s->seen) > hidden_s)
			s->used = false;
	}
}
