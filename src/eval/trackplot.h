/*
 * HOTA over the overlap asked for, one line per sequence, as an SVG picture.
 *
 * Memory: allocates as lines are added. Threads: one owner.
 */
#pragma once

#include "eval/trackscore.h"

struct trackplot;

/* 0 or -ENOMEM. */
int trackplot_create(struct trackplot **ret_plot);
void trackplot_destroy(struct trackplot **plot);
/* The last line added is drawn strong: make it the one that counts. 0 or -ENOMEM. */
int trackplot_add(struct trackplot *plot, const char *name, const struct trackscore *score);
/* The whole picture; borrowed until destroy. 0 or -ENOMEM. */
int trackplot_svg(struct trackplot *plot, const char **ret_svg, size_t *ret_length);
