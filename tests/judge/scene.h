/*
 * Scenes for the judge as small tables that can be read: a configuration, who was where when, and
 * what must be said about it.
 *
 *     {.name = "...",
 *      .yaml = "lines: [{name: stop, space: road, points: [[-4, 30], [0, 30]]}]\n"
 *              "rules: [{kind: red_light, line: stop, signal: main}]\n",
 *      .paths = "car 1: 0 2 15, 3 2 60\n",      one line a track: t x y, t x y, ...
 *      .expect = "red_light 1 1.2\n"}           kind, track, time of it (within 0.25 s)
 *
 * On the road (the default): x and y in metres are the middle of the vehicle's footprint, seen by a
 * camera 8 m above (0, 0) that looks along +y, 15 degrees down; boxes are those of the solid that
 * the vehicle is. In the picture (`image`): x and y in pixels are the middle of the bottom of a box
 * whose size follows the track's number: "car 1 80x60: ...".
 */
#pragma once

#include "judge/judge.h"

#include <stdbool.h>

#define SCENE_WIDTH_PX 1280
#define SCENE_HEIGHT_PX 720

struct scene_case {
	const char *name, *yaml, *paths, *expect;
	bool image; /* paths in pixels, no calibration */
	double fps; /* 0: 25 */
	double noise_px; /* standard deviation of each side of a box */
	double speed_sigma_mps; /* 0: 0.15 */
	int miss_every; /* of so many frames each track is not detected in one; 0: in all */
	/* In this time something hides the lower part of every box, up to this share of it. */
	double hidden_from_s, hidden_to_s, hidden_ratio;
	int hidden_track; /* only of this one; 0: of all */
	double wall_px[2]; /* something hides what is between these columns of the picture */
	double believed_s; /* tracks are tentative for that long */
	double end_s; /* 0: at the end of the last path */
	const char *counts; /* "north forward car 1\n", and of lanes "north/left forward car 1\n",
			     * "north/left forward unsure 1\n"; NULL: not looked at */
	const struct frame *frame; /* the picture of every frame; NULL: none */
};

/* Every case is a test of its own. For main(). */
int scene_main(const struct scene_case *cases, int count);
#define SCENE_MAIN(cases)                                                                          \
	int main(void)                                                                             \
	{                                                                                          \
		return scene_main(cases, (int)(sizeof(cases) / sizeof((cases)[0])));               \
	}

/* Fails the calling test with all that was said where that is not what the case expects. */
void scene_run(const struct scene_case *scene);
/* The problems that judge_check() and the option tables find, a line each; static memory. */
const char *scene_problems(const char *yaml, bool calibrated);
/* The calibration of the camera above. */
const struct calibration *scene_calibration(void);
