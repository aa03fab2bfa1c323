#include "base/cores.h"

#include <sched.h>

int cores_usable(void)
{
	cpu_set_t cores;
	int count = sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores) : 0;
	return count > 0 ? count : 1;
}
