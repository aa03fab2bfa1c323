/*
 * Whether the whole scene got lighter or darker: automatic exposure when a white lorry enters, a
 * cloud, a lamp switched on. Fits picture = background + offset + slope * (background - 128) to
 * samples of the picture, robustly, so that vehicles do not count.
 *
 * Threads: no state. Memory: none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct motion_light {
	double offset; /* levels, at luma 128 */
	double slope; /* ratio - 1 */
	double fit_ratio; /* share of the samples that it explains, 0 to 1 */
};

struct motion_light motion_light_find(
	const uint8_t *luma, const uint8_t *reference, int width, int height);
/* True where it changes some sample by a level and a half or more. */
bool motion_light_matters(const struct motion_light *light);
