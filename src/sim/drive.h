/*
 * How road users drive: the intelligent driver model (Treiber, Hennecke and Helbing, Congested
 * traffic states in empirical observations and microscopic simulations, 2000) for following, and
 * the same braking for everything else there is a reason to stop for: red lamps, stop signs,
 * persons on crosswalks, those who go first at a junction, scripted stops. Bends are taken at a
 * bearable sideways acceleration.
 *
 * Whom a road user has ahead is found on the plane: whoever's footprint lies on the strip that it
 * will pass over, whatever lane that one is in.
 */
#pragma once

#include "sim/world.h"

/* What is known about the ways beforehand: stop lines, crosswalks, bends, conflicts. -ENOMEM. */
int drive_prepare(struct world *world);
/* m/s^2 at time `t_s`; world->poses are up to date. */
double drive_acceleration(const struct world *world, struct mover *mover, double t_s);
