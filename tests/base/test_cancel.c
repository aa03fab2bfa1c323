#include "base/cancel.h"
#include "test.h"

#include <pthread.h>

static void *cancel_it(void *opaque)
{
	cancel_set(opaque);
	return NULL;
}

static void a_sleep_ends_at_its_deadline_or_at_once(void **state)
{
	(void)state;
	struct cancel cancel;
	cancel_init(&cancel);
	struct mono start = mono_now();
	assert_false(cancel_wait_until(&cancel, mono_after(start, 20000)));
	assert_true(mono_now().us >= start.us + 20000);
	assert_false(cancel_is_set(&cancel));

	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, cancel_it, &cancel), 0);
	/* An hour, if nobody woke it. */
	assert_true(cancel_wait_until(&cancel, mono_after(start, INT64_C(3600000000))));
	pthread_join(thread, NULL);
	assert_true(cancel_wait_until(&cancel, mono_after(start, INT64_C(3600000000))));
	cancel_finish(&cancel);
}

TEST_MAIN(cmocka_unit_test(a_sleep_ends_at_its_deadline_or_at_once))
