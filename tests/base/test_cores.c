#include "base/cores.h"
#include "test.h"

#include <sched.h>

static void a_process_bound_to_one_core_has_one(void **state)
{
	cpu_set_t all, one;
	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	assert_int_equal(cores_usable(), CPU_COUNT(&all));
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(cores_usable(), 1);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

TEST_MAIN(cmocka_unit_test(a_process_bound_to_one_core_has_one))
