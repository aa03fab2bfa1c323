/*
 * IEEE 754 half precision, to nearest, ties to even.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint16_t half_from_float(float value);
float half_to_float(uint16_t half);
/* Many at once, with the processor's own instructions where it has them; the same result. */
void half_to_float_n(float *out, const uint16_t *in, size_t count);
