/*
 * One region that is two vehicles although nobody knows either of them: told by its outline and by
 * how large vehicles are there.
 *
 * Threads: one owner. Memory: none.
 */
#pragma once

#include "detect/motion_pieces.h"

/*
 * Two vehicles that have flowed together from the start: their region fills the box around it
 * badly, and a straight cut makes two boxes that it fills well; or one is stacked on the other.
 * True where it was split: the last two pieces are new, and nobody's.
 */
bool motion_split(struct motion_objects *os, const struct motion_regions *rs, int region);
