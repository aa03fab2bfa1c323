#include "test.h"

#include "base/random.h"
#include "pixel/half.h"
#include "pixel/letterbox.h"

#include <math.h>

#define CANARY 0xA5
#define GUARD_BYTES 256

/* A frame with planes of its own, at odd addresses and strides, in memory of exactly its size. */
struct picture {
	struct frame frame;
	uint8_t *memory[3];
};

static void picture_make(struct picture *p, int width_px, int height_px, struct random *random)
{
	*p = (struct picture){.frame = {.width_px = width_px, .height_px = height_px}};
	for (int i = 0; i < 3; i++) {
		int w = i ? (width_px + 1) / 2 : width_px, h = i ? (height_px + 1) / 2 : height_px;
		int lead = random_index(random, 5), stride = w + random_index(random, 7);
		size_t size = (size_t)lead + (size_t)stride * (size_t)(h - 1) + (size_t)w;
		p->memory[i] = malloc(size);
		for (size_t k = 0; k < size; k++)
			p->memory[i][k] = (uint8_t)random_u64(random);
		p->frame.plane[i] = p->memory[i] + lead;
		p->frame.stride_bytes[i] = stride;
	}
}

static void picture_fill(struct picture *p, int y, int u, int v)
{
	const int values[3] = {y, u, v};
	for (int i = 0; i < 3; i++) {
		int w = i ? (p->frame.width_px + 1) / 2 : p->frame.width_px;
		int h = i ? (p->frame.height_px + 1) / 2 : p->frame.height_px;
		for (int row = 0; row < h; row++)
			memset(frame_writable(&p->frame, i) +
					(size_t)row * (size_t)p->frame.stride_bytes[i],
				values[i], (size_t)w);
	}
}

static void picture_finish(struct picture *p)
{
	for (int i = 0; i < 3; i++)
		free(p->memory[i]);
}

static struct letterbox_params params_of(int width_px, int height_px)
{
	return (struct letterbox_params){
		.width_px = width_px, .height_px = height_px, .scale = {1, 1, 1}, .pad = 114};
}

/* The tensor that `kernel` makes, between canaries that must survive; the caller frees it. */
static uint8_t *run_guarded(
	const struct letterbox_params *params, const char *kernel, const struct frame *frame)
{
	size_t element = params->half ? 2 : 4;
	size_t size = 3 * element * (size_t)params->width_px * (size_t)params->height_px;
	uint8_t *memory = malloc(size + 2 * GUARD_BYTES);
	memset(memory, CANARY, size + 2 * GUARD_BYTES);
	struct letterbox *lb;
	assert_int_equal(letterbox_create(params, kernel, NULL, &lb), 0);
	assert_int_equal(letterbox_run(lb, frame, memory + GUARD_BYTES, NULL), 0);
	letterbox_destroy(&lb);
	for (size_t i = 0; i < GUARD_BYTES; i++) {
		assert_int_equal(memory[i], CANARY);
		assert_int_equal(memory[size + GUARD_BYTES + i], CANARY);
	}
	memmove(memory, memory + GUARD_BYTES, size);
	return memory;
}

static struct letterbox_params random_params(struct random *r)
{
	struct letterbox_params p = params_of(1 + random_index(r, 200), 1 + random_index(r, 120));
	p.fit = (enum letterbox_fit)random_index(r, 3);
	p.bgr = random_index(r, 2);
	p.half = random_index(r, 2);
	p.pad = (uint8_t)random_index(r, 256);
	for (int c = 0; c < 3; c++) {
		p.scale[c] = (float)random_range(r, 0.001, 2);
		p.offset[c] = (float)random_range(r, -3, 3);
	}
	return p;
}

/* Every kernel of this machine equals the C one, bit for bit. */
static void test_twins(void **state)
{
	(void)state;
	static const char *const kernels[] = {"avx512", "avx2", "neon"};
	int compared = 0;
	for (unsigned k = 0; k < sizeof(kernels) / sizeof(kernels[0]); k++) {
		struct letterbox *lb;
		struct letterbox_params any = params_of(8, 8);
		if (letterbox_create(&any, kernels[k], NULL, &lb) < 0)
			continue;
		letterbox_destroy(&lb);
		for (uint64_t round = 0; round < 300; round++) {
			struct random r = random_at(7, round, 0, 0);
			struct letterbox_params p = random_params(&r);
			/* Shrinking by up to 40 and growing alike. */
			int scale = 1 + random_index(&r, 20);
			struct picture picture;
			picture_make(&picture, 1 + random_index(&r, 100 * scale),
				1 + random_index(&r, 60 * scale), &r);
			picture.frame.matrix = (enum color_matrix)random_index(&r, 2);
			picture.frame.full_range = random_index(&r, 2);
			uint8_t *want = run_guarded(&p, "c", &picture.frame);
			uint8_t *got = run_guarded(&p, kernels[k], &picture.frame);
			size_t size = (p.half ? 6 : 12) * (size_t)p.width_px * (size_t)p.height_px;
			if (memcmp(want, got, size))
				fail_msg("%s: %dx%d to %dx%d, round %d", kernels[k],
					picture.frame.width_px, picture.frame.height_px, p.width_px,
					p.height_px, (int)round);
			free(want);
			free(got);
			picture_finish(&picture);
			compared++;
		}
	}
	print_message("# %d pairs compared\n", compared);
}

/*
 * The C kernel against resizing in double precision, written differently: each tensor pixel is an
 * integral over what the header says it looks at.
 */
static double plane_at(const struct frame *f, int plane, double x, double y, double block)
{
	/* x, y: position in units of blocks; bilinear between block averages. */
	int w = plane ? (f->width_px + 1) / 2 : f->width_px;
	int h = plane ? (f->height_px + 1) / 2 : f->height_px;
	int b = (int)block, columns = (w + b - 1) / b, rows = (h + b - 1) / b;
	x = fmin(fmax(x - 0.5, 0), columns - 1);
	y = fmin(fmax(y - 0.5, 0), rows - 1);
	double sum = 0;
	for (int j = 0; j < 2; j++)
		for (int i = 0; i < 2; i++) {
			int bx = (int)fmin(floor(x) + i, columns - 1);
			int by = (int)fmin(floor(y) + j, rows - 1);
			double weight = (i ? x - floor(x) : 1 - (x - floor(x))) *
					(j ? y - floor(y) : 1 - (y - floor(y)));
			double average = 0;
			for (int dy = 0; dy < b; dy++)
				for (int dx = 0; dx < b; dx++) {
					int sx = bx * b + dx, sy = by * b + dy;
					sx = sx < w ? sx : w - 1;
					sy = sy < h ? sy : h - 1;
					average +=
						f->plane[plane][(size_t)sy * (size_t)f->stride_bytes
										     [plane] +
								(size_t)sx];
				}
			sum += weight * average / (b * b);
		}
	return sum;
}

static void test_c_kernel_is_bilinear(void **state)
{
	(void)state;
	static const int sizes[][3] = {
		{64, 48, 1}, {100, 75, 1}, {63, 47, 1}, {128, 96, 2}, {290, 217, 4}, {641, 480, 8}};
	for (unsigned k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		struct random r = random_at(11, k, 0, 0);
		struct picture picture;
		picture_make(&picture, sizes[k][0], sizes[k][1], &r);
		picture.frame.full_range = true;
		struct letterbox_params p = params_of(64, 48);
		p.fit = LETTERBOX_STRETCH;
		float *tensor = (float *)run_guarded(&p, "c", &picture.frame);
		double worst = 0;
		for (int y = 0; y < 48; y++)
			for (int x = 0; x < 64; x++) {
				double fx = (x + 0.5) * sizes[k][0] / 64,
				       fy = (y + 0.5) * sizes[k][1] / 48;
				double lb = sizes[k][2], cb = lb > 1 ? lb / 2 : 1;
				double l = plane_at(&picture.frame, 0, fx / lb, fy / lb, lb);
				double u =
					plane_at(&picture.frame, 1, fx / 2 / cb, fy / 2 / cb, cb) -
					128;
				double v =
					plane_at(&picture.frame, 2, fx / 2 / cb, fy / 2 / cb, cb) -
					128;
				/* BT.601 as JFIF writes it down. */
				const double want[3] = {l + 1.402 * v,
					l - 0.344136 * u - 0.714136 * v, l + 1.772 * u};
				for (int c = 0; c < 3; c++) {
					double clamped = fmin(fmax(want[c], 0), 255);
					double off = fabs(clamped - tensor[(c * 48 + y) * 64 + x]);
					worst = off > worst ? off : worst;
				}
			}
		/* Samples are kept in 1/64 of a grey level and blended twice. */
		assert_true(worst < 0.06);
		free(tensor);
		picture_finish(&picture);
	}
}

static void test_colors(void **state)
{
	(void)state;
	/* ITU-R BT.601 and BT.709, limited range: the 100 % primaries in 8 bits. */
	static const struct {
		enum color_matrix matrix;
		int yuv[3], rgb[3];
	} cases[] = {
		{COLOR_MATRIX_BT601, {16, 128, 128}, {0, 0, 0}},
		{COLOR_MATRIX_BT601, {235, 128, 128}, {255, 255, 255}},
		{COLOR_MATRIX_BT601, {81, 90, 240}, {255, 0, 0}},
		{COLOR_MATRIX_BT601, {145, 54, 34}, {0, 255, 0}},
		{COLOR_MATRIX_BT601, {41, 240, 110}, {0, 0, 255}},
		{COLOR_MATRIX_BT709, {63, 102, 240}, {255, 0, 0}},
		{COLOR_MATRIX_BT709, {173, 42, 26}, {0, 255, 0}},
		{COLOR_MATRIX_BT709, {32, 240, 118}, {0, 0, 255}},
	};
	for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
		for (int bgr = 0; bgr < 2; bgr++) {
			struct random r = random_at(1, 0, 0, 0);
			struct picture picture;
			picture_make(&picture, 16, 16, &r);
			picture_fill(&picture, cases[k].yuv[0], cases[k].yuv[1], cases[k].yuv[2]);
			picture.frame.matrix = cases[k].matrix;
			struct letterbox_params p = params_of(16, 16);
			p.bgr = bgr;
			float *tensor = (float *)run_guarded(&p, NULL, &picture.frame);
			for (int c = 0; c < 3; c++)
				assert_true(fabsf(tensor[c * 256 + 100] -
						    (float)cases[k].rgb[bgr ? 2 - c : c]) < 1.6f);
			free(tensor);
			picture_finish(&picture);
		}
}

static void test_placement(void **state)
{
	(void)state;
	static const struct {
		enum letterbox_fit fit;
		int width_px, height_px;
		int left, top, right, bottom;
	} cases[] = {
		{LETTERBOX_CENTER, 200, 100, 0, 16, 64, 48},
		{LETTERBOX_CORNER, 200, 100, 0, 0, 64, 32},
		{LETTERBOX_STRETCH, 200, 100, 0, 0, 64, 64},
		{LETTERBOX_CENTER, 50, 100, 16, 0, 48, 64},
		{LETTERBOX_CORNER, 50, 100, 0, 0, 32, 64},
	};
	for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct random r = random_at(2, 0, 0, 0);
		struct picture picture;
		picture_make(&picture, cases[k].width_px, cases[k].height_px, &r);
		picture_fill(&picture, 235, 128, 128);
		struct letterbox_params p = params_of(64, 64);
		p.fit = cases[k].fit;
		p.scale[0] = p.scale[1] = p.scale[2] = 1 / 255.0f;
		struct letterbox *lb;
		float *tensor = malloc(3 * 64 * 64 * sizeof(float));
		assert_int_equal(letterbox_create(&p, NULL, NULL, &lb), 0);
		assert_int_equal(letterbox_run(lb, &picture.frame, tensor, NULL), 0);
		for (int y = 0; y < 64; y++)
			for (int x = 0; x < 64; x++) {
				bool inside = x >= cases[k].left && x < cases[k].right &&
					      y >= cases[k].top && y < cases[k].bottom;
				assert_true(fabsf(tensor[y * 64 + x] -
						    (inside ? 1 : 114 / 255.0f)) < 1e-5f);
			}
		struct box back = letterbox_to_frame(
			lb, (struct box){(float)cases[k].left, (float)cases[k].top,
				    (float)cases[k].right, (float)cases[k].bottom});
		assert_true(fabsf(back.x1) < 1e-3f && fabsf(back.y1) < 1e-3f);
		assert_true(fabsf(back.x2 - (float)cases[k].width_px) < 1e-3f);
		assert_true(fabsf(back.y2 - (float)cases[k].height_px) < 1e-3f);
		letterbox_destroy(&lb);
		free(tensor);
		picture_finish(&picture);
	}
}

/* The same letterbox follows frames that change size, and writes the padding anew. */
static void test_size_changes(void **state)
{
	(void)state;
	struct letterbox_params p = params_of(64, 64);
	struct letterbox *lb;
	float *tensor = malloc(3 * 64 * 64 * sizeof(float));
	assert_int_equal(letterbox_create(&p, NULL, NULL, &lb), 0);
	static const int sizes[][2] = {{64, 64}, {200, 100}, {50, 100}, {200, 100}};
	for (int k = 0; k < 4; k++) {
		struct random r = random_at(3, (uint64_t)k, 0, 0);
		struct picture picture;
		picture_make(&picture, sizes[k][0], sizes[k][1], &r);
		assert_int_equal(letterbox_run(lb, &picture.frame, tensor, NULL), 0);
		float *fresh = (float *)run_guarded(&p, NULL, &picture.frame);
		assert_memory_equal(tensor, fresh, 3 * 64 * 64 * sizeof(float));
		free(fresh);
		picture_finish(&picture);
	}
	letterbox_destroy(&lb);
	free(tensor);
}

static void test_unknown_kernel(void **state)
{
	(void)state;
	struct letterbox_params p = params_of(64, 64);
	struct letterbox *lb = NULL;
	struct err err;
	assert_true(letterbox_create(&p, "mmx", &err, &lb) < 0);
	assert_non_null(strstr(err.text, "mmx"));
	assert_null(lb);
}

/* All 65536 halves go to float and back; floats between them round to even. */
static void test_half(void **state)
{
	(void)state;
	static uint16_t halves[65536];
	static float floats[65536];
	for (int i = 0; i < 65536; i++)
		halves[i] = (uint16_t)i;
	half_to_float_n(floats, halves, 65536);
	for (int i = 0; i < 65536; i++) {
		float one = half_to_float((uint16_t)i);
		assert_memory_equal(&one, &floats[i], sizeof(float));
		if (!isnan(one))
			assert_int_equal(half_from_float(one), i);
		else
			assert_true((half_from_float(one) & 0x7C00) == 0x7C00);
	}
	for (int i = 0; i < 0x7BFF; i++) {
		float a = half_to_float((uint16_t)i), b = half_to_float((uint16_t)(i + 1));
		float middle = (a + b) / 2;
		assert_int_equal(half_from_float(middle), i & 1 ? i + 1 : i);
		assert_int_equal(half_from_float(nextafterf(middle, 0)), i);
		assert_int_equal(half_from_float(nextafterf(middle, 1e9f)), i + 1);
	}
	assert_int_equal(half_from_float(65520), 0x7C00);
	assert_int_equal(half_from_float(65519), 0x7BFF);
	assert_int_equal(half_from_float(1e30f), 0x7C00);
	assert_int_equal(half_from_float(-1e-30f), 0x8000);
}

TEST_MAIN(cmocka_unit_test(test_twins), cmocka_unit_test(test_c_kernel_is_bilinear),
	cmocka_unit_test(test_colors), cmocka_unit_test(test_placement),
	cmocka_unit_test(test_size_changes), cmocka_unit_test(test_unknown_kernel),
	cmocka_unit_test(test_half))
