#include "base/heap.h"

#include "base/cores.h"

#include <malloc.h>

#define ARENAS_MIN 2

void heap_share(void)
{
	int cores = cores_usable();
	mallopt(M_ARENA_MAX, cores > ARENAS_MIN ? cores : ARENAS_MIN);
}
