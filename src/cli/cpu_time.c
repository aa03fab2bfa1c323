#include "cli/cpu_time.h"

double cpu_time_us(clockid_t clock)
{
	struct timespec ts;
	if (clock_gettime(clock, &ts) != 0)
		return 0;
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec * 1e-3;
}

double cpu_time_lap_us(clockid_t clock, double *since_us)
{
	double now_us = cpu_time_us(clock), us = now_us - *since_us;
	*since_us = now_us;
	return us;
}
