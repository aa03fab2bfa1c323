#include "record/congestion.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_US INT64_C(60000000)
#define STAND_M 3.0
#define STAND_S 2.0
#define PARKED_S 300.0
#define QUEUE_GAP_M 15.0
#define QUEUE_MIN 3
#define CAR_M 4.5
#define STEP_MAX_S 1.0 /* longer between two frames: nobody looked */

/* Where a vehicle was when it last got on, and since when. */
struct anchor {
	uint32_t track_id; /* 0: free */
	struct vec2 place;
	struct media since;
};

struct congestion {
	int64_t offset_us;
	struct media last;
	bool has_last;
	int used; /* anchors in [0, used) may be taken */
	struct anchor anchors[TRACKS_MAX];
	struct vec2 standing[TRACKS_MAX]; /* of this frame */

	/* The minute that is being added up. */
	int64_t minute; /* since 1970 */
	struct congestion_minute sum;
	double vehicle_s, speed_s, speed_m, queue_s;
};

int congestion_create(int64_t offset_us, struct congestion **ret_congestion)
{
	struct congestion *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->offset_us = offset_us;
	*ret_congestion = c;
	return 0;
}

void congestion_destroy(struct congestion **congestion)
{
	free(*congestion);
	*congestion = NULL;
}

static struct anchor *find(struct congestion *c, uint32_t track_id)
{
	for (int i = 0; i < c->used; i++)
		if (c->anchors[i].track_id == track_id)
			return &c->anchors[i];
	return NULL;
}

/* NULL where every place is taken, which TRACKS_MAX live tracks rule out. */
static struct anchor *find_or_begin(struct congestion *c, const struct measure *m, struct media now)
{
	struct anchor *a = find(c, m->track.id);
	if (a)
		return a;
	a = find(c, 0);
	if (!a && c->used < TRACKS_MAX)
		a = &c->anchors[c->used++];
	if (a)
		*a = (struct anchor){m->track.id, m->road_m, now};
	return a;
}

static bool is_person(enum road_user user)
{
	return user == ROAD_USER_PERSON;
}

/* How long it has kept to its place; moves the anchor of one that has left it. */
static double stood_s(struct congestion *c, const struct measure *m, struct media now)
{
	struct anchor *a = find_or_begin(c, m, now);
	if (!a)
		return 0;
	if (vec2_length(vec2_sub(m->road_m, a->place)) > STAND_M) {
		a->place = m->road_m;
		a->since = now;
	}
	return media_diff_s(now, a->since);
}

static void forget_ended(struct congestion *c, const struct measures *measures)
{
	for (int i = 0; i < measures->ended_count; i++) {
		struct anchor *a = find(c, measures->ended[i]);
		if (a)
			a->track_id = 0;
	}
	if (measures->reset)
		c->used = 0;
}

/* The group of those within reach of one another that begins with `first`, moved to places `first`
 * to before what is returned. */
static int gather(struct vec2 *places, int count, int first)
{
	int end = first + 1;
	for (int i = first; i < end; i++)
		for (int k = end; k < count; k++)
			if (vec2_length(vec2_sub(places[i], places[k])) <= QUEUE_GAP_M) {
				struct vec2 place = places[end];
				places[end++] = places[k];
				places[k] = place;
			}
	return end;
}

static double extent(const struct vec2 *places, int count)
{
	double longest = 0;
	for (int i = 0; i < count; i++)
		for (int k = i + 1; k < count; k++)
			longest = fmax(longest, vec2_length(vec2_sub(places[i], places[k])));
	return longest + CAR_M;
}

/* The longest queue among those that stand; false where there is none. */
static bool find_queue(struct congestion *c, int standing_count)
{
	bool found = false;
	for (int first = 0, end; first < standing_count; first = end) {
		end = gather(c->standing, standing_count, first);
		if (end - first < QUEUE_MIN)
			continue;
		double length_m = extent(c->standing + first, end - first);
		found = true;
		if (length_m > c->sum.queue_m) {
			c->sum.queue_m = length_m;
			c->sum.queue_count = end - first;
		}
	}
	return found;
}

/* Everybody in view, for `step_s`. */
static void add_frame(struct congestion *c, const struct measures *measures, double step_s)
{
	int standing_count = 0;
	for (int i = 0; i < measures->count; i++) {
		const struct measure *m = &measures->items[i];
		if (m->track.state == TRACK_TENTATIVE || is_person(m->track.road_user))
			continue;
		double still_s = m->on_road ? stood_s(c, m, measures->media) : 0;
		bool stands = still_s >= STAND_S;
		if (still_s >= PARKED_S)
			continue;
		c->vehicle_s += step_s;
		if (stands)
			c->standing[standing_count++] = m->road_m;
		if (stands || m->speed_status == SPEED_OK) {
			c->speed_s += step_s;
			c->speed_m += stands ? 0 : m->speed_mps * step_s;
		}
	}
	if (find_queue(c, standing_count))
		c->queue_s += step_s;
	c->sum.seen_s += step_s;
	c->sum.calibrated = measures->calibrated;
}

static bool take_minute(struct congestion *c, struct congestion_minute *ret_minute)
{
	double seen_s = c->sum.seen_s;
	*ret_minute = c->sum;
	ret_minute->from_us = c->minute * MINUTE_US;
	ret_minute->vehicle_count = seen_s > 0 ? c->vehicle_s / seen_s : 0;
	ret_minute->speed_mps = c->speed_s > 0 ? c->speed_m / c->speed_s : NAN;
	ret_minute->queue_ratio = seen_s > 0 ? c->queue_s / seen_s : 0;
	c->sum = (struct congestion_minute){0};
	c->vehicle_s = c->speed_s = c->speed_m = c->queue_s = 0;
	return seen_s > 0;
}

bool congestion_step(
	struct congestion *c, const struct measures *measures, struct congestion_minute *ret_minute)
{
	int64_t us = measures->media.us + c->offset_us;
	int64_t minute = us / MINUTE_US - (us % MINUTE_US < 0);
	bool ended = c->has_last && minute != c->minute && take_minute(c, ret_minute);
	double step_s = c->has_last ? media_diff_s(measures->media, c->last) : 0;
	c->minute = minute;
	c->last = measures->media;
	c->has_last = true;
	forget_ended(c, measures);
	add_frame(c, measures, step_s <= STEP_MAX_S && !measures->reset ? step_s : 0);
	return ended;
}

bool congestion_finish(struct congestion *c, struct congestion_minute *ret_minute)
{
	return take_minute(c, ret_minute);
}
