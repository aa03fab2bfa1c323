/*
 * What this machine and this process use, from /proc (proc(5)).
 *
 *     struct probe probe = {0};
 *     probe_take(&probe, &sample);      // shares of time are since the call before, 0 at first
 *
 * Threads: a probe belongs to its caller. Memory: plain values. What cannot be read is NaN.
 */
#pragma once

#include "base/clock.h"

struct probe {
	double machine_busy, machine_total; /* jiffies */
	double process_s;
	struct mono at;
};

struct probe_sample {
	double cpu_percent; /* of all cores: 0 to 100 */
	double process_cpu_percent; /* of one core: 0 to 100 times the cores */
	double memory_percent, memory_used_mb, memory_total_mb; /* used: not available to others */
	double process_memory_mb; /* resident */
	double process_threads, open_files;
	double load_1m; /* runnable tasks, mean of a minute */
};

void probe_take(struct probe *probe, struct probe_sample *ret_sample);
