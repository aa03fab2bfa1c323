/*
 * Room for the pixels of pictures that come and go: as much as is used at once, and a little ready.
 *
 * libav's own pool keeps what was ever used at once, so that a camera that was late once holds all
 * frames that may wait for ever. Here what lay idle the whole time in which PIXELS_WINDOW blocks
 * were put back goes back to the system, but for PIXELS_KEPT. Giving back at once what is beyond
 * those costs more than it saves: where frames wait for a look now and then, a picture's pages are
 * cleared for every other frame. Every block has pages of its own (mmap), because what is freed
 * between other allocations does not leave the process.
 *
 * Threads: all functions from any thread. Memory: the blocks that were out at once lately, and
 * PIXELS_KEPT more. The pool may be destroyed while blocks are out: it goes with the last of them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PIXELS_KEPT 3
#define PIXELS_WINDOW 256

struct pixels;

struct pixels_block {
	uint8_t *bytes; /* at the beginning of a page; zero, or what was there before */
	size_t size_bytes;

	/* The pool's. */
	struct pixels *pool;
	struct pixels_block *next;
};

struct pixels_stats {
	int out_count, kept_count;
};

int pixels_create(struct pixels **ret_pixels);
void pixels_destroy(struct pixels **pixels);
/* NULL: no memory. Blocks kept of another size are given up. */
struct pixels_block *pixels_get(struct pixels *pixels, size_t size_bytes);
void pixels_put(struct pixels_block **block);
struct pixels_stats pixels_stats(struct pixels *pixels);
