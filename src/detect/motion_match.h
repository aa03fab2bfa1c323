/*
 * Where a patch of the picture before is now: block matching by the sum of absolute differences,
 * whole samples by search, the rest by a parabola through the neighbours of the best.
 *
 * For vehicles that hide each other: their outlines are lost in one region, their patterns are not.
 *
 * Threads: no state. Memory: none.
 */
#pragma once

#include "base/geometry.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * `box`: the patch in `before`; `expected`: how far it should have moved, samples. False where the
 * patch has too little pattern or has left the picture; `ret_moved` is then untouched.
 */
bool motion_match(const uint8_t *before, const uint8_t *now, int width, int height, struct box box,
	struct vec2 expected, struct vec2 *ret_moved);

/*
 * Whether what is in a box now, with its outline, was at the same place in the picture before, and
 * not `moved` samples away; false where neither can be told.
 */
bool motion_match_stayed(const uint8_t *before, const uint8_t *now, int width, int height,
	struct box box, struct vec2 moved);
