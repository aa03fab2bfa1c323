/*
 * The last seconds of a stream, encoded: what clips and live views are made of, without decoding or
 * encoding anything.
 *
 *     struct packet_ring_cursor at = PACKET_RING_NEWEST;
 *     while (packet_ring_next(ring, &at, &packet))          // a live view; never waits
 *             ... packet_unref(&packet);
 *     packet_ring_take(ring, from, at, to, &list);          // a clip
 *
 * The ring always begins with a key frame and is bounded in bytes and in seconds: whole groups of
 * pictures leave at its old end. A group larger than the ring is left out entirely.
 * Readers cost the ring nothing: a cursor is a number. One that was overtaken goes on at the newest
 * key frame and says so.
 *
 * Threads: all functions from any thread. Memory: bounded; packets are shared, not copied.
 */
#pragma once

#include "av/packet.h"

struct packet_ring_stats {
	int64_t bytes, packet_count, key_count; /* held now */
	double seconds; /* from the first to the last packet */
	int64_t pushed_count;
};

struct packet_ring_cursor {
	int64_t next; /* number of the packet to come; negative: the newest key frame */
	bool skipped; /* packets were passed over before the one just given */
};
#define PACKET_RING_NEWEST ((struct packet_ring_cursor){.next = -1})

/* Packets that belong together: one codec, no gap inside, the first one a key frame. */
struct packet_list {
	struct packet **items;
	int count;
};

struct packet_ring;

/* `bytes_max` 1 to 2^40, `seconds_max` above 0. 0, -EINVAL or -ENOMEM. One reference is given. */
int packet_ring_create(int64_t bytes_max, double seconds_max, struct packet_ring **ret_ring);
struct packet_ring *packet_ring_ref(struct packet_ring *ring);
void packet_ring_unref(struct packet_ring **ring);

/* Takes the packet in any case. Packets before the first key frame are dropped. 0 or -ENOMEM. */
int packet_ring_push(struct packet_ring *ring, struct packet **packet);
/* True and a reference where there is one after the cursor. */
bool packet_ring_next(
	struct packet_ring *ring, struct packet_ring_cursor *cursor, struct packet **ret_packet);
/* To the newest key frame, where that comes after the cursor: how many packets are passed over. 0:
 * the cursor stays. */
int64_t packet_ring_catch_up(struct packet_ring *ring, struct packet_ring_cursor *cursor);
/* Waits until there is one after the cursor or `deadline`. True where there is. */
bool packet_ring_wait(
	struct packet_ring *ring, const struct packet_ring_cursor *cursor, struct mono deadline);
/*
 * References to what is held of from .. to, around `at`: from the last key frame not after `from`;
 * cut at gaps and changes of codec, so that it can be one file. -ENOENT where `at` is not held,
 * -ENOMEM.
 */
int packet_ring_take(struct packet_ring *ring, struct media from, struct media at, struct media to,
	struct packet_list *ret_list);
void packet_list_finish(struct packet_list *list);
struct packet_ring_stats packet_ring_stats(struct packet_ring *ring);
