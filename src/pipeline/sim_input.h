/*
 * The simulator as a kind of source (ingest/input.h): "sim:" is the built-in scene, "sim:FILE"
 * another. It stands here because ingest knows no room to its right: whoever makes a stream hands
 * it in.
 */
#pragma once

#include "ingest/input.h"

extern const struct input_kind sim_input;
