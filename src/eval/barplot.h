/*
 * Named bars as an SVG picture: precision and recall of each kind of violation, counted and true
 * numbers of each line, how many speeds are how far off.
 *
 *     struct barplot plot;
 *     barplot_begin(&plot, "violations", (const char *const[]){"precision", "recall"}, 2, 1, n);
 *     barplot_add(&plot, "red_light", (double[]){1, 0.98});
 *     if (barplot_end(&plot) == 0) ... plot.svg.text, plot.svg.length ...
 *     barplot_finish(&plot);
 *
 * Threads: one owner. Memory: barplot_finish() frees it.
 */
#pragma once

#include "eval/svg.h"

#define BARPLOT_SERIES_MAX 2

struct barplot {
	struct svg svg;
	int series, row;
	double most; /* the value that fills the width */
};

/* `rows` will be added, each with a value for each of the `series` (1 or 2), 0 to `most`. */
void barplot_begin(struct barplot *plot, const char *title, const char *const *names, int series,
	double most, int rows);
/* A value that is NAN has no bar. */
void barplot_add(struct barplot *plot, const char *name, const double *values);
/* 0 or -ENOMEM; the picture is complete then. */
int barplot_end(struct barplot *plot);
void barplot_finish(struct barplot *plot);
