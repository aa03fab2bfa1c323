#include "record/passages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	struct passage passage; /* track_id 0: free */
	bool confirmed;
	int truth_id; /* of its newest detection that has one; -1: none had */
	int status_count[SPEED_STATUS_COUNT];
};

struct passages {
	int used; /* slots in [0, used) may be taken */
	struct slot slots[TRACKS_MAX];
};

int passages_create(struct passages **ret_passages)
{
	struct passages *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	*ret_passages = p;
	return 0;
}

void passages_destroy(struct passages **passages)
{
	free(*passages);
	*passages = NULL;
}

static struct slot *find(struct passages *p, uint32_t track_id)
{
	for (int i = 0; i < p->used; i++)
		if (p->slots[i].passage.track_id == track_id)
			return &p->slots[i];
	return NULL;
}

/* NULL where every slot is taken, which TRACKS_MAX live tracks rule out. */
static struct slot *find_or_begin(struct passages *p, const struct measure *m)
{
	struct slot *slot = find(p, m->track.id);
	if (slot)
		return slot;
	slot = find(p, 0);
	if (!slot) {
		if (p->used == TRACKS_MAX)
			return NULL;
		slot = &p->slots[p->used++];
	}
	memset(slot, 0, sizeof(*slot));
	slot->passage.track_id = m->track.id;
	slot->truth_id = slot->passage.truth_id = -1;
	slot->passage.first = m->track.first;
	slot->passage.from_px = m->ground_px;
	slot->passage.speed_status = SPEED_TOO_SHORT;
	return slot;
}

/* The row's object is the one whose speed it is, though the track may follow another one later. */
static void take_speed(struct slot *slot, const struct measure *m)
{
	struct passage *row = &slot->passage;
	if (row->speed_status != SPEED_OK || row->speed_at.us != m->best_at.us)
		row->truth_id = slot->truth_id;
	row->speed_status = SPEED_OK;
	row->speed_mps = m->best_speed_mps;
	row->speed_sigma_mps = m->best_sigma_mps;
	row->speed_from = m->best_from;
	row->speed_to = m->best_to;
	row->speed_at = m->best_at;
}

static void update(struct slot *slot, const struct measure *m)
{
	struct passage *row = &slot->passage;
	slot->confirmed |= m->track.state != TRACK_TENTATIVE;
	slot->status_count[m->speed_status]++;
	if (m->track.updated && m->track.truth_id >= 0)
		slot->truth_id = m->track.truth_id;
	if (m->best_count)
		take_speed(slot, m);
	else
		row->speed_status = SPEED_TOO_SHORT; /* or taken back */
	if (!m->track.updated)
		return;
	row->road_user = m->track.road_user;
	row->road_user_share = m->track.road_user_share;
	if (row->speed_status != SPEED_OK)
		row->truth_id = slot->truth_id;
	row->last = m->track.last_update;
	row->update_count = m->track.update_count;
	row->to_px = m->ground_px;
}

/* The reason that held longest; "too short" only where there was no other. */
static enum speed_status reason(const struct slot *slot)
{
	enum speed_status best = SPEED_TOO_SHORT;
	int most = 0;
	for (int s = SPEED_OK + 1; s < SPEED_STATUS_COUNT; s++)
		if (s != SPEED_TOO_SHORT && slot->status_count[s] > most) {
			best = (enum speed_status)s;
			most = slot->status_count[s];
		}
	return best;
}

static void end(struct slot *slot, struct passage_list *ended)
{
	if (slot->passage.speed_status != SPEED_OK)
		slot->passage.speed_status = reason(slot);
	if (slot->confirmed)
		ended->items[ended->count++] = slot->passage;
	slot->passage.track_id = 0;
}

static void note(struct passages *p, const struct violations *violations)
{
	for (int i = 0; i < violations->count; i++) {
		struct slot *slot = find(p, violations->items[i].track_id);
		if (slot)
			slot->passage.violation_kinds |= 1u << violations->items[i].kind;
	}
}

void passages_step(struct passages *p, const struct measures *measures,
	const struct violations *violations, struct passage_list *ret_ended)
{
	ret_ended->count = 0;
	for (int i = 0; i < measures->count; i++) {
		struct slot *slot = find_or_begin(p, &measures->items[i]);
		if (slot)
			update(slot, &measures->items[i]);
	}
	note(p, violations);
	for (int i = 0; i < measures->ended_count; i++) {
		struct slot *slot = find(p, measures->ended[i]);
		if (slot)
			end(slot, ret_ended);
	}
}

void passages_finish(
	struct passages *p, const struct violations *late, struct passage_list *ret_ended)
{
	ret_ended->count = 0;
	note(p, late);
	for (int i = 0; i < p->used; i++)
		if (p->slots[i].passage.track_id != 0)
			end(&p->slots[i], ret_ended);
	p->used = 0;
}
