/*
 * Drawing onto a 4:2:0 picture: lines, boxes, polygons and text, for annotated videos, evidence
 * and the simulator. Everything is clipped to the picture.
 *
 * Threads: one canvas, one thread. Memory: none; the canvas borrows the planes.
 */
#pragma once

#include "base/geometry.h"

#include <stdint.h>

struct canvas {
	uint8_t *plane[3];
	int stride_bytes[3];
	int width_px, height_px;
};

struct color {
	uint8_t y, u, v;
};
/* sRGB 0 to 255 to limited-range BT.601. */
struct color color_rgb(int r, int g, int b);

void draw_fill(struct canvas *canvas, struct box box, struct color color, float opacity_ratio);
void draw_box(struct canvas *canvas, struct box box, int thickness_px, struct color color);
void draw_line(struct canvas *canvas, struct vec2 a, struct vec2 b, int thickness_px,
	struct color color);
void draw_polygon(struct canvas *canvas, const struct vec2 *corners, int count, struct color fill,
	float opacity_ratio);
/*
 * A built-in 5x7 font in cells of 6x8, times `scale`; printable ASCII, and U+00B1 as "+-" sign.
 * Returns the width in pixels. `x`, `y`: top left corner.
 */
int draw_text(struct canvas *canvas, int x, int y, int scale, struct color color,
	const char *text);
int draw_text_width(int scale, const char *text);
