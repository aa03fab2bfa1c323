#include "pixel/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* Not every compiler's __builtin_cpu_supports() knows it. */
static bool has_f16c(void)
{
	unsigned a, b, c = 0, d;
	return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
#endif

bool cpu_has(enum cpu_feature feature)
{
#if defined(__x86_64__)
	switch (feature) {
	case CPU_AVX2:
		return __builtin_cpu_supports("avx2") && has_f16c();
	case CPU_AVX512:
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
	default:
		return false;
	}
#elif defined(__aarch64__)
	return feature == CPU_NEON; /* part of the base architecture */
#else
	(void)feature;
	return false;
#endif
}
