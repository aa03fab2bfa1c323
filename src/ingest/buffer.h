/*
 * Frames between a stream's thread and whoever takes them: first in, first out, the oldest dropped
 * for a newcomer where it is full. A dropped frame's FRAME_GAP passes to the next one given.
 *
 * Threads: one lock of the owner's around all calls. Memory: allocated once, by init.
 */
#pragma once

#include "base/frame.h"

struct buffer {
	struct frame **items;
	int capacity, first, count;
	unsigned marks; /* of dropped frames, for the next one given */
};

/* `capacity` 1 or more. 0 or -ENOMEM. */
int buffer_init(struct buffer *buffer, int capacity);
void buffer_finish(struct buffer *buffer);
/* Takes the reference. The oldest one, now the caller's to unref, where there was no room. */
struct frame *buffer_put(struct buffer *buffer, struct frame *frame);
/* The oldest frame, the caller's, and its flags with the marks of those before; NULL: empty. */
struct frame *buffer_take(struct buffer *buffer, unsigned *ret_flags);
