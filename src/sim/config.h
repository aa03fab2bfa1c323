/*
 * The scene file (docs/scene.md) with which `gantry run` analyses what the camera sees: calibration
 * points, lines, lamp regions and rules, as an installer would write it.
 */
#pragma once

#include "sim/site.h"

#include <stdio.h>

/* `blind`: signals from their plans, not from the picture. -EIO where the stream failed. */
int config_write(const struct world *world, const struct camera *camera, const struct site *site,
	bool blind, FILE *file);
