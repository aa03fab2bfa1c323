#include "scene.h"
#include "test.h"

/* The stop line lies 30 m in front of the camera; forward is away from it. */
#define AWAY                                                                                       \
	"lines: [{name: stop, space: road, points: [[6, 30], [-6, 30]]}]\n"                        \
	"zones: [{name: right turn, space: road, polygon: [[5, 31], [20, 31], [20, 45], [5, "      \
	"45]]}]\n"
#define TOWARDS "lines: [{name: stop, space: road, points: [[-6, 30], [6, 30]]}]\n"
#define RED_FROM_2_TO_12                                                                           \
	"signals: [{name: main, phases: [{lamp: green, duration_s: 2}, {lamp: red, duration_s: "   \
	"10}, {lamp: green, duration_s: 60}]}]\n"
#define RULE "rules: [{kind: red_light, line: stop, signal: main}]\n"
#define RULE_EXEMPT                                                                                \
	"rules: [{kind: red_light, line: stop, signal: main, exempt_zones: [right turn]}]\n"

static const struct scene_case cases[] = {
	/* Its front is 2.15 m ahead of its middle: at 10 m/s the line is reached 0.215 s earlier.
	 */
	{.name = "drives through, seen from behind",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 13, 6 2 53\n",
		.expect = "red_light 1 3.485\n"},
	{.name = "drives through, seen from the front",
		.yaml = TOWARDS RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 60, 6 2 20\n",
		.expect = "red_light 1 4.785\n"},
	{.name = "the same with noisy boxes",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 13, 6 2 53\ncar 2: 3 -2 13, 7 -2 53\n",
		.expect = "red_light 1 3.485\nred_light 2 4.485\n",
		.noise_px = 1.5},
	{.name = "a bus, longer than a car",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "bus 1: 3 2 20, 7 2 60\n",
		.expect = "red_light 1 3.425\n"},
	{.name = "at five frames a second",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 13, 6 2 53\n",
		.expect = "red_light 1 3.485\n",
		.fps = 5},
	{.name = "crosses on green",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 0 2 13, 4 2 93\n",
		.expect = ""},
	{.name = "front over the line on green, rear on red",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "bus 1: 0 2 18, 5 2 48\n",
		.expect = ""},
	{.name = "within the grace after red began",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 0 2 12, 4 2 48\n",
		.expect = ""},
	{.name = "stops at the line, and goes on green",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 13, 4 2 27.5, 13 2 27.5, 16 2 60\n",
		.expect = "",
		.noise_px = 1.5},
	{.name = "stops with its front on the line",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 13, 4 2 27.85, 13 2 27.85, 16 2 60\n",
		.expect = "",
		.noise_px = 1.5},
	{.name = "stops a metre over the line, and goes on green",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 13, 4 2 28.9, 13 2 28.9, 16 2 60\n",
		.expect = ""},
	{.name = "stops over the line, then creeps on during red",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 13, 4 2 28.9, 8 2 28.9, 11 2 40\n",
		.expect = "red_light 1 3.90\n"},
	{.name = "stops over the line and rolls back",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 13, 4 2 29, 5 2 29, 7 2 26, 13 2 26, 16 2 60\n",
		.expect = ""},
	{.name = "comes the other way over the same line",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 60, 6 2 15\n",
		.expect = ""},
	{.name = "passes beside the end of the line",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 8 15, 6 8 53\n",
		.expect = ""},
	{.name = "turns right on red where that is allowed",
		.yaml = AWAY RED_FROM_2_TO_12 RULE_EXEMPT,
		.paths = "car 1: 2 2 15, 4 2 32, 5 4 37, 7 18 38\n",
		.expect = ""},
	{.name = "drives straight on where only turning right is allowed",
		.yaml = AWAY RED_FROM_2_TO_12 RULE_EXEMPT,
		.paths = "car 1: 2 2 13, 6 2 53\n",
		.expect = "red_light 1 3.485\n"},
	{.name = "is numbered anew just behind the line",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 13, 3.6 2 29\ncar 2: 3.72 2 30.2, 6 2 53\n",
		.expect = "red_light 2 3.485\n"},
	{.name = "is numbered anew after it was reported",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "car 1: 2 2 13, 4.2 2 35\ncar 2: 4.4 2 37, 6 2 53\n",
		.expect = "red_light 1 3.485\n"},
	{.name = "nobody knows the lamp",
		.yaml = AWAY
		"signals: [{name: main, phases: [{lamp: unknown, duration_s: 9}]}]\n" RULE,
		.paths = "car 1: 2 2 13, 6 2 53\n",
		.expect = ""},
	{.name = "a person walks over the line",
		.yaml = AWAY RED_FROM_2_TO_12 RULE,
		.paths = "person 1: 2 2 25, 12 2 36\n",
		.expect = ""},
	{.name = "in the picture alone: drives away",
		.image = true,
		.yaml = "lines: [{name: stop, points: [[800, 300], [200, 300]]}]\n" RED_FROM_2_TO_12
			RULE,
		.paths = "car 1 100x80: 2 500 600, 6 500 100\n",
		.expect = "red_light 1 4.18\n"},
	{.name = "in the picture alone: comes towards",
		.image = true,
		.yaml = "lines: [{name: stop, points: [[200, 300], [800, 300]]}]\n" RED_FROM_2_TO_12
			RULE,
		.paths = "car 1 100x80: 2 500 100, 6 500 600\n",
		.expect = "red_light 1 3.6\n"},
	{.name = "in the picture alone: stops over the line",
		.image = true,
		.yaml = "lines: [{name: stop, points: [[800, 300], [200, 300]]}]\n" RED_FROM_2_TO_12
			RULE,
		.paths = "car 1 100x80: 2 500 600, 5 500 315, 11 500 315\n",
		.expect = "",
		.noise_px = 1.5},
};

SCENE_MAIN(cases)
