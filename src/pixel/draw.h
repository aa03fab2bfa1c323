/*
 * Drawing onto a 4:2:0 picture: lines, boxes, polygons and text, for annotated videos, evidence
 * and the simulator. Edges are smooth (coverage by area); everything is clipped to the picture.
 *
 * Opacity is a share, 0 (nothing) to 1. Coordinates may lie anywhere, also far outside; a
 * coordinate that is not a number draws nothing.
 *
 * Threads: one canvas, one thread. Memory: none; the canvas borrows the planes.
 */
#pragma once

#include "base/frame.h"
#include "base/geometry.h"

#include <stdint.h>

struct canvas {
	uint8_t *plane[3];
	int stride_bytes[3];
	int width_px, height_px; /* at most FRAME_SIDE_MAX_PX */
};

/* For the maker of a frame that has not been handed on yet. */
struct canvas canvas_of(struct frame *frame);

struct color {
	uint8_t y, u, v;
};
/* sRGB 0 to 255 to limited-range BT.601. */
struct color color_rgb(int r, int g, int b);
/* The same to what a frame's numbers mean. */
struct color color_rgb_as(int r, int g, int b, enum color_matrix matrix, bool full_range);

/* To whole pixels, so that its edges are sharp. */
void draw_fill(struct canvas *canvas, struct box box, struct color color, float opacity_ratio);
/* The outline; its outer edge is the box. */
void draw_box(struct canvas *canvas, struct box box, int thickness_px, struct color color);
/* With round ends; from a point to itself it is a disc. */
void draw_line(struct canvas *canvas, struct vec2 a, struct vec2 b, float thickness_px,
	struct color color, float opacity_ratio);
/* Even-odd rule; at most DRAW_CORNERS_MAX corners, further ones are ignored. */
#define DRAW_CORNERS_MAX 256
void draw_polygon(struct canvas *canvas, const struct vec2 *corners, int count, struct color fill,
	float opacity_ratio);

/*
 * The built-in font (font.h): cells of 6 x 8 pixels, times `scale`, printable ASCII and the signs
 * plus-minus and degree as UTF-8. `x`, `y`: top left corner. Returns the width in pixels.
 */
int draw_text(struct canvas *canvas, int x, int y, int scale, struct color color, const char *text);
int draw_text_width(int scale, const char *text);
int draw_text_height(int scale);
