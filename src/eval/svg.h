/*
 * Text of an SVG picture, put together piece by piece. Starts as zeros; where memory runs out the
 * rest is left out and `failed` says so.
 *
 * Threads: one owner. Memory: grows; svg_finish() frees it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct svg {
	char *text;
	size_t length, size;
	bool failed;
};

__attribute__((format(printf, 2, 3))) void svg_put(struct svg *svg, const char *format, ...);
/* Text that may hold what means something in XML: the name of a file, of a line. */
void svg_put_text(struct svg *svg, const char *text);
/* A white picture of that size, in its own units; the caller ends it with "</svg>\n". */
void svg_begin(struct svg *svg, int width, int height);
void svg_finish(struct svg *svg);
