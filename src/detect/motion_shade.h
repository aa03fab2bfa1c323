/*
 * How dark the shadows of a scene are. In sunlight all shadows on the road keep nearly the same
 * share of its brightness, the share that the sky gives; under clouds there are only soft ones
 * below the vehicles. A dark car is darker, or lighter, than the sun's shadows are, and so can be
 * told from them once that share is known.
 *
 * Learnt from smooth, dark, colourless samples that differ from the background: a narrow peak in
 * the histogram of picture over background is the sun's shadow.
 *
 * Threads: one owner. Memory: none.
 */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define MOTION_SHADE_BINS 100

struct motion_shade {
	bool sunny;
	/* Picture over background: a shadow from low to high; from there to 1 the rim of one. */
	double low_ratio, high_ratio;
	double least_ratio; /* no shadow is darker */
	struct media last; /* MEDIA_NONE */
	double histogram[MOTION_SHADE_BINS]; /* samples, fading */
};

void motion_shade_init(struct motion_shade *shade, double least_ratio);
/* One picture, now and then. `chroma` as in background_chroma(): half the size, each way. */
void motion_shade_learn(struct motion_shade *shade, const uint8_t *luma, const uint8_t *reference,
	const uint8_t *chroma, const uint8_t *classes, int width, int height, struct media media);
