#include "av/packet_ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct packet_ring {
	_Atomic int refs;
	int64_t bytes_max, us_max;

	pthread_mutex_t lock;
	pthread_cond_t pushed; /* on CLOCK_MONOTONIC */
	/* Below: under lock. */
	struct packet **items; /* a circle of `capacity` */
	int capacity, first, count;
	int64_t first_number; /* of the oldest packet held; numbers are never used again */
	int64_t newest_key; /* its number; negative: none is held */
	int64_t bytes, key_count;
};

static struct packet *at(const struct packet_ring *r, int64_t number)
{
	return r->items[(r->first + (int)(number - r->first_number)) % r->capacity];
}

static int64_t end_number(const struct packet_ring *r)
{
	return r->first_number + r->count;
}

int packet_ring_create(int64_t bytes_max, double seconds_max, struct packet_ring **ret_ring)
{
	if (bytes_max < 1 || bytes_max > INT64_C(1) << 40 ||
		!(seconds_max > 0 && seconds_max < 1e6))
		return -EINVAL;
	struct packet_ring *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->pushed, &attr);
	pthread_condattr_destroy(&attr);
	atomic_init(&r->refs, 1);
	r->bytes_max = bytes_max;
	r->us_max = (int64_t)(seconds_max * 1e6);
	r->newest_key = -1;
	*ret_ring = r;
	return 0;
}

struct packet_ring *packet_ring_ref(struct packet_ring *ring)
{
	atomic_fetch_add_explicit(&ring->refs, 1, memory_order_relaxed);
	return ring;
}

static void drop_first(struct packet_ring *r)
{
	struct packet *p = r->items[r->first];
	r->bytes -= (int64_t)p->size_bytes;
	r->key_count -= p->key;
	if (r->newest_key == r->first_number)
		r->newest_key = -1;
	r->first = (r->first + 1) % r->capacity;
	r->first_number++;
	r->count--;
	packet_unref(&p);
}

void packet_ring_unref(struct packet_ring **ring)
{
	struct packet_ring *r = *ring;
	*ring = NULL;
	/* Release: what others did with the ring is done; acquire: before it goes. */
	if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) > 1)
		return;
	while (r->count > 0)
		drop_first(r);
	free(r->items);
	pthread_cond_destroy(&r->pushed);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void drop_group(struct packet_ring *r)
{
	do
		drop_first(r);
	while (r->count > 0 && !r->items[r->first]->key);
}

static bool too_much(const struct packet_ring *r)
{
	if (r->count == 0)
		return false;
	int64_t us = at(r, end_number(r) - 1)->dts.us - r->items[r->first]->dts.us;
	return r->bytes > r->bytes_max || us > r->us_max;
}

static int make_room(struct packet_ring *r)
{
	if (r->count < r->capacity)
		return 0;
	int capacity = r->capacity ? 2 * r->capacity : 64;
	struct packet **items = calloc((size_t)capacity, sizeof(struct packet *));
	if (!items)
		return -ENOMEM;
	for (int i = 0; i < r->count; i++)
		items[i] = r->items[(r->first + i) % r->capacity];
	free(r->items);
	r->items = items;
	r->capacity = capacity;
	r->first = 0;
	return 0;
}

static void append(struct packet_ring *r, struct packet *packet)
{
	r->items[(r->first + r->count) % r->capacity] = packet;
	if (packet->key) {
		r->newest_key = end_number(r);
		r->key_count++;
	}
	r->count++;
	r->bytes += (int64_t)packet->size_bytes;
	while (too_much(r))
		drop_group(r);
}

int packet_ring_push(struct packet_ring *ring, struct packet **packet)
{
	struct packet_ring *r = ring;
	int result = 0;
	pthread_mutex_lock(&r->lock);
	if (r->count > 0 || (*packet)->key) {
		result = make_room(r);
		if (result == 0) {
			append(r, *packet);
			*packet = NULL;
			pthread_cond_broadcast(&r->pushed);
		}
	}
	pthread_mutex_unlock(&r->lock);
	packet_unref(packet);
	return result;
}

/* Where a cursor goes on; `end_number` where it has to wait. */
static int64_t place_of(const struct packet_ring *r, const struct packet_ring_cursor *cursor)
{
	if (cursor->next >= r->first_number)
		return cursor->next;
	return r->newest_key >= 0 ? r->newest_key : end_number(r);
}

bool packet_ring_next(
	struct packet_ring *ring, struct packet_ring_cursor *cursor, struct packet **ret_packet)
{
	pthread_mutex_lock(&ring->lock);
	int64_t place = place_of(ring, cursor);
	bool given = place < end_number(ring);
	if (given) {
		*ret_packet = packet_ref(at(ring, place));
		cursor->skipped = cursor->next >= 0 && place != cursor->next;
		cursor->next = place + 1;
	}
	pthread_mutex_unlock(&ring->lock);
	return given;
}

int64_t packet_ring_catch_up(struct packet_ring *ring, struct packet_ring_cursor *cursor)
{
	int64_t passed = 0;
	pthread_mutex_lock(&ring->lock);
	if (cursor->next >= 0 && ring->newest_key > cursor->next) {
		passed = ring->newest_key - cursor->next;
		cursor->next = ring->newest_key;
	}
	pthread_mutex_unlock(&ring->lock);
	return passed;
}

bool packet_ring_wait(
	struct packet_ring *ring, const struct packet_ring_cursor *cursor, struct mono deadline)
{
	struct timespec until = mono_timespec(deadline);
	int r = 0;
	pthread_mutex_lock(&ring->lock);
	while (place_of(ring, cursor) >= end_number(ring) && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&ring->pushed, &ring->lock, &until);
	bool there = place_of(ring, cursor) < end_number(ring);
	pthread_mutex_unlock(&ring->lock);
	return there;
}

/* The last packet not after `time`, or negative. */
static int64_t last_before(const struct packet_ring *r, struct media time)
{
	int64_t low = r->first_number, high = end_number(r);
	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		if (at(r, middle)->dts.us <= time.us)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1 >= r->first_number ? low - 1 : -1;
}

static bool one_file(const struct packet_ring *r, int64_t number, const struct packet *middle)
{
	return at(r, number)->codec == middle->codec;
}

/* From `middle` back to the last key frame not after `from`, unless a gap or another codec ends it
 * before; negative where there is no key frame. */
static int64_t first_of(const struct packet_ring *r, int64_t middle, struct media from)
{
	int64_t key = -1;
	for (int64_t i = middle; i >= r->first_number && one_file(r, i, at(r, middle)); i--) {
		if (at(r, i)->key)
			key = i;
		if (at(r, i)->gap || (key == i && at(r, i)->dts.us <= from.us))
			break;
	}
	return key;
}

static int64_t end_of(const struct packet_ring *r, int64_t middle, struct media to)
{
	int64_t i = middle + 1;
	while (i < end_number(r) && one_file(r, i, at(r, middle)) && !at(r, i)->gap &&
		at(r, i)->dts.us <= to.us)
		i++;
	return i;
}

static int copy_range(
	const struct packet_ring *r, int64_t first, int64_t end, struct packet_list *ret_list)
{
	struct packet **items = calloc((size_t)(end - first), sizeof(struct packet *));
	if (!items)
		return -ENOMEM;
	for (int64_t i = first; i < end; i++)
		items[i - first] = packet_ref(at(r, i));
	*ret_list = (struct packet_list){items, (int)(end - first)};
	return 0;
}

int packet_ring_take(struct packet_ring *ring, struct media from, struct media at_time,
	struct media to, struct packet_list *ret_list)
{
	pthread_mutex_lock(&ring->lock);
	int64_t middle = last_before(ring, at_time);
	int64_t first = middle >= 0 ? first_of(ring, middle, from) : -1;
	int r = -ENOENT;
	if (first >= 0)
		r = copy_range(ring, first, end_of(ring, middle, to), ret_list);
	pthread_mutex_unlock(&ring->lock);
	return r;
}

void packet_list_finish(struct packet_list *list)
{
	for (int i = 0; i < list->count; i++)
		packet_unref(&list->items[i]);
	free(list->items);
	*list = (struct packet_list){0};
}

struct packet_ring_stats packet_ring_stats(struct packet_ring *ring)
{
	struct packet_ring *r = ring;
	struct packet_ring_stats stats = {0};
	pthread_mutex_lock(&r->lock);
	stats.bytes = r->bytes;
	stats.packet_count = r->count;
	stats.key_count = r->key_count;
	stats.pushed_count = end_number(r);
	if (r->count > 0)
		stats.seconds =
			media_diff_s(at(r, end_number(r) - 1)->dts, r->items[r->first]->dts);
	pthread_mutex_unlock(&r->lock);
	return stats;
}
