#include "pixel/draw.h"
#include "test.h"

#include <string.h>

#define W 97
#define H 61
#define UNDER 50

/* A picture with a border of guard bytes around each plane. */
struct picture {
	struct canvas canvas;
	uint8_t bytes[3][(H + 8) * (W + 16)];
};

#define STRIDE (W + 16)

static struct picture *blank(void)
{
	static struct picture p;
	memset(p.bytes, UNDER, sizeof(p.bytes));
	p.canvas.width_px = W;
	p.canvas.height_px = H;
	for (int i = 0; i < 3; i++) {
		p.canvas.plane[i] = p.bytes[i] + 4 * STRIDE + 8;
		p.canvas.stride_bytes[i] = STRIDE;
	}
	return &p;
}

static int luma(const struct picture *p, int x, int y)
{
	return p->canvas.plane[0][y * STRIDE + x];
}

static int chroma(const struct picture *p, int plane, int x, int y)
{
	return p->canvas.plane[plane][y * STRIDE + x];
}

/* Everything beyond the picture is as it was. */
static void assert_guard(const struct picture *p)
{
	for (int i = 0; i < 3; i++) {
		int w = i ? (W + 1) / 2 : W, h = i ? (H + 1) / 2 : H;
		for (int k = 0; k < (int)sizeof(p->bytes[i]); k++) {
			int y = k / STRIDE - 4, x = k % STRIDE - 8;
			if (x < 0 || y < 0 || x >= w || y >= h)
				assert_int_equal(p->bytes[i][k], UNDER);
		}
	}
}

static const struct color ink = {200, 90, 160};

static void a_fill_covers_its_pixels_and_shares_their_chroma(void **state)
{
	(void)state;
	struct picture *p = blank();
	draw_fill(&p->canvas, (struct box){3, 2, 8, 6}, ink, 1);
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++)
			assert_int_equal(
				luma(p, x, y), x >= 3 && x < 8 && y >= 2 && y < 6 ? 200 : UNDER);
	/* Columns 2 and 3 share a chroma sample; only one of them is covered. */
	assert_int_equal(chroma(p, 1, 1, 1), (UNDER + 90) / 2);
	assert_int_equal(chroma(p, 1, 2, 1), 90);
	assert_int_equal(chroma(p, 2, 3, 2), 160);
	assert_int_equal(chroma(p, 2, 4, 2), UNDER);
	draw_fill(&p->canvas, (struct box){0, 0, W, H}, (struct color){100, 100, 100}, 1);
	assert_int_equal(chroma(p, 1, (W + 1) / 2 - 1, (H + 1) / 2 - 1), 100);
	draw_fill(&p->canvas, (struct box){10, 10, 20, 20}, (struct color){200, 100, 100}, 0.5f);
	assert_true(abs(luma(p, 15, 15) - 150) <= 1);
	assert_guard(p);
}

static void opacity_zero_draws_nothing(void **state)
{
	(void)state;
	struct picture *p = blank();
	draw_fill(&p->canvas, (struct box){0, 0, W, H}, ink, 0);
	assert_int_equal(luma(p, 5, 5), UNDER);
}

static void the_outer_edge_of_an_outline_is_the_box(void **state)
{
	(void)state;
	struct picture *p = blank();
	draw_box(&p->canvas, (struct box){10, 10, 30, 24}, 2, ink);
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++) {
			bool in = x >= 10 && x < 30 && y >= 10 && y < 24;
			bool hole = x >= 12 && x < 28 && y >= 12 && y < 22;
			assert_int_equal(luma(p, x, y), in && !hole ? 200 : UNDER);
		}
}

static double sum_of(const struct picture *p)
{
	double sum = 0;
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++)
			sum += (luma(p, x, y) - UNDER) / (200.0 - UNDER);
	return sum;
}

/* Coverage adds up to the area, at any angle: that is what smooth edges mean. */
static void coverage_is_area(void **state)
{
	(void)state;
	for (int i = 0; i < 24; i++) {
		double angle = i * 0.2617993878 + 0.01, length = 40, thickness = 3;
		struct picture *p = blank();
		struct vec2 a = {48 - 20 * cos(angle), 30 - 20 * sin(angle)};
		struct vec2 b = {48 + 20 * cos(angle), 30 + 20 * sin(angle)};
		draw_line(&p->canvas, a, b, (float)thickness, ink, 1);
		double area = length * thickness + 3.14159265 * thickness * thickness / 4;
		assert_true(fabs(sum_of(p) - area) < 0.04 * area);

		p = blank();
		const struct vec2 square[] = {a, {a.x - (b.y - a.y) / 2, a.y + (b.x - a.x) / 2},
			{b.x - (b.y - a.y) / 2, b.y + (b.x - a.x) / 2}, b};
		double width = 0, inside = 1;
		for (int k = 0; k < 4; k++)
			inside *= square[k].x >= 0 && square[k].x <= W && square[k].y >= 0 &&
				  square[k].y <= H;
		width = length / 2;
		draw_polygon(&p->canvas, square, 4, ink, 1);
		if (inside != 0)
			assert_true(fabs(sum_of(p) - length * width) < 0.02 * length * width);
		assert_guard(p);
	}
}

static void far_and_broken_coordinates_do_no_harm(void **state)
{
	(void)state;
	static const double values[] = {-1e300, -1e9, -70000, -3.7, 0, 12.5, 60.9, 97, 70000, 1e9,
		1e300, NAN, INFINITY, -INFINITY};
	const int n = sizeof(values) / sizeof(values[0]);
	struct picture *p = blank();
	uint32_t x = 1;
	for (int i = 0; i < 4000; i++) {
		double v[8];
		for (int k = 0; k < 8; k++) {
			x = x * 1664525 + 1013904223;
			v[k] = values[(x >> 16) % (uint32_t)n];
		}
		const struct vec2 corners[] = {
			{v[0], v[1]}, {v[2], v[3]}, {v[4], v[5]}, {v[6], v[7]}};
		draw_polygon(&p->canvas, corners, 4, ink, 0.5f);
		draw_line(&p->canvas, corners[0], corners[1], (float)v[4], ink, (float)v[5]);
		struct box box = {(float)v[0], (float)v[1], (float)v[2], (float)v[3]};
		draw_fill(&p->canvas, box, ink, (float)v[6]);
		draw_box(&p->canvas, box, 3, ink);
	}
	assert_guard(p);
}

static void text_is_drawn_where_it_is_said(void **state)
{
	(void)state;
	struct picture *p = blank();
	assert_int_equal(draw_text_width(2, "I|"), 22);
	assert_int_equal(draw_text(&p->canvas, 10, 8, 2, ink, "|"), 10);
	/* The stroke of '|' is the third of five columns, seven rows high. */
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++)
			assert_int_equal(
				luma(p, x, y), x >= 14 && x < 16 && y >= 8 && y < 22 ? 200 : UNDER);
	/* Two bytes, one cell; what the font lacks is one cell too. */
	assert_int_equal(draw_text_width(1, "\xC2\xB1"), 5);
	assert_int_equal(draw_text_width(1, "\xE2\x82\xAC"), 5);
	assert_int_equal(draw_text_width(1, "\xE2"), 5);
	assert_int_equal(draw_text_width(1, ""), 0);
}

static void text_is_clipped(void **state)
{
	(void)state;
	struct picture *p = blank();
	for (int y = -40; y < H + 10; y += 7)
		for (int x = -90; x < W + 10; x += 13)
			draw_text(&p->canvas, x, y, 1 + (x & 3), ink, "Gq\xC2\xB1@ \x7F\xFF");
	assert_guard(p);
}

static void colours_mean_the_same_in_every_frame(void **state)
{
	(void)state;
	struct color white = color_rgb(255, 255, 255), black = color_rgb(0, 0, 0);
	struct color red = color_rgb(255, 0, 0);
	assert_int_equal(white.y, 235);
	assert_int_equal(black.y, 16);
	assert_int_equal(white.u, 128);
	/* BT.601 limited: the standard's own numbers for pure red. */
	assert_int_equal(red.y, 81);
	assert_int_equal(red.u, 90);
	assert_int_equal(red.v, 240);
	struct color full = color_rgb_as(255, 255, 255, COLOR_MATRIX_BT709, true);
	assert_int_equal(full.y, 255);
	assert_int_equal(color_rgb_as(0, 255, 0, COLOR_MATRIX_BT709, false).y, 173);
}

TEST_MAIN(cmocka_unit_test(a_fill_covers_its_pixels_and_shares_their_chroma),
	cmocka_unit_test(opacity_zero_draws_nothing),
	cmocka_unit_test(the_outer_edge_of_an_outline_is_the_box),
	cmocka_unit_test(coverage_is_area), cmocka_unit_test(far_and_broken_coordinates_do_no_harm),
	cmocka_unit_test(text_is_drawn_where_it_is_said), cmocka_unit_test(text_is_clipped),
	cmocka_unit_test(colours_mean_the_same_in_every_frame))
