/*
 * Is memory flat? What a process holds, sampled over the time that is measured, and the means of
 * the first, the middle and the last tenth of it: one sample says as much about the frames that
 * happen to wait just then.
 *
 * Threads: plain values, the owner's.
 */
#pragma once

#include <stdbool.h>

/* Growth from the first tenth to the last that still counts as flat. */
#define BENCH_MEMORY_FLAT_RATIO 0.02

/* A zeroed one is empty. */
struct bench_memory {
	double sum_mib[3];
	int count[3];
	double peak_mib;
};

enum bench_memory_part {
	BENCH_MEMORY_START,
	BENCH_MEMORY_MIDDLE,
	BENCH_MEMORY_END,
};

/* What this process holds now; `done_ratio`, 0 to 1: how much of the time has passed. */
void bench_memory_sample(struct bench_memory *memory, double done_ratio);
/* The mean of a tenth; 0 where it has no sample. */
double bench_memory_mib(const struct bench_memory *memory, enum bench_memory_part part);
/* From the first tenth to the last: 0.01 is one hundredth more. */
double bench_memory_growth_ratio(const struct bench_memory *memory);
