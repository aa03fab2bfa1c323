#include "cli/bench_memory.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

static double resident_mib(void)
{
	long pages = 0, ignored;
	FILE *file = fopen("/proc/self/statm", "r");
	if (!file)
		return 0;
	if (fscanf(file, "%ld %ld", &ignored, &pages) != 2)
		pages = 0;
	fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

void bench_memory_sample(struct bench_memory *memory, double done_ratio)
{
	static const double begin[] = {0, 0.45, 0.9};
	double mib = resident_mib();
	memory->peak_mib = fmax(memory->peak_mib, mib);
	for (int i = 0; i < 3; i++)
		if (done_ratio >= begin[i] && done_ratio < begin[i] + 0.1) {
			memory->sum_mib[i] += mib;
			memory->count[i]++;
		}
}

double bench_memory_mib(const struct bench_memory *memory, enum bench_memory_part part)
{
	return memory->count[part] ? memory->sum_mib[part] / memory->count[part] : 0;
}

double bench_memory_growth_ratio(const struct bench_memory *memory)
{
	double start = bench_memory_mib(memory, BENCH_MEMORY_START);
	double end = bench_memory_mib(memory, BENCH_MEMORY_END);
	return start > 0 && end > 0 ? end / start - 1 : 0;
}
