/*
 * The kernels of letterbox.c: a family written the same way for each instruction set, the C one
 * being the definition. Private to src/pixel.
 *
 * A picture goes through three steps, row by row:
 *
 *   reduce   blocks of pixels become one sample each: 8-bit to "sample" precision
 *   blend    two reduced rows become one, at the height of a tensor row
 *   convert  two neighbours become one in x, YUV becomes RGB, and the tensor row is written
 *
 * A sample is a grey level times SAMPLE_ONE, 0 to 255 * 64, in 16 bits: room for the sum of any
 * block, and a signed multiply never overflows. A tap weight is in units of 1 / WEIGHT_ONE.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SAMPLE_BITS 6
#define SAMPLE_ONE (1 << SAMPLE_BITS)
#define WEIGHT_ONE 16384
/* Blocks are at most 2^REDUCE_MAX_LOG2 wide and high. */
#define REDUCE_MAX_LOG2 4
/* What kernels may read, but never use, behind the last sample of a row. */
#define SAMPLE_SLACK 64

/*
 * Where the samples of a tensor row come from in a reduced row. Pixel x takes left[x] and the next
 * one, by weights[2 * x] and weights[2 * x + 1].
 *
 * For kernels that look at a block of pixels at once: block b's samples all lie in the
 * 2 * block_px samples from base[b] on, and shuffle holds, for each pixel, where in them its two
 * samples are: as two indices (block_px 16, for 16-bit lanes), or as four byte positions
 * (block_px 4).
 */
struct letterbox_axis {
	int count; /* pixels */
	int32_t *left; /* [count] */
	int16_t *weights; /* [2 * count], rounded up to whole blocks with zeros */
	int32_t *base; /* [blocks] */
	uint16_t *shuffle16; /* [2 * block_px * blocks] where block_px is 16 */
	uint8_t *shuffle8; /* [4 * block_px * blocks] where block_px is 4 */
};

/* One channel of the tensor: y * v[0] + u * v[1] + v * v[2] + v[3], then low to high. */
struct letterbox_channel {
	float v[4], low, high;
};

struct letterbox_row {
	const int16_t *samples[3]; /* Y, U, V, already at the tensor row's height */
	const struct letterbox_axis *luma, *chroma;
	const struct letterbox_channel *channels; /* [3] */
};

struct letterbox_ops {
	const char *name;
	int block_px; /* 0: uses `left` alone, and any step from pixel to pixel will do */
	/*
	 * `rows`: 1 << log2_y source rows of `width_px`. Writes ceil(width_px / (1 << log2_x))
	 * samples; a block that reaches beyond the row repeats its last pixel. `out` has room for
	 * ceil(width_px / 2) + SAMPLE_SLACK samples, and for all of them where log2_x is 0.
	 */
	void (*reduce)(
		int16_t *out, const uint8_t *const *rows, int width_px, int log2_x, int log2_y);
	/* out = a + (b - a) * weight_q15 / 32768, rounded; weight 0 to 32767. */
	void (*blend)(int16_t *out, const int16_t *a, const int16_t *b, int weight_q15, int count);
	void (*convert_float)(const struct letterbox_row *row, float *const out[3]);
	void (*convert_half)(const struct letterbox_row *row, uint16_t *const out[3]);
};

extern const struct letterbox_ops letterbox_c;
extern const struct letterbox_ops letterbox_avx2;
extern const struct letterbox_ops letterbox_avx512;
extern const struct letterbox_ops letterbox_neon;

/* A sum over a block of 2^log2_xy pixels, made a sample. */
static inline int16_t letterbox_sample(unsigned sum, int log2_xy)
{
	if (log2_xy <= SAMPLE_BITS)
		return (int16_t)(sum << (SAMPLE_BITS - log2_xy));
	int shift = log2_xy - SAMPLE_BITS;
	return (int16_t)((sum + (1u << (shift - 1))) >> shift);
}

/* Samples `from` to the last one, one at a time: the definition of reduce. */
static inline void letterbox_reduce_from(
	int16_t *out, const uint8_t *const *rows, int width_px, int log2_x, int log2_y, int from)
{
	int count = (width_px + (1 << log2_x) - 1) >> log2_x;
	for (int i = from; i < count; i++) {
		unsigned sum = 0;
		for (int y = 0; y < 1 << log2_y; y++)
			for (int dx = 0; dx < 1 << log2_x; dx++) {
				int x = (i << log2_x) + dx;
				sum += rows[y][x < width_px ? x : width_px - 1];
			}
		out[i] = letterbox_sample(sum, log2_x + log2_y);
	}
}

/*
 * How far the rows of the next block are from those of this one. Kernels ask for them early: the
 * processor's own prefetch does not see through the jump from block to block, and a picture that
 * another core decoded comes from far away.
 */
static inline ptrdiff_t letterbox_ahead(const uint8_t *const *rows, int row_count)
{
	return row_count > 1 ? row_count * (rows[1] - rows[0]) : 0;
}

/* The address may lie outside of the picture; nothing is read. */
static inline void letterbox_prefetch(const uint8_t *pixels, ptrdiff_t ahead)
{
	__builtin_prefetch((const void *)((uintptr_t)pixels + (uintptr_t)ahead));
}

static inline int16_t letterbox_blend_one(int16_t a, int16_t b, int weight_q15)
{
	return (int16_t)(a + (((b - a) * weight_q15 + 0x4000) >> 15));
}
