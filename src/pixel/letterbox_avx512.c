/* The letterbox kernels with AVX-512 BW; see letterbox_c.c for what they must equal. */
#include "pixel/letterbox_ops.h"

#include <immintrin.h>

/* How a sum becomes a sample: shifted left, or right with rounding. Zero: left as it is. */
struct scale {
	__m128i left, right;
	__m512i round;
};

static struct scale scale_of(int log2_xy)
{
	int right = log2_xy > SAMPLE_BITS ? log2_xy - SAMPLE_BITS : 0;
	return (struct scale){
		.left = _mm_cvtsi32_si128(log2_xy < SAMPLE_BITS ? SAMPLE_BITS - log2_xy : 0),
		.right = _mm_cvtsi32_si128(right),
		.round = _mm512_set1_epi16(right ? (short)(1 << (right - 1)) : 0),
	};
}

static __m512i scaled(__m512i sum, const struct scale *s)
{
	return _mm512_srl_epi16(
		_mm512_add_epi16(_mm512_sll_epi16(sum, s->left), s->round), s->right);
}

static __m512i load(const void *p)
{
	return _mm512_loadu_si512(p);
}

static void sum_columns(
	int16_t *out, const uint8_t *const *rows, int row_count, int count, struct scale s)
{
	const ptrdiff_t ahead = letterbox_ahead(rows, row_count);
	for (int i = 0; i < count; i += 32) {
		__m512i sum = _mm512_setzero_si512();
		for (int y = 0; y < row_count; y++) {
			letterbox_prefetch(rows[y] + i, ahead);
			sum = _mm512_add_epi16(sum, _mm512_cvtepu8_epi16(_mm256_loadu_si256(
							    (const __m256i *)(rows[y] + i))));
		}
		_mm512_storeu_si512(out + i, scaled(sum, &s));
	}
}

static void sum_pairs(
	int16_t *out, const uint8_t *const *rows, int row_count, int count, struct scale s)
{
	const __m512i ones = _mm512_set1_epi8(1);
	const ptrdiff_t ahead = letterbox_ahead(rows, row_count);
	for (int i = 0; i < count; i += 32) {
		__m512i sum = _mm512_setzero_si512();
		for (int y = 0; y < row_count; y++) {
			letterbox_prefetch(rows[y] + 2 * i, ahead);
			sum = _mm512_add_epi16(
				sum, _mm512_maddubs_epi16(load(rows[y] + 2 * i), ones));
		}
		_mm512_storeu_si512(out + i, scaled(sum, &s));
	}
}

/* Sums of two neighbours, in place; they are below 32768 here, and twice that afterwards. */
static void fold(int16_t *out, int count, struct scale s)
{
	const __m512i ones = _mm512_set1_epi16(1);
	const __m512i order = _mm512_set_epi64(7, 5, 3, 1, 6, 4, 2, 0);
	for (int i = 0; i < count; i += 32) {
		__m512i a = _mm512_madd_epi16(load(out + 2 * i), ones);
		__m512i b = _mm512_madd_epi16(load(out + 2 * i + 32), ones);
		__m512i sum = _mm512_permutexvar_epi64(order, _mm512_packus_epi32(a, b));
		_mm512_storeu_si512(out + i, scaled(sum, &s));
	}
}

static void reduce(int16_t *out, const uint8_t *const *rows, int width_px, int log2_x, int log2_y)
{
	const struct scale last = scale_of(log2_x + log2_y), none = scale_of(SAMPLE_BITS);
	int count = width_px / (32 << log2_x) * 32; /* samples made of whole vectors */
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
	const __m512i weight = _mm512_set1_epi16((short)weight_q15);
	int i = 0;
	for (; i + 32 <= count; i += 32) {
		__m512i from = load(a + i), difference = _mm512_sub_epi16(load(b + i), from);
		_mm512_storeu_si512(
			out + i, _mm512_add_epi16(from, _mm512_mulhrs_epi16(difference, weight)));
	}
	for (; i < count; i++)
		out[i] = letterbox_blend_one(a[i], b[i], weight_q15);
}

/* Sixteen pixels from `x` on, a multiple of 16: one block. */
static __m512 taps(const int16_t *samples, const struct letterbox_axis *axis, int x)
{
	__m512i window = load(samples + axis->base[x / 16]);
	__m512i pairs = _mm512_permutexvar_epi16(load(axis->shuffle16 + (size_t)x * 2), window);
	return _mm512_cvtepi32_ps(_mm512_madd_epi16(pairs, load(axis->weights + (size_t)x * 2)));
}

static __m512 channel(const struct letterbox_channel *c, __m512 y, __m512 u, __m512 v)
{
	__m512 value = _mm512_add_ps(_mm512_mul_ps(y, _mm512_set1_ps(c->v[0])),
		_mm512_mul_ps(u, _mm512_set1_ps(c->v[1])));
	value = _mm512_add_ps(value, _mm512_mul_ps(v, _mm512_set1_ps(c->v[2])));
	value = _mm512_add_ps(value, _mm512_set1_ps(c->v[3]));
	value = _mm512_max_ps(value, _mm512_set1_ps(c->low));
	return _mm512_min_ps(value, _mm512_set1_ps(c->high));
}

static __mmask16 first(int count)
{
	return count >= 16 ? 0xFFFF : (__mmask16)((1u << count) - 1);
}

static void convert_float(const struct letterbox_row *row, float *const out[3])
{
	int count = row->luma->count;
	for (int x = 0; x < count; x += 16) {
		__m512 y = taps(row->samples[0], row->luma, x);
		__m512 u = taps(row->samples[1], row->chroma, x);
		__m512 v = taps(row->samples[2], row->chroma, x);
		for (int c = 0; c < 3; c++)
			_mm512_mask_storeu_ps(
				out[c] + x, first(count - x), channel(&row->channels[c], y, u, v));
	}
}

static void convert_half(const struct letterbox_row *row, uint16_t *const out[3])
{
	int count = row->luma->count;
	for (int x = 0; x < count; x += 16) {
		__m512 y = taps(row->samples[0], row->luma, x);
		__m512 u = taps(row->samples[1], row->chroma, x);
		__m512 v = taps(row->samples[2], row->chroma, x);
		for (int c = 0; c < 3; c++) {
			__m512 value = channel(&row->channels[c], y, u, v);
			_mm256_mask_storeu_epi16(out[c] + x, first(count - x),
				_mm512_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
		}
	}
}

const struct letterbox_ops letterbox_avx512 = {
	.name = "avx512",
	.block_px = 16,
	.reduce = reduce,
	.blend = blend,
	.convert_float = convert_float,
	.convert_half = convert_half,
};
