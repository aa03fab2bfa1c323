/*
 * Whose a region is: one object's, several ones' that share it, or two new ones'.
 *
 * Threads: one owner. Memory: none.
 */
#pragma once

#include "detect/motion_pieces.h"

/* Makes one or more pieces of a region. They are objects' where objects are predicted to be. */
void motion_divide(struct motion_objects *os, const struct motion_regions *rs, int region);
