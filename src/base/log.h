/*
 * What the running program says to its operator: one line, one event, to standard error.
 *
 * Threads: all functions may be called from any thread; a line is never torn.
 */
#pragma once

enum log_level {
	LOG_LEVEL_ERROR, /* something was lost or refused */
	LOG_LEVEL_WARNING, /* something is worse than configured, and goes on */
	LOG_LEVEL_INFO, /* a change of state an operator wants to know of */
	LOG_LEVEL_DEBUG, /* for whoever looks for a fault; off by default */
};

typedef void log_sink(void *opaque, enum log_level level, const char *line);

/* Lines above `level` are dropped. Default LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);
/* Sends lines to `sink` instead of standard error; NULL restores standard error. */
void log_set_sink(log_sink *sink, void *opaque);

void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
