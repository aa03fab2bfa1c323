/*
 * Which of the objects of the motion detector are parts of others: a bumper, a lamp, a roof that a
 * window of the road's own brightness cuts off. Told by where they lie and by how they move.
 *
 * Threads: no state. Memory: none.
 */
#pragma once

#include "detect/motion_objects.h"

/* Younger ones may still turn out to be parts. */
#define MOTION_YOUNG_S 1.0

/*
 * A vehicle cut in two by a window or a bumper of the road's own brightness: one part above the
 * other with nearly the same ends, or side by side with hardly a gap.
 */
bool motion_parts_aligned(struct box a, struct box b);
/*
 * Whether they are roof and body of one car, whose windows are of the road's own brightness: what
 * is below is too low to be a car by itself, and both are no taller than one. False where the
 * calibration is not known.
 */
bool motion_parts_roof(const struct motion_objects *objects, struct box roof, struct box body);
/* Whether it is small and right beside a much larger one that is seen. */
bool motion_parts_beside(const struct motion_objects *objects, const struct motion_object *object);
/* Adds those that are parts to what they are parts of. Once for each picture. */
void motion_parts_join(struct motion_objects *objects);
