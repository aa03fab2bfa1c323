/*
 * From classes of samples to a clean mask of what moves, and its regions.
 *
 * A cast shadow has the background's colour and texture, only darker, and lies beside the thing
 * that casts it; a dark car has texture of its own, and parts that no shadow explains (roof,
 * windows, lights) above and below those that one would. So the latter are kept between the former
 * (Cucchiara et al. 2003 for the ratio test; the enclosure test is ours), and a region with next to
 * nothing but "shadow" is taken for a dark vehicle.
 *
 * Threads: one owner. Memory: all at creation.
 */
#pragma once

#include "detect/motion_regions.h"

#include <stdbool.h>

#define MOTION_REGIONS_MAX 4096

/* What was last seen in a column of the mask: its row, and that of the last solid sample or -1. */
struct motion_column {
	int last, solid;
};

struct motion_mask {
	int width, height;
	double min_area; /* samples; smaller regions are not worth keeping as dark vehicles */
	uint8_t *loose; /* 1: differs, be it a shadow */
	uint8_t *solid; /* 1: no shadow explains it */
	uint8_t *front; /* 1: what moves; the result */
	uint8_t *inner, *above, *scratch;
	struct motion_column *columns; /* work */
	int kept[MOTION_REGIONS_MAX +
		 1]; /* samples of a region that are no shadow; last: overflow */
	struct motion_regions regions; /* of `front` */
};

/* 0 or -ENOMEM. */
int motion_mask_init(struct motion_mask *mask, int width, int height, double min_area);
void motion_mask_finish(struct motion_mask *mask);
/* One picture: luma, the background's luma, enum background_class of every sample. */
void motion_mask_find(struct motion_mask *mask, const uint8_t *luma, const uint8_t *reference,
	const uint8_t *classes);
