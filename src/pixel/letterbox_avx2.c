/* The letterbox kernels with AVX2 and F16C; see letterbox_c.c for what they must equal. */
#include "pixel/letterbox_ops.h"

#include <immintrin.h>
#include <string.h>

/* How a sum becomes a sample: shifted left, or right with rounding. Zero: left as it is. */
struct scale {
	__m128i left, right;
	__m256i round;
};

static struct scale scale_of(int log2_xy)
{
	int right = log2_xy > SAMPLE_BITS ? log2_xy - SAMPLE_BITS : 0;
	return (struct scale){
		.left = _mm_cvtsi32_si128(log2_xy < SAMPLE_BITS ? SAMPLE_BITS - log2_xy : 0),
		.right = _mm_cvtsi32_si128(right),
		.round = _mm256_set1_epi16(right ? (short)(1 << (right - 1)) : 0),
	};
}

static __m256i scaled(__m256i sum, const struct scale *s)
{
	return _mm256_srl_epi16(
		_mm256_add_epi16(_mm256_sll_epi16(sum, s->left), s->round), s->right);
}

static __m256i load(const void *p)
{
	return _mm256_loadu_si256(p);
}

static void sum_columns(
	int16_t *out, const uint8_t *const *rows, int row_count, int count, struct scale s)
{
	const ptrdiff_t ahead = letterbox_ahead(rows, row_count);
	for (int i = 0; i < count; i += 16) {
		__m256i sum = _mm256_setzero_si256();
		for (int y = 0; y < row_count; y++) {
			letterbox_prefetch(rows[y] + i, ahead);
			sum = _mm256_add_epi16(sum, _mm256_cvtepu8_epi16(_mm_loadu_si128(
							    (const __m128i *)(rows[y] + i))));
		}
		_mm256_storeu_si256((__m256i *)(out + i), scaled(sum, &s));
	}
}

static void sum_pairs(
	int16_t *out, const uint8_t *const *rows, int row_count, int count, struct scale s)
{
	const __m256i ones = _mm256_set1_epi8(1);
	const ptrdiff_t ahead = letterbox_ahead(rows, row_count);
	for (int i = 0; i < count; i += 16) {
		__m256i sum = _mm256_setzero_si256();
		for (int y = 0; y < row_count; y++) {
			letterbox_prefetch(rows[y] + 2 * i, ahead);
			sum = _mm256_add_epi16(
				sum, _mm256_maddubs_epi16(load(rows[y] + 2 * i), ones));
		}
		_mm256_storeu_si256((__m256i *)(out + i), scaled(sum, &s));
	}
}

/* Sums of two neighbours, in place; they are below 32768 here, and twice that afterwards. */
static void fold(int16_t *out, int count, struct scale s)
{
	const __m256i ones = _mm256_set1_epi16(1);
	for (int i = 0; i < count; i += 16) {
		__m256i a = _mm256_madd_epi16(load(out + 2 * i), ones);
		__m256i b = _mm256_madd_epi16(load(out + 2 * i + 16), ones);
		__m256i sum = _mm256_permute4x64_epi64(_mm256_packus_epi32(a, b), 0xD8);
		_mm256_storeu_si256((__m256i *)(out + i), scaled(sum, &s));
	}
}

static void reduce(int16_t *out, const uint8_t *const *rows, int width_px, int log2_x, int log2_y)
{
	const struct scale last = scale_of(log2_x + log2_y), none = scale_of(SAMPLE_BITS);
	int count = width_px / (16 << log2_x) * 16; /* samples made of whole vectors */
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
	const __m256i weight = _mm256_set1_epi16((short)weight_q15);
	int i = 0;
	for (; i + 16 <= count; i += 16) {
		__m256i from = load(a + i), difference = _mm256_sub_epi16(load(b + i), from);
		_mm256_storeu_si256((__m256i *)(out + i),
			_mm256_add_epi16(from, _mm256_mulhrs_epi16(difference, weight)));
	}
	for (; i < count; i++)
		out[i] = letterbox_blend_one(a[i], b[i], weight_q15);
}

/* Eight pixels from `x` on, a multiple of 8: two blocks. */
static __m256 taps(const int16_t *samples, const struct letterbox_axis *axis, int x)
{
	const int32_t *base = axis->base + x / 4;
	__m256i window = _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(samples + base[0]))),
		_mm_loadu_si128((const __m128i *)(samples + base[1])), 1);
	__m256i pairs = _mm256_shuffle_epi8(window, load(axis->shuffle8 + (size_t)x * 4));
	return _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, load(axis->weights + (size_t)x * 2)));
}

static __m256 channel(const struct letterbox_channel *c, __m256 y, __m256 u, __m256 v)
{
	__m256 value = _mm256_add_ps(_mm256_mul_ps(y, _mm256_set1_ps(c->v[0])),
		_mm256_mul_ps(u, _mm256_set1_ps(c->v[1])));
	value = _mm256_add_ps(value, _mm256_mul_ps(v, _mm256_set1_ps(c->v[2])));
	value = _mm256_add_ps(value, _mm256_set1_ps(c->v[3]));
	value = _mm256_max_ps(value, _mm256_set1_ps(c->low));
	return _mm256_min_ps(value, _mm256_set1_ps(c->high));
}

static void convert_float(const struct letterbox_row *row, float *const out[3])
{
	int count = row->luma->count;
	for (int x = 0; x < count; x += 8) {
		__m256 y = taps(row->samples[0], row->luma, x);
		__m256 u = taps(row->samples[1], row->chroma, x);
		__m256 v = taps(row->samples[2], row->chroma, x);
		for (int c = 0; c < 3; c++) {
			__m256 value = channel(&row->channels[c], y, u, v);
			if (count - x >= 8) {
				_mm256_storeu_ps(out[c] + x, value);
			} else {
				float rest[8];
				_mm256_storeu_ps(rest, value);
				memcpy(out[c] + x, rest, (size_t)(count - x) * sizeof(float));
			}
		}
	}
}

static void convert_half(const struct letterbox_row *row, uint16_t *const out[3])
{
	int count = row->luma->count;
	for (int x = 0; x < count; x += 8) {
		__m256 y = taps(row->samples[0], row->luma, x);
		__m256 u = taps(row->samples[1], row->chroma, x);
		__m256 v = taps(row->samples[2], row->chroma, x);
		int left = count - x < 8 ? count - x : 8;
		for (int c = 0; c < 3; c++) {
			uint16_t eight[8];
			__m256 value = channel(&row->channels[c], y, u, v);
			_mm_storeu_si128((__m128i *)eight,
				_mm256_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
			memcpy(out[c] + x, eight, (size_t)left * sizeof(uint16_t));
		}
	}
}

const struct letterbox_ops letterbox_avx2 = {
	.name = "avx2",
	.block_px = 4,
	.reduce = reduce,
	.blend = blend,
	.convert_float = convert_float,
	.convert_half = convert_half,
};
