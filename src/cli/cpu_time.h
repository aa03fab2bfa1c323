/*
 * CPU time that was used, for benches: what a busy machine changes less than the time that passes.
 *
 * Threads: any. Units: microseconds, with the resolution of the clock (a nanosecond). Reading costs
 * a system call, about a microsecond.
 */
#pragma once

#include <time.h>

/* `clock`: CLOCK_THREAD_CPUTIME_ID, CLOCK_PROCESS_CPUTIME_ID, or another process's from
 * clock_getcpuclockid(). 0 where there is no such clock (any more). */
double cpu_time_us(clockid_t clock);
/* Since `*since_us`, which is now afterwards. */
double cpu_time_lap_us(clockid_t clock, double *since_us);
