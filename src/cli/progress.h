/*
 * How far a long run is, for whoever waits: a bar that is redrawn on a terminal,
 *
 *     road.mp4  [=========>          ]  46 %  1380/3000 frames  182 frames/s  0:09 left
 *
 * a line every few seconds where PROGRESS_LINES was asked for, and nothing elsewhere (TERM=dumb is
 * no terminal). Written to standard error; while a bar stands there, log lines go above it. It has
 * no colours, so there are none for NO_COLOR to turn off.
 *
 * Threads: start, step and end from one; log lines may come from any. One at a time in a process.
 */
#pragma once

#include "base/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum progress_style {
	PROGRESS_AUTO, /* a bar on a terminal, else nothing */
	PROGRESS_LINES, /* lines, wherever */
	PROGRESS_NONE,
};

struct progress {
	enum progress_style style; /* after start: AUTO means a bar */
	const char *label; /* borrowed */
	const char *unit; /* borrowed: "frames" */
	int64_t total_count; /* 0: not known */
	pthread_mutex_t lock;
	/* Below: under lock. */
	struct mono started, drawn;
	int64_t done_count;
	bool on_screen;
};

/* `label` and `unit` are borrowed until progress_end(). */
void progress_start(struct progress *progress, enum progress_style style, const char *label,
	const char *unit, int64_t total_count);
/* Cheap: draws at most ten times a second. */
void progress_step(struct progress *progress, int64_t done_count);
/* Removes the bar. */
void progress_end(struct progress *progress);

/* The text of one line, at most `columns` wide where that is possible: what step draws. */
void progress_format(
	const struct progress *progress, double elapsed_s, int columns, char *text, size_t size);
