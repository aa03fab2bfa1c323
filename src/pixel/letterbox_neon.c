/* The letterbox kernels with NEON (arm64); see letterbox_c.c for what they must equal. */
#include "pixel/letterbox_ops.h"

#include <arm_neon.h>
#include <string.h>

/* A sum over 2^log2_xy pixels becomes a sample: shifted left, or right (negative) with rounding. */
static int16x8_t shift_of(int log2_xy)
{
	return vdupq_n_s16((int16_t)(SAMPLE_BITS - log2_xy));
}

static void put(int16_t *out, uint16x8_t sum, int16x8_t shift)
{
	vst1q_s16(out, vreinterpretq_s16_u16(vrshlq_u16(sum, shift)));
}

static void sum_columns(
	int16_t *out, const uint8_t *const *rows, int row_count, int count, int16x8_t shift)
{
	const ptrdiff_t ahead = letterbox_ahead(rows, row_count);
	for (int i = 0; i < count; i += 8) {
		uint16x8_t sum = vdupq_n_u16(0);
		for (int y = 0; y < row_count; y++) {
			letterbox_prefetch(rows[y] + i, ahead);
			sum = vaddw_u8(sum, vld1_u8(rows[y] + i));
		}
		put(out + i, sum, shift);
	}
}

static void sum_pairs(
	int16_t *out, const uint8_t *const *rows, int row_count, int count, int16x8_t shift)
{
	const ptrdiff_t ahead = letterbox_ahead(rows, row_count);
	for (int i = 0; i < count; i += 8) {
		uint16x8_t sum = vdupq_n_u16(0);
		for (int y = 0; y < row_count; y++) {
			letterbox_prefetch(rows[y] + 2 * i, ahead);
			sum = vpadalq_u8(sum, vld1q_u8(rows[y] + 2 * i));
		}
		put(out + i, sum, shift);
	}
}

/* Sums of two neighbours, in place. */
static void fold(int16_t *out, int count, int16x8_t shift)
{
	for (int i = 0; i < count; i += 8) {
		uint16x8_t a = vreinterpretq_u16_s16(vld1q_s16(out + 2 * i));
		uint16x8_t b = vreinterpretq_u16_s16(vld1q_s16(out + 2 * i + 8));
		put(out + i, vpaddq_u16(a, b), shift);
	}
}

static void reduce(int16_t *out, const uint8_t *const *rows, int width_px, int log2_x, int log2_y)
{
	const int16x8_t last = shift_of(log2_x + log2_y), none = vdupq_n_s16(0);
	int count = width_px / (8 << log2_x) * 8; /* samples made of whole vectors */
	if (log2_x == 0)
		sum_columns(out, rows, 1 << log2_y, count, last);
	else
		sum_pairs(out, rows, 1 << log2_y, count << (log2_x - 1), log2_x == 1 ? last : none);
	for (int step = 2; step <= log2_x; step++)
		fold(out, count << (log2_x - step), step == log2_x ? last : none);
	letterbox_reduce_from(out, rows, width_px, log2_x, log2_y, count);
}

static void blend(int16_t *out, const int16_t *a, const int16_t *b, int weight_q15, int count)
{
	const int16x8_t weight = vdupq_n_s16((int16_t)weight_q15);
	int i = 0;
	for (; i + 8 <= count; i += 8) {
		int16x8_t from = vld1q_s16(a + i), difference = vsubq_s16(vld1q_s16(b + i), from);
		vst1q_s16(out + i, vaddq_s16(from, vqrdmulhq_s16(difference, weight)));
	}
	for (; i < count; i++)
		out[i] = letterbox_blend_one(a[i], b[i], weight_q15);
}

/* Four pixels from `x` on, a multiple of 4: one block. */
static float32x4_t taps(const int16_t *samples, const struct letterbox_axis *axis, int x)
{
	uint8x16_t window = vreinterpretq_u8_s16(vld1q_s16(samples + axis->base[x / 4]));
	int16x8_t pairs =
		vreinterpretq_s16_u8(vqtbl1q_u8(window, vld1q_u8(axis->shuffle8 + (size_t)x * 4)));
	int16x8_t weights = vld1q_s16(axis->weights + (size_t)x * 2);
	int32x4_t low = vmull_s16(vget_low_s16(pairs), vget_low_s16(weights));
	int32x4_t high = vmull_high_s16(pairs, weights);
	return vcvtq_f32_s32(vpaddq_s32(low, high));
}

/* Multiplied and added one after the other: a fused step would round differently. */
static float32x4_t channel(
	const struct letterbox_channel *c, float32x4_t y, float32x4_t u, float32x4_t v)
{
	float32x4_t value = vaddq_f32(vmulq_n_f32(y, c->v[0]), vmulq_n_f32(u, c->v[1]));
	value = vaddq_f32(value, vmulq_n_f32(v, c->v[2]));
	value = vaddq_f32(value, vdupq_n_f32(c->v[3]));
	value = vmaxq_f32(value, vdupq_n_f32(c->low));
	return vminq_f32(value, vdupq_n_f32(c->high));
}

static void convert_float(const struct letterbox_row *row, float *const out[3])
{
	int count = row->luma->count;
	for (int x = 0; x < count; x += 4) {
		float32x4_t y = taps(row->samples[0], row->luma, x);
		float32x4_t u = taps(row->samples[1], row->chroma, x);
		float32x4_t v = taps(row->samples[2], row->chroma, x);
		for (int c = 0; c < 3; c++) {
			float32x4_t value = channel(&row->channels[c], y, u, v);
			if (count - x >= 4) {
				vst1q_f32(out[c] + x, value);
			} else {
				float rest[4];
				vst1q_f32(rest, value);
				memcpy(out[c] + x, rest, (size_t)(count - x) * sizeof(float));
			}
		}
	}
}

static void convert_half(const struct letterbox_row *row, uint16_t *const out[3])
{
	int count = row->luma->count;
	for (int x = 0; x < count; x += 4) {
		float32x4_t y = taps(row->samples[0], row->luma, x);
		float32x4_t u = taps(row->samples[1], row->chroma, x);
		float32x4_t v = taps(row->samples[2], row->chroma, x);
		int left = count - x < 4 ? count - x : 4;
		for (int c = 0; c < 3; c++) {
			uint16_t four[4];
			float32x4_t value = channel(&row->channels[c], y, u, v);
			vst1_u16(four, vreinterpret_u16_f16(vcvt_f16_f32(value)));
			memcpy(out[c] + x, four, (size_t)left * sizeof(uint16_t));
		}
	}
}

const struct letterbox_ops letterbox_neon = {
	.name = "neon",
	.block_px = 4,
	.reduce = reduce,
	.blend = blend,
	.convert_float = convert_float,
	.convert_half = convert_half,
};
