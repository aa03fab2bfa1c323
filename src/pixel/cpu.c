#include "pixel/cpu.h"

bool cpu_has(enum cpu_feature feature)
{
#if defined(__x86_64__)
	switch (feature) {
	case CPU_AVX2:
		/* F16C came with the processors before AVX2; clang's builtin does not know the
		 * word. */
#if !defined(__clang__)
		if (!__builtin_cpu_supports("f16c"))
			return false;
#endif
		return __builtin_cpu_supports("avx2");
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
