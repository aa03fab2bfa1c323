#include "record/overlay.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Around the text of a label, and between lines of a paragraph; times scale. */
#define PADDING_PX 2

static const unsigned char rgb[INK_COUNT][3] = {
	[INK_WHITE] = {255, 255, 255},
	[INK_BLACK] = {16, 18, 20},
	[INK_GREY] = {170, 178, 186},
	[INK_RED] = {235, 36, 36},
	[INK_YELLOW] = {255, 208, 0},
	[INK_GREEN] = {36, 200, 96},
	[INK_BLUE] = {64, 140, 255},
	[INK_ORANGE] = {255, 140, 26},
	[INK_PURPLE] = {190, 110, 255},
	[INK_CYAN] = {40, 205, 220},
};

static void copy_planes(const struct frame *from, struct frame *to)
{
	for (int i = 0; i < 3; i++) {
		size_t width = (size_t)(i ? frame_chroma_width_px(from) : from->width_px);
		int height = i ? frame_chroma_height_px(from) : from->height_px;
		for (int y = 0; y < height; y++)
			memcpy(frame_writable(to, i) + (ptrdiff_t)y * to->stride_bytes[i],
				from->plane[i] + (ptrdiff_t)y * from->stride_bytes[i], width);
	}
}

struct overlay overlay_begin(const struct frame *from, struct frame *to)
{
	assert(to->width_px >= from->width_px && to->height_px >= from->height_px);
	copy_planes(from, to);
	to->matrix = from->matrix;
	to->full_range = from->full_range;
	to->media = from->media;
	to->wall = from->wall;
	to->arrival = from->arrival;
	to->sequence = from->sequence;
	to->flags = from->flags;
	struct overlay o = {.canvas = canvas_of(to), .scale = from->height_px / 420 + 1};
	for (int i = 0; i < INK_COUNT; i++)
		o.inks[i] =
			color_rgb_as(rgb[i][0], rgb[i][1], rgb[i][2], to->matrix, to->full_range);
	return o;
}

int overlay_label_width(const struct overlay *overlay, const char *text)
{
	return draw_text_width(overlay->scale, text) + 2 * PADDING_PX * overlay->scale;
}

int overlay_label_height(const struct overlay *overlay)
{
	return draw_text_height(overlay->scale) + PADDING_PX * overlay->scale;
}

void overlay_label(struct overlay *overlay, int x, int y, struct label label)
{
	struct box ground = {
		.x1 = (float)x,
		.y1 = (float)y,
		.x2 = (float)(x + overlay_label_width(overlay, label.text)),
		.y2 = (float)(y + overlay_label_height(overlay)),
	};
	int pad = PADDING_PX * overlay->scale;
	draw_fill(&overlay->canvas, ground, overlay->inks[label.background], 1);
	/* The row of descenders is the lower padding. */
	draw_text(&overlay->canvas, x + pad, y + pad / 2 + (pad & 1), overlay->scale,
		overlay->inks[label.foreground], label.text);
}

/* How many bytes of `text` go into one line, broken at a space where there is one. */
static size_t line_length(const char *text, int width_px, int scale)
{
	char line[512];
	size_t best = 0;
	for (size_t n = 1; n < sizeof(line); n++) {
		bool end = text[n] == '\0';
		if (text[n] != ' ' && !end)
			continue;
		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		if (best > 0 && draw_text_width(scale, line) > width_px)
			return best;
		best = n;
		if (end)
			return n;
	}
	return best ? best : strlen(text);
}

int overlay_paragraph(struct overlay *overlay, int x, int y, int width_px, int scale, enum ink ink,
	const char *text)
{
	int lines = 0;
	char line[512];
	while (*text) {
		size_t n = line_length(text, width_px, scale);
		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		if (overlay)
			draw_text(&overlay->canvas, x,
				y + lines * (draw_text_height(scale) + PADDING_PX * scale), scale,
				overlay->inks[ink], line);
		lines++;
		for (text += n; *text == ' '; text++)
			;
	}
	return lines;
}
