/*
 * From a mask of classes to boxes: one per thing that moves.
 *
 * Threads: one owner. Memory: all at creation.
 */
#pragma once

#include "base/geometry.h"
#include "detect/motion_regions.h"

#define MOTION_BLOBS_MAX 512

struct motion_blob {
	struct box box; /* work samples */
	float confidence_ratio;
	int area, strong_area; /* samples */
};

struct motion_blobs {
	int width, height;
	double min_area;
	uint8_t *mask, *closed, *scratch;
	uint8_t *front; /* 1 inside what was reported */
	struct motion_regions regions;
	int count;
	struct motion_blob items[MOTION_BLOBS_MAX];
};

int motion_blobs_init(struct motion_blobs *blobs, int width, int height, double min_area);
void motion_blobs_finish(struct motion_blobs *blobs);
void motion_blobs_find(struct motion_blobs *blobs, const uint8_t *classes);
