#include "ingest/buffer.h"

#include <errno.h>
#include <stdlib.h>

int buffer_init(struct buffer *buffer, int capacity)
{
	*buffer = (struct buffer){.capacity = capacity};
	buffer->items = calloc((size_t)capacity, sizeof(struct frame *));
	return buffer->items ? 0 : -ENOMEM;
}

void buffer_finish(struct buffer *buffer)
{
	struct frame *frame;
	unsigned flags;
	while (buffer->count > 0 && (frame = buffer_take(buffer, &flags)))
		frame_unref(&frame);
	free(buffer->items);
	*buffer = (struct buffer){0};
}

static struct frame *pop(struct buffer *b)
{
	struct frame *frame = b->items[b->first];
	b->first = (b->first + 1) % b->capacity;
	b->count--;
	return frame;
}

struct frame *buffer_put(struct buffer *buffer, struct frame *frame)
{
	struct buffer *b = buffer;
	struct frame *dropped = b->count == b->capacity ? pop(b) : NULL;
	if (dropped)
		b->marks |= dropped->flags & FRAME_GAP;
	b->items[(b->first + b->count) % b->capacity] = frame;
	b->count++;
	return dropped;
}

struct frame *buffer_take(struct buffer *buffer, unsigned *ret_flags)
{
	if (buffer->count == 0)
		return NULL;
	struct frame *frame = pop(buffer);
	*ret_flags = frame->flags | buffer->marks;
	buffer->marks = 0;
	return frame;
}
