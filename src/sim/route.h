/*
 * The way of a road user through its lanes: along the first one, round a bend into the next where
 * the two meet, and so on; or through points across the land.
 */
#pragma once

#include "sim/world.h"

/* Lays mover->path and mover->turn_from_m. -EINVAL with the reason where there is no such way. */
int route_lay(const struct world *world, struct mover *mover, struct err *err);
