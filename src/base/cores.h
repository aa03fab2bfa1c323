/*
 * How many threads can work at the same time.
 *
 * Threads: any. Memory: none.
 */
#pragma once

/* Cores that this process may use (sched_getaffinity(2): fewer under taskset or a cpuset); at least
 * 1. */
int cores_usable(void);
