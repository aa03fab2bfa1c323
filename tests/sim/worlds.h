/* Small worlds for the tests, as text. */
#pragma once

#include "sim/sim.h"
#include "test.h"

#include <string.h>

#define WORLD_HEAD                                                                                 \
	"name: test\nseed: 3\n"                                                                    \
	"video: {width_px: 320, height_px: 180, fps: 25}\n"                                        \
	"camera: {position: [0, 0], height_m: 8, pitch_deg: 14, focal_px: 330}\n"                  \
	"config: {range_m: 60}\n"                                                                  \
	"roads:\n  - {name: main, points: [[0, -20], [0, 150]], forward: 2, backward: 1}\n"

static inline void world_read(const char *yaml, struct sim_params *params)
{
	struct problems problems = {.file = "world"};
	int r = sim_params_parse(yaml, strlen(yaml), params, &problems);
	problems_print(&problems, stderr);
	problems_finish(&problems);
	assert_int_equal(r, 0);
}
