#include "pipeline/inbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 2
#define CAPACITY_MAX 1000

struct entry {
	struct frame *frame;
	bool settled;
	enum pipeline_look look;
	struct detections found;
};

struct inbox {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int capacity;
	struct entry *entries;
	/* Below: under lock. */
	bool closed;
	struct entry **order; /* all entries: the first `waiting_count` are in use, oldest first */
	struct inbox_stats stats;
};

int inbox_create(int capacity_count, struct inbox **ret_inbox)
{
	if (capacity_count < CAPACITY_MIN || capacity_count > CAPACITY_MAX)
		return -EINVAL;
	struct inbox *b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	b->capacity = capacity_count;
	b->entries = calloc((size_t)capacity_count, sizeof(*b->entries));
	b->order = calloc((size_t)capacity_count, sizeof(struct entry *));
	if (!b->entries || !b->order) {
		inbox_destroy(&b);
		return -ENOMEM;
	}
	for (int i = 0; i < capacity_count; i++)
		b->order[i] = &b->entries[i];
	*ret_inbox = b;
	return 0;
}

void inbox_destroy(struct inbox **inbox)
{
	struct inbox *b = *inbox;
	*inbox = NULL;
	if (!b)
		return;
	for (int i = 0; b->entries && i < b->capacity; i++)
		frame_unref(&b->entries[i].frame);
	free(b->order);
	free(b->entries);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

/* Takes the entry at `index` out of the order; its frame is the caller's. */
static struct frame *remove_at(struct inbox *b, int index)
{
	struct entry *e = b->order[index];
	struct frame *frame = e->frame;
	e->frame = NULL;
	int behind = --b->stats.waiting_count - index;
	memmove(&b->order[index], &b->order[index + 1], sizeof(struct entry *) * (size_t)behind);
	b->order[b->stats.waiting_count] = e;
	return frame;
}

static bool has_look(const struct entry *e)
{
	return !e->settled || e->look == PIPELINE_LOOKED;
}

/*
 * The oldest that nobody looked at or looks at: a frame with a look is worth many without. Then the
 * oldest; the very oldest where all mark gaps, which the next one does too then.
 */
static int least_missed(const struct inbox *b)
{
	int other = 0, count = b->stats.waiting_count;
	for (int i = count - 1; i >= 0; i--)
		if (!(b->order[i]->frame->flags & FRAME_GAP))
			other = i;
	for (int i = 0; i < count; i++)
		if (!(b->order[i]->frame->flags & FRAME_GAP) && !has_look(b->order[i]))
			return i;
	return other;
}

void inbox_put(struct inbox *inbox, struct frame *frame)
{
	struct inbox *b = inbox;
	struct frame *dropped = NULL;
	pthread_mutex_lock(&b->lock);
	if (b->stats.waiting_count == b->capacity) {
		dropped = remove_at(b, least_missed(b));
		b->stats.dropped_count++;
		pthread_cond_signal(&b->changed);
	}
	struct entry *e = b->order[b->stats.waiting_count++];
	e->frame = frame_ref(frame);
	e->settled = false;
	b->stats.put_count++;
	pthread_mutex_unlock(&b->lock);
	frame_unref(&dropped);
}

void inbox_settle(struct inbox *inbox, int64_t sequence, enum pipeline_look look,
	const struct detections *found)
{
	struct inbox *b = inbox;
	pthread_mutex_lock(&b->lock);
	for (int i = 0; i < b->stats.waiting_count; i++) {
		struct entry *e = b->order[i];
		if (e->frame->sequence != sequence)
			continue;
		e->settled = true;
		e->look = look;
		if (look == PIPELINE_LOOKED)
			detections_copy(&e->found, found);
		if (i == 0)
			pthread_cond_signal(&b->changed);
		break;
	}
	pthread_mutex_unlock(&b->lock);
}

static bool must_wait(const struct inbox *b)
{
	return b->stats.waiting_count > 0 ? !b->order[0]->settled : !b->closed;
}

bool inbox_take(struct inbox *inbox, struct frame **ret_frame, enum pipeline_look *ret_look,
	struct detections *ret_found)
{
	struct inbox *b = inbox;
	pthread_mutex_lock(&b->lock);
	while (must_wait(b))
		pthread_cond_wait(&b->changed, &b->lock);
	bool some = b->stats.waiting_count > 0;
	if (some) {
		const struct entry *e = b->order[0];
		*ret_look = e->look;
		if (e->look == PIPELINE_LOOKED)
			detections_copy(ret_found, &e->found);
		*ret_frame = remove_at(b, 0);
		b->stats.taken_count++;
	}
	pthread_mutex_unlock(&b->lock);
	return some;
}

void inbox_close(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->closed = true;
	pthread_cond_signal(&inbox->changed);
	pthread_mutex_unlock(&inbox->lock);
}

void inbox_open(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	inbox->closed = false;
	inbox->stats = (struct inbox_stats){0};
	pthread_mutex_unlock(&inbox->lock);
}

struct inbox_stats inbox_stats(struct inbox *inbox)
{
	pthread_mutex_lock(&inbox->lock);
	struct inbox_stats stats = inbox->stats;
	pthread_mutex_unlock(&inbox->lock);
	return stats;
}
