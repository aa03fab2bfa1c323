/*
 * The lines and zones of a scene in image pixels, as the annotated video draws them.
 *
 * Memory: shapes_finish() frees. The names are borrowed from the scene.
 */
#pragma once

#include "pipeline/scene.h"
#include "record/annotate.h"

struct shapes {
	struct shape *items;
	int count;
	struct vec2 *points; /* of all shapes, one after another */
};

/* Shapes in road coordinates need a calibration; without one they are left out. */
void shapes_init(
	struct shapes *shapes, const struct scene *scene, const struct calibration *calibration);
void shapes_finish(struct shapes *shapes);
