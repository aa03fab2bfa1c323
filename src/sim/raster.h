/*
 * Triangles into a tile of the picture, several samples to a pixel: edges come out smooth, so that
 * the side of a box can be measured to a fraction of a pixel.
 *
 * A sample is covered where its centre lies inside; two triangles that share an edge cover each
 * sample along it exactly once. Depth is compared as its reciprocal, which is linear on the image.
 *
 * Threads: one raster, one thread. Memory: allocated once for the largest tile.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct raster {
	int sub_x, sub_y; /* samples of a pixel */
	int x_px, y_px, width_px, height_px; /* the tile */
	int width_samples, height_samples;
	float *near_per_m; /* reciprocal depth, 0 where nothing is */
	uint32_t *value; /* of the triangle on top, 0 where nothing is */
	int capacity_samples;
};

struct raster_vertex {
	double x_px, y_px, near_per_m;
};

/* -ENOMEM. `pixels`: of the largest tile. */
int raster_init(struct raster *raster, int sub_x, int sub_y, int pixels);
void raster_finish(struct raster *raster);
/* Rows of that width that fit into one tile, at least 1. */
int raster_rows(const struct raster *raster, int width_px);
/* Starts an empty tile; it must fit. */
void raster_begin(struct raster *raster, int x_px, int y_px, int width_px, int height_px);
/* The nearer one wins. */
void raster_triangle(struct raster *raster, const struct raster_vertex v[3], uint32_t value);
/* The later one wins. */
void raster_cover(struct raster *raster, const struct raster_vertex v[3], uint32_t value);
