#include "record/trails.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Twice the length, so that the newest TRAIL_MAX points always stand in one piece. */
struct trail {
	uint32_t track_id; /* 0: free */
	int count;
	struct trail_point points[2 * TRAIL_MAX];
};

struct trails {
	int used; /* slots in [0, used) may be taken */
	struct trail slots[TRACKS_MAX];
};

int trails_create(struct trails **ret_trails)
{
	struct trails *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	*ret_trails = t;
	return 0;
}

void trails_destroy(struct trails **trails)
{
	free(*trails);
	*trails = NULL;
}

static int find(const struct trails *t, uint32_t track_id)
{
	for (int i = 0; i < t->used; i++)
		if (t->slots[i].track_id == track_id)
			return i;
	return -1;
}

static struct trail *find_or_begin(struct trails *t, uint32_t track_id)
{
	int i = find(t, track_id);
	if (i >= 0)
		return &t->slots[i];
	i = find(t, 0);
	if (i < 0 && t->used == TRACKS_MAX)
		return NULL;
	if (i < 0)
		i = t->used++;
	t->slots[i].track_id = track_id;
	t->slots[i].count = 0;
	return &t->slots[i];
}

static void append(struct trail *trail, struct vec2 p)
{
	if (trail->count == 2 * TRAIL_MAX) {
		memmove(trail->points, trail->points + TRAIL_MAX,
			TRAIL_MAX * sizeof(*trail->points));
		trail->count = TRAIL_MAX;
	}
	trail->points[trail->count++] = (struct trail_point){(float)p.x, (float)p.y};
}

void trails_step(struct trails *t, const struct measures *measures)
{
	for (int i = 0; i < measures->ended_count; i++) {
		int slot = find(t, measures->ended[i]);
		if (slot >= 0)
			t->slots[slot].track_id = 0;
	}
	for (int i = 0; i < measures->count; i++) {
		const struct measure *m = &measures->items[i];
		struct trail *trail = m->track.updated ? find_or_begin(t, m->track.id) : NULL;
		if (trail)
			append(trail, m->ground_px);
	}
}

int trails_get(const struct trails *t, uint32_t track_id, const struct trail_point **ret_points)
{
	int i = find(t, track_id);
	if (i < 0)
		return 0;
	const struct trail *trail = &t->slots[i];
	int count = trail->count < TRAIL_MAX ? trail->count : TRAIL_MAX;
	*ret_points = trail->points + trail->count - count;
	return count;
}
