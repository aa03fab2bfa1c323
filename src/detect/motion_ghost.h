/*
 * Holes in the background: a vehicle that was part of it (parked, or waiting when the camera was
 * switched on) drives off, and the road that it uncovers differs from the background although
 * nothing is there.
 *
 * Told by the outline: along the edge of a region that differs and keeps still, the step of
 * brightness from inside to outside is in the background where something left, and in the picture
 * where something came and stands. (After the idea of Lu, Huang and Wang 2018 and earlier work on
 * abandoned and removed objects; ours compares summed steps across the outline, two samples to
 * each side, and only where the region borders on what is known to be background.)
 *
 * Threads: one owner. Memory: all at creation.
 */
#pragma once

#include "detect/motion_model.h"
#include "detect/motion_regions.h"

struct motion_ghost {
	int width, height;
	uint8_t *mask, *take, *scratch;
	struct motion_regions regions; /* of what keeps still */
	struct motion_regions wholes; /* of all that differs */
};

int motion_ghost_init(struct motion_ghost *ghost, int width, int height);
void motion_ghost_finish(struct motion_ghost *ghost);
/*
 * Finds ghosts among what has kept still, and repairs the model with the picture. `differs` is 1
 * where the picture before differed, shadows and gaps included: a small part of a region there that
 * is no ghost itself is none. `arrived` is 1 where something stands that was seen to come: what
 * lies there is no ghost, whatever the background looks like. True where something was repaired.
 */
bool motion_ghost_repair(struct motion_ghost *ghost, struct motion_model *model,
	const uint8_t *differs, const uint8_t *arrived, const uint8_t *picture,
	const uint8_t *classes);
