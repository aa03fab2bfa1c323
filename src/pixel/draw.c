#include "pixel/draw.h"

#include "pixel/blend.h"
#include "pixel/font.h"

#include <stddef.h>
#include <string.h>

#define OPAQUE 255
/* Polygons are sampled on that many lines per row of pixels. */
#define SUBROWS 4

/*
 * Everything is drawn as rows of coverage, 0 to 255 per pixel, from top to bottom: luma at once,
 * chroma when both of its rows are known.
 */
struct pen {
	struct canvas *canvas;
	struct color color;
	uint8_t opacity; /* 0 to OPAQUE */
	int chroma_row; /* the one in progress; -1: none */
	int chroma_from, chroma_to; /* columns of `sum` in use */
	uint16_t sum[FRAME_SIDE_MAX_PX / 2 + 1];
	uint8_t coverage[FRAME_SIDE_MAX_PX + 1]; /* of the row that the shape is filling */
};

struct canvas canvas_of(struct frame *frame)
{
	struct canvas canvas = {.width_px = frame->width_px, .height_px = frame->height_px};
	for (int i = 0; i < 3; i++) {
		canvas.plane[i] = frame_writable(frame, i);
		canvas.stride_bytes[i] = frame->stride_bytes[i];
	}
	return canvas;
}

struct color color_rgb(int r, int g, int b)
{
	return color_rgb_as(r, g, b, COLOR_MATRIX_BT601, false);
}

static uint8_t to_byte(double v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
}

struct color color_rgb_as(int r, int g, int b, enum color_matrix matrix, bool full_range)
{
	/* ITU-R BT.601 and BT.709: the weights of red and blue in luma. */
	double kr = matrix == COLOR_MATRIX_BT709 ? 0.2126 : 0.299;
	double kb = matrix == COLOR_MATRIX_BT709 ? 0.0722 : 0.114;
	double y = kr * r + (1 - kr - kb) * g + kb * b;
	double u = (b - y) / (2 * (1 - kb)), v = (r - y) / (2 * (1 - kr));
	if (full_range)
		return (struct color){to_byte(y), to_byte(u + 128), to_byte(v + 128)};
	return (struct color){to_byte(16 + y * 219 / 255), to_byte(128 + u * 224 / 255),
		to_byte(128 + v * 224 / 255)};
}

static void pen_init(struct pen *pen, struct canvas *canvas, struct color color, float opacity)
{
	pen->canvas = canvas;
	pen->color = color;
	pen->opacity = opacity > 0 ? (uint8_t)(fminf(opacity, 1) * OPAQUE + 0.5f) : 0;
	pen->chroma_row = -1;
}

static void pen_chroma_part(struct pen *pen, int from, int to, int shift)
{
	const struct canvas *c = pen->canvas;
	ptrdiff_t at = from, row = pen->chroma_row;
	if (from >= to)
		return;
	blend_chroma(c->plane[1] + row * c->stride_bytes[1] + at, pen->sum + at, to - from, shift,
		pen->color.u, pen->opacity);
	blend_chroma(c->plane[2] + row * c->stride_bytes[2] + at, pen->sum + at, to - from, shift,
		pen->color.v, pen->opacity);
}

static void pen_flush(struct pen *pen)
{
	const struct canvas *c = pen->canvas;
	if (pen->chroma_row < 0)
		return;
	/* Beside an odd edge a sample stands for two pixels, in an odd corner for one. */
	int shift = 2 * pen->chroma_row + 1 < c->height_px ? 2 : 1;
	int whole = c->width_px / 2, from = pen->chroma_from, to = pen->chroma_to;
	pen_chroma_part(pen, from, to < whole ? to : whole, shift);
	pen_chroma_part(pen, from > whole ? from : whole, to, shift - 1);
	pen->chroma_row = -1;
}

/* Makes room in the row of sums for the columns [from, to). */
static void pen_chroma(struct pen *pen, int row, int from, int to)
{
	if (pen->chroma_row != row) {
		pen_flush(pen);
		pen->chroma_row = row;
		pen->chroma_from = pen->chroma_to = from;
	}
	for (; pen->chroma_from > from; pen->chroma_from--)
		pen->sum[pen->chroma_from - 1] = 0;
	for (; pen->chroma_to < to; pen->chroma_to++)
		pen->sum[pen->chroma_to] = 0;
}

/* Draws pen->coverage[x] for x in [from, to), which lies within the canvas, like y. */
static void pen_row(struct pen *pen, int y, int from, int to)
{
	if (from >= to)
		return;
	const struct canvas *c = pen->canvas;
	uint8_t *luma = c->plane[0] + (ptrdiff_t)y * c->stride_bytes[0];
	blend_luma(luma + from, pen->coverage + from, to - from, pen->color.y, pen->opacity);
	/* Whole pairs: what is beside the row counts as not covered. */
	uint8_t before = pen->coverage[from & ~1], behind = pen->coverage[to];
	if (from & 1)
		pen->coverage[from - 1] = 0;
	pen->coverage[to] = 0;
	pen_chroma(pen, y / 2, from / 2, (to + 1) / 2);
	blend_add_pairs(pen->sum + from / 2, pen->coverage + (from & ~1), (to + 1) / 2 - from / 2);
	pen->coverage[from & ~1] = before;
	pen->coverage[to] = behind;
}

/* To the nearest whole number within [0, max]; far and not-a-number included. */
static int to_pixel(double v, int max)
{
	if (!(v > 0))
		return 0;
	return v >= max ? max : (int)(v + 0.5);
}

static void fill(struct pen *pen, int x1, int y1, int x2, int y2)
{
	if (x1 >= x2)
		return;
	memset(pen->coverage + x1, OPAQUE, (size_t)(x2 - x1));
	for (int y = y1; y < y2; y++)
		pen_row(pen, y, x1, x2);
	pen_flush(pen);
}

void draw_fill(struct canvas *canvas, struct box box, struct color color, float opacity_ratio)
{
	struct pen pen;
	pen_init(&pen, canvas, color, opacity_ratio);
	fill(&pen, to_pixel(box.x1, canvas->width_px), to_pixel(box.y1, canvas->height_px),
		to_pixel(box.x2, canvas->width_px), to_pixel(box.y2, canvas->height_px));
}

void draw_box(struct canvas *canvas, struct box box, int thickness_px, struct color color)
{
	float t = fminf((float)thickness_px, 0.5f * fminf(box_width(box), box_height(box)));
	struct box top = box, bottom = box, left = box, right = box;
	if (!(t > 0))
		return;
	top.y2 = left.y1 = right.y1 = box.y1 + t;
	bottom.y1 = left.y2 = right.y2 = box.y2 - t;
	left.x2 = box.x1 + t;
	right.x1 = box.x2 - t;
	draw_fill(canvas, top, color, 1);
	draw_fill(canvas, left, color, 1);
	draw_fill(canvas, right, color, 1);
	draw_fill(canvas, bottom, color, 1);
}

struct stroke {
	struct vec2 a, b;
	double radius; /* to where coverage ends, half a pixel outside the edge */
	double slope; /* dx / dy; 0 where the line is nearly level */
	double reach; /* half the width of the stroke along a row */
};

/* The columns that the stroke can touch in the row through `y`. */
static void stroke_span(const struct stroke *s, double y, int width, int *from, int *to)
{
	double lo = fmin(s->a.x, s->b.x) - s->radius, hi = fmax(s->a.x, s->b.x) + s->radius;
	if (s->slope != 0 || s->a.x == s->b.x) {
		double center = s->a.x + (y - s->a.y) * s->slope;
		lo = fmax(lo, center - s->reach);
		hi = fmin(hi, center + s->reach);
	}
	*from = to_pixel(floor(lo) - 0.5, width);
	*to = to_pixel(ceil(hi) + 0.5, width);
}

static void stroke_row(struct pen *pen, const struct stroke *s, int y)
{
	int from, to;
	stroke_span(s, y + 0.5, pen->canvas->width_px, &from, &to);
	for (int x = from; x < to; x++) {
		double d =
			s->radius - segment_distance((struct vec2){x + 0.5, y + 0.5}, s->a, s->b);
		pen->coverage[x] = (uint8_t)(d <= 0 ? 0 : d >= 1 ? OPAQUE : d * OPAQUE);
	}
	pen_row(pen, y, from, to);
}

void draw_line(struct canvas *canvas, struct vec2 a, struct vec2 b, float thickness_px,
	struct color color, float opacity_ratio)
{
	struct pen pen;
	struct stroke s = {.a = a, .b = b, .radius = 0.5 * thickness_px + 0.5};
	double dx = b.x - a.x, dy = b.y - a.y, length = hypot(dx, dy);
	if (!isfinite(length) || !(thickness_px > 0))
		return;
	s.reach = s.radius;
	if (fabs(dy) > 1e-3 * length) {
		s.slope = dx / dy;
		s.reach = s.radius * length / fabs(dy);
	}
	pen_init(&pen, canvas, color, opacity_ratio);
	int first = to_pixel(floor(fmin(a.y, b.y) - s.radius) - 0.5, canvas->height_px);
	int last = to_pixel(ceil(fmax(a.y, b.y) + s.radius) + 0.5, canvas->height_px);
	for (int y = first; y < last; y++)
		stroke_row(&pen, &s, y);
	pen_flush(&pen);
}

/* Where the edges of the polygon cross the level `y`, sorted. */
static int crossings(const struct vec2 *corners, int count, double y, double *xs)
{
	int n = 0;
	for (int i = 0, j = count - 1; i < count; j = i++) {
		struct vec2 a = corners[j], b = corners[i];
		if ((a.y > y) == (b.y > y))
			continue;
		double x = a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y);
		int k = n++;
		for (; k > 0 && xs[k - 1] > x; k--)
			xs[k] = xs[k - 1];
		xs[k] = x;
	}
	return n;
}

static void add_part(struct pen *pen, int x, double share, int full)
{
	int sum = pen->coverage[x] + (int)(share * full + 0.5);
	pen->coverage[x] = (uint8_t)(sum > OPAQUE ? OPAQUE : sum);
}

/* Adds what the span x1 to x2 covers of each pixel, `full` for a whole one. */
static void add_span(struct pen *pen, double x1, double x2, int full)
{
	double width = pen->canvas->width_px;
	x1 = fmin(fmax(x1, 0), width);
	x2 = fmin(fmax(x2, 0), width);
	if (!(x1 < x2))
		return;
	int first = (int)x1, last = (int)x2;
	if (first == last) {
		add_part(pen, first, x2 - x1, full);
		return;
	}
	add_part(pen, first, first + 1 - x1, full);
	blend_add(pen->coverage + first + 1, last - first - 1, (uint8_t)full);
	if (x2 > last)
		add_part(pen, last, x2 - last, full);
}

static void polygon_row(
	struct pen *pen, const struct vec2 *corners, int count, int y, int from, int to)
{
	/* Of a pixel that every one of them covers; together OPAQUE. */
	static const int full[SUBROWS] = {64, 64, 64, 63};
	double xs[DRAW_CORNERS_MAX];
	memset(pen->coverage + from, 0, (size_t)(to - from));
	for (int i = 0; i < SUBROWS; i++) {
		int n = crossings(corners, count, y + (i + 0.5) / SUBROWS, xs);
		for (int k = 0; k + 1 < n; k += 2)
			add_span(pen, xs[k], xs[k + 1], full[i]);
	}
	pen_row(pen, y, from, to);
}

void draw_polygon(struct canvas *canvas, const struct vec2 *corners, int count, struct color fill,
	float opacity_ratio)
{
	struct pen pen;
	double x1 = INFINITY, y1 = INFINITY, x2 = -INFINITY, y2 = -INFINITY;
	count = count < DRAW_CORNERS_MAX ? count : DRAW_CORNERS_MAX;
	for (int i = 0; i < count; i++) {
		if (!isfinite(corners[i].x) || !isfinite(corners[i].y))
			return;
		x1 = fmin(x1, corners[i].x);
		y1 = fmin(y1, corners[i].y);
		x2 = fmax(x2, corners[i].x);
		y2 = fmax(y2, corners[i].y);
	}
	pen_init(&pen, canvas, fill, opacity_ratio);
	int from = to_pixel(floor(x1) - 0.5, canvas->width_px);
	int to = to_pixel(ceil(x2) + 0.5, canvas->width_px);
	int last = to_pixel(ceil(y2) + 0.5, canvas->height_px);
	for (int y = to_pixel(floor(y1) - 0.5, canvas->height_px); y < last && from < to; y++)
		polygon_row(&pen, corners, count, y, from, to);
	pen_flush(&pen);
}

static int text_cells(const char *text)
{
	int cells = 0, bytes;
	for (; *text; text += bytes, cells++)
		font_glyph(text, &bytes);
	return cells;
}

int draw_text_width(int scale, const char *text)
{
	int cells = text_cells(text);
	/* The gap behind the last character is not part of it. */
	return cells ? (cells * FONT_CELL_WIDTH - (FONT_CELL_WIDTH - FONT_WIDTH)) * scale : 0;
}

int draw_text_height(int scale)
{
	return FONT_HEIGHT * scale;
}

/* One row of the font over the whole text, as coverage of [from, to). */
static void text_coverage(
	struct pen *pen, const char *text, int row, int x, int scale, int from, int to)
{
	int bytes;
	memset(pen->coverage + from, 0, (size_t)(to - from));
	for (; *text; text += bytes, x += FONT_CELL_WIDTH * scale) {
		const char *bits = font_glyph(text, &bytes)[row];
		for (int i = 0; i < FONT_WIDTH; i++) {
			int left = x + i * scale < from ? from : x + i * scale;
			int right = x + (i + 1) * scale > to ? to : x + (i + 1) * scale;
			if (bits[i] != ' ' && left < right)
				memset(pen->coverage + left, OPAQUE, (size_t)(right - left));
		}
	}
}

int draw_text(struct canvas *canvas, int x, int y, int scale, struct color color, const char *text)
{
	struct pen pen;
	int width = draw_text_width(scale, text);
	int from = to_pixel(x, canvas->width_px),
	    to = to_pixel((double)x + width, canvas->width_px);
	pen_init(&pen, canvas, color, 1);
	for (int row = 0; row < FONT_HEIGHT && from < to; row++) {
		int first = to_pixel((double)y + row * scale, canvas->height_px);
		int last = to_pixel((double)y + (row + 1) * scale, canvas->height_px);
		if (first < last)
			text_coverage(&pen, text, row, x, scale, from, to);
		for (int line = first; line < last; line++)
			pen_row(&pen, line, from, to);
	}
	pen_flush(&pen);
	return width;
}
