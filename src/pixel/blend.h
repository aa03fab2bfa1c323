/*
 * The inner loops of draw.c: plain integer loops that the compiler turns into SIMD.
 *
 * Coverage and opacity are 0 to 255, 255 meaning all. Divisions by 255 are exact, rounded to the
 * nearest. Domain: count >= 0; no buffer overlaps another.
 */
#pragma once

#include <stdint.h>

/* under[i] moves towards `over` by coverage[i] * opacity. */
void blend_luma(uint8_t *under, const uint8_t *coverage, int count, uint8_t over, uint8_t opacity);
/* The same for chroma samples, whose coverage is sum[i] >> shift. */
void blend_chroma(
	uint8_t *under, const uint16_t *sum, int count, int shift, uint8_t over, uint8_t opacity);
/* sum[i] += coverage[2 i] + coverage[2 i + 1]. At most 4 * 255 in the end. */
void blend_add_pairs(uint16_t *sum, const uint8_t *coverage, int count);
/* coverage[i] += value, up to 255. */
void blend_add(uint8_t *coverage, int count, uint8_t value);
