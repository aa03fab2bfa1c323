/*
 * What this processor can do, for choosing kernels.
 */
#pragma once

#include <stdbool.h>

enum cpu_feature {
	CPU_AVX2, /* with F16C, which came with or before it */
	CPU_AVX512, /* F, BW, DQ and VL */
	CPU_NEON,
};

bool cpu_has(enum cpu_feature feature);
