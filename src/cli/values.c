#include "cli/values.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

void values_sort(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), by_value);
}

double values_median(double *values, int count)
{
	values_sort(values, count);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}
