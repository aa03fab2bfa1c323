#include "pixel/blend.h"

/* Exact for 0 to 65407, and all of it fits 16 bits. */
static uint16_t div255(uint16_t x)
{
	x = (uint16_t)(x + 128);
	return (uint16_t)((uint16_t)(x + (x >> 8)) >> 8);
}

static uint8_t mix(uint8_t under, uint8_t over, uint16_t share)
{
	return (uint8_t)div255((uint16_t)(under * (255 - share) + over * share));
}

void blend_luma(uint8_t *restrict under, const uint8_t *restrict coverage, int count, uint8_t over,
	uint8_t opacity)
{
	for (int i = 0; i < count; i++)
		under[i] = mix(under[i], over, div255((uint16_t)(coverage[i] * opacity)));
}

void blend_chroma(uint8_t *restrict under, const uint16_t *restrict sum, int count, int shift,
	uint8_t over, uint8_t opacity)
{
	for (int i = 0; i < count; i++)
		under[i] = mix(under[i], over, div255((uint16_t)((sum[i] >> shift) * opacity)));
}

void blend_add_pairs(uint16_t *restrict sum, const uint8_t *restrict coverage, int count)
{
	for (int i = 0; i < count; i++)
		sum[i] = (uint16_t)(sum[i] + coverage[2 * i] + coverage[2 * i + 1]);
}

void blend_add(uint8_t *restrict coverage, int count, uint8_t value)
{
	for (int i = 0; i < count; i++)
		coverage[i] = (uint8_t)(coverage[i] > 255 - value ? 255 : coverage[i] + value);
}
