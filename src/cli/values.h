/*
 * Numbers that were measured, in order. Both sort them in place.
 *
 * Threads: any. Memory: the caller's.
 */
#pragma once

void values_sort(double *values, int count);
/* The one in the middle, or the mean of the two that are; `count` 1 or more. */
double values_median(double *values, int count);
