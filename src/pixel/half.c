#include "pixel/half.h"
#include "pixel/cpu.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

uint16_t half_from_float(float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof(bits));
	uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
	uint32_t size = bits & 0x7FFFFFFF;
	if (size > 0x7F800000) /* not a number: kept, made quiet */
		return (uint16_t)(sign | 0x7E00 | (size >> 13 & 0x3FF));
	if (size >= 0x477FF000) /* rounds to infinity */
		return sign | 0x7C00;
	uint32_t mantissa, drop;
	if (size >= 0x38800000) { /* normal in half: move the exponent's bias from 127 to 15 */
		mantissa = size - 0x38000000;
		drop = 13;
	} else if (size >= 0x33000000) { /* subnormal in half */
		mantissa = (size & 0x7FFFFF) | 0x800000;
		drop = 126 - (size >> 23);
	} else {
		return sign;
	}
	uint32_t result = mantissa >> drop, rest = mantissa & ((1u << drop) - 1);
	uint32_t tie = 1u << (drop - 1);
	result += rest > tie || (rest == tie && (result & 1));
	return (uint16_t)(sign | result);
}

float half_to_float(uint16_t half)
{
	uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31,
		 m = half & 0x3FF;
	uint32_t bits;
	if (exponent == 31) {
		bits = sign | 0x7F800000 | m << 13 | (m ? 0x400000 : 0);
	} else if (exponent > 0) {
		bits = sign | (exponent + 112) << 23 | m << 13;
	} else {
		float tiny = (float)m * 0x1p-24f;
		memcpy(&bits, &tiny, sizeof(bits));
		bits |= sign;
	}
	float value;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

#if defined(__x86_64__)
__attribute__((target("avx2,f16c"))) static size_t to_float_x86(
	float *out, const uint16_t *in, size_t count)
{
	size_t i = 0;
	for (; i + 8 <= count; i += 8)
		_mm256_storeu_ps(
			out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(in + i))));
	return i;
}
#endif

void half_to_float_n(float *out, const uint16_t *in, size_t count)
{
	size_t i = 0;
#if defined(__x86_64__)
	if (cpu_has(CPU_AVX2))
		i = to_float_x86(out, in, count);
#elif defined(__aarch64__)
	/* The compiler's own conversion; it uses the instruction. */
	for (; i < count; i++) {
		__fp16 half;
		memcpy(&half, in + i, sizeof(half));
		out[i] = half;
	}
#endif
	for (; i < count; i++)
		out[i] = half_to_float(in[i]);
}
