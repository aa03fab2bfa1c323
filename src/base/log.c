#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

/* Relaxed: a level read a moment late costs one line more or less. */
static _Atomic int current_level = LOG_LEVEL_INFO;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Below: under lock. */
static log_sink *current_sink;
static void *sink_opaque;

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

void log_set_sink(log_sink *sink, void *opaque)
{
	pthread_mutex_lock(&lock);
	current_sink = sink;
	sink_opaque = opaque;
	pthread_mutex_unlock(&lock);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	if ((int)level > atomic_load_explicit(&current_level, memory_order_relaxed))
		return;
	char line[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	pthread_mutex_lock(&lock);
	if (current_sink)
		current_sink(sink_opaque, level, line);
	else
		fprintf(stderr, "gantry: %s: %s\n", names[level], line);
	pthread_mutex_unlock(&lock);
}
