/*
 * What the annotated video and the evidence pictures share: copies to draw on, and colours that
 * look the same whatever the frame's numbers mean.
 */
#pragma once

#include "pixel/draw.h"

enum ink {
	INK_WHITE,
	INK_BLACK,
	INK_GREY,
	INK_RED,
	INK_YELLOW,
	INK_GREEN,
	INK_BLUE,
	INK_ORANGE,
	INK_PURPLE,
	INK_CYAN,
	INK_COUNT
};

struct overlay {
	struct canvas canvas;
	struct color inks[INK_COUNT];
	int scale; /* of text and lines, so that they can be read in a picture of that height */
};

/*
 * Copies pixels, times and meaning of `from` into the upper left of `to`, which must be at least as
 * large, and begins drawing on it.
 */
struct overlay overlay_begin(const struct frame *from, struct frame *to);

struct label {
	const char *text;
	enum ink background, foreground;
};
/* Size of a label in pixels. */
int overlay_label_width(const struct overlay *overlay, const char *text);
int overlay_label_height(const struct overlay *overlay);
/* Text on an opaque ground, its top left corner at x, y. */
void overlay_label(struct overlay *overlay, int x, int y, struct label label);
/*
 * Text broken between words into lines of at most `width_px`; returns the number of lines.
 * `overlay` NULL: counts only.
 */
int overlay_paragraph(struct overlay *overlay, int x, int y, int width_px, int scale, enum ink ink,
	const char *text);
