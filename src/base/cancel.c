#include "base/cancel.h"

#include <errno.h>

void cancel_init(struct cancel *cancel)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	atomic_init(&cancel->set, false);
	pthread_mutex_init(&cancel->lock, NULL);
	pthread_cond_init(&cancel->changed, &attr);
	pthread_condattr_destroy(&attr);
}

void cancel_finish(struct cancel *cancel)
{
	pthread_cond_destroy(&cancel->changed);
	pthread_mutex_destroy(&cancel->lock);
}

void cancel_set(struct cancel *cancel)
{
	pthread_mutex_lock(&cancel->lock);
	atomic_store_explicit(&cancel->set, true, memory_order_relaxed);
	pthread_cond_broadcast(&cancel->changed);
	pthread_mutex_unlock(&cancel->lock);
}

bool cancel_is_set(const struct cancel *cancel)
{
	return atomic_load_explicit(&cancel->set, memory_order_relaxed);
}

bool cancel_wait_until(struct cancel *cancel, struct mono deadline)
{
	struct timespec at = mono_timespec(deadline);
	int r = 0;
	pthread_mutex_lock(&cancel->lock);
	while (!cancel_is_set(cancel) && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&cancel->changed, &cancel->lock, &at);
	pthread_mutex_unlock(&cancel->lock);
	return cancel_is_set(cancel);
}
