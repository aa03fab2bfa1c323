/*
 * For each kind of rule scenes in which it must fire and scenes in which it must not. The road:
 * x to the right, y away from the camera, metres; the camera sees it from about y = 14 on.
 */
#include "scene.h"
#include "test.h"

#define LANE_ZONE                                                                                  \
	"zones: [{name: lane, space: road, polygon: [[0, 15], [4, 15], [4, 95], [0, 95]]}]\n"
#define SPEED "rules: [{kind: speed_violation, limit_kmh: 50}]\n"
#define WRONG_WAY                                                                                  \
	LANE_ZONE                                                                                  \
	"rules: [{kind: wrong_way, zone: lane, direction: [[2, 20], [2, 60]]}]\n"
#define LINE "lines: [{name: solid, space: road, points: [[0, 15], [0, 95]]}]\n"
#define LANE LINE "rules: [{kind: lane_violation, line: solid}]\n"
#define LANE_EXEMPT LINE "rules: [{kind: lane_violation, line: solid, exempt_stationary_s: 4}]\n"
#define NO_PARKING                                                                                 \
	"zones: [{name: kerb, space: road, polygon: [[3, 20], [6, 20], [6, 50], [3, 50]]}]\n"      \
	"rules: [{kind: illegal_parking, zone: kerb, limit_s: 10, hidden_s: 6}]\n"
#define BOX                                                                                        \
	"zones: [{name: box, space: road, polygon: [[-6, 30], [6, 30], [6, 42], [-6, 42]]}]\n"     \
	"rules: [{kind: stopped_in_junction, zone: box, limit_s: 5}]\n"
#define NO_LEFT                                                                                    \
	"zones: [{name: south, space: road, polygon: [[0, 15], [5, 15], [5, 28], [0, 28]]},\n"     \
	"        {name: west, space: road, polygon: [[-20, 32], [-8, 32], [-8, 42], [-20, "        \
	"42]]}]\n"                                                                                 \
	"rules: [{kind: illegal_turn, from: south, to: [west]}]\n"
#define NO_U_TURN "rules: [{kind: illegal_u_turn}]\n"
#define STOP                                                                                       \
	"lines: [{name: stop, space: road, points: [[6, 30], [-6, 30]]}]\n"                        \
	"rules: [{kind: stop_sign, line: stop}]\n"
#define TAILGATING "rules: [{kind: tailgating, min_gap_s: 0.9, min_speed_kmh: 40}]\n"
#define CROSSWALK                                                                                  \
	"zones: [{name: zebra, space: road, polygon: [[-6, 30], [6, 30], [6, 34], [-6, 34]]}]\n"   \
	"rules: [{kind: pedestrian_right_of_way, zone: zebra}]\n"

static const struct scene_case cases[] = {
	/* Speed: 54 km/h is 15 m/s. */
	{.name = "speed: 72 where 50 are allowed",
		.yaml = SPEED,
		.paths = "car 1: 0 2 15, 4 2 95\n",
		.expect = "speed_violation 1 0.5\n"},
	{.name = "speed: within the tolerance",
		.yaml = SPEED,
		.paths = "car 1: 0 2 15, 5.5 2 95\n",
		.expect = ""},
	{.name = "speed: too uncertain to say",
		.yaml = SPEED,
		.paths = "car 1: 0 2 15, 5 2 95\n",
		.expect = "",
		.speed_sigma_mps = 1.0},
	{.name = "speed: too short to say",
		.yaml = SPEED,
		.paths = "car 1: 0 2 15, 0.4 2 25, 8 2 95\n",
		.expect = ""},
	{.name = "speed: only in the zone",
		.yaml = "zones: [{name: far, space: road, polygon: [[0, 60], [4, 60], [4, 95], [0, "
			"95]]}]\n"
			"rules: [{kind: speed_violation, limit_kmh: 50, zone: far}]\n",
		.paths = "car 1: 0 2 15, 4 2 95\ncar 2: 0 -2 15, 4 -2 95\n",
		.expect = "speed_violation 1 2.85\n"},
	{.name = "speed: another limit for trucks",
		.yaml = "rules: [{kind: speed_violation, limit_kmh: 80, class_limits_kmh: {truck: "
			"60}}]\n",
		.paths = "car 1: 0 2 15, 4 2 95\ntruck 2: 0 -2 15, 4 -2 95\n",
		.expect = "speed_violation 2 0.5\n"},
	{.name = "speed: only the classes asked for",
		.yaml = "rules: [{kind: speed_violation, limit_kmh: 50, classes: [bus]}]\n",
		.paths = "car 1: 0 2 15, 4 2 95\n",
		.expect = ""},
	{.name = "speed: once, though numbered anew",
		.yaml = SPEED,
		.paths = "car 1: 0 2 15, 2 2 55\ncar 2: 2.2 2 59, 4 2 95\n",
		.expect = "speed_violation 1 0.5\n"},
	{.name = "speed: two tracks on one vehicle",
		.yaml = SPEED,
		.paths = "car 1: 0 2 15, 4 2 95\ncar 2: 0 2 15, 4 2 95\n",
		.expect = "speed_violation 1 0.5\n"},

	/* Wrong way. */
	{.name = "wrong way: against the arrow",
		.yaml = WRONG_WAY,
		.paths = "car 1: 0 2 60, 4 2 20\n",
		.expect = "wrong_way 1 1.1\n",
		.noise_px = 1},
	{.name = "wrong way: with the arrow, and standing",
		.yaml = WRONG_WAY,
		.paths = "car 1: 0 2 20, 4 2 60, 14 2 60\n",
		.expect = "",
		.noise_px = 1.5},
	{.name = "wrong way: backs into a parking space",
		.yaml = WRONG_WAY,
		.paths = "car 1: 0 2 20, 4 2 50, 5 2 50, 9 3.5 43, 14 3.5 43\n",
		.expect = ""},
	{.name = "wrong way: crosses the lane",
		.yaml = WRONG_WAY,
		.paths = "car 1: 0 10 36, 3 -10 30\n",
		.expect = ""},
	{.name = "wrong way: in another lane",
		.yaml = WRONG_WAY,
		.paths = "car 1: 0 -2 60, 4 -2 20\n",
		.expect = ""},
	{.name = "wrong way: in the picture alone",
		.image = true,
		.yaml = "zones: [{name: lane, polygon: [[400, 100], [800, 100], [800, 700], [400, "
			"700]]}]\n"
			"rules: [{kind: wrong_way, zone: lane, direction: [[600, 600], [600, "
			"200]]}]\n",
		.paths = "car 1 60x50: 0 600 120, 5 600 600\ncar 2 60x50: 0 500 600, 5 500 120\n",
		.expect = "wrong_way 1 2.68\n",
		.noise_px = 1},

	/* Solid line. */
	{.name = "lane: over the line and back",
		.yaml = LANE,
		.paths = "car 1: 0 2 20, 2 2 35, 3 -2 45, 5 -2 60, 6 2 70, 7 2 80\n",
		.expect = "lane_violation 1 2.5\n",
		.noise_px = 0.7},
	{.name = "lane: along the line, its side over it",
		.yaml = LANE,
		.paths = "car 1: 0 0.6 20, 6 0.6 80\n",
		.expect = "",
		.noise_px = 1},
	{.name = "lane: touches it for a moment",
		.yaml = LANE,
		.paths = "car 1: 0 2 20, 2 0.2 35, 2.2 -0.3 37, 2.4 0.2 39, 4 2 50\n",
		.expect = ""},
	{.name = "lane: beyond the end of the line",
		.yaml = "lines: [{name: solid, space: road, points: [[0, 15], [0, 40]]}]\n"
			"rules: [{kind: lane_violation, line: solid}]\n",
		.paths = "car 1: 0 2 20, 2 2 45, 3 -2 55, 4 -2 60\n",
		.expect = ""},
	{.name = "lane: only one way is forbidden",
		.yaml = LINE "rules: [{kind: lane_violation, line: solid, direction: forward}]\n",
		.paths = "car 1: 0 2 20, 2 2 35, 3 -2 45, 5 -2 60\ncar 2: 0 -2 20, 2 -2 35, 3 2 "
			 "45, 5 2 60\n",
		.expect = "lane_violation 2 2.5\n"},
	{.name = "lane: around one that is parked, where exempt",
		.yaml = LANE_EXEMPT,
		.paths = "car 9: 0 2 48, 14 2 48\ncar 1: 5 2 20, 7 2 32, 8 -2 42, 9.5 -2 56, 10.5 "
			 "2 66, 12 2 80\n",
		.expect = ""},
	{.name = "lane: around one that is parked, where not exempt",
		.yaml = LANE,
		.paths = "car 9: 0 2 48, 14 2 48\ncar 1: 5 2 20, 7 2 32, 8 -2 42, 9.5 -2 56, 10.5 "
			 "2 66, 12 2 80\n",
		.expect = "lane_violation 1 7.5\n"},
	{.name = "lane: past one that drives is not exempt",
		.yaml = LANE_EXEMPT,
		.paths = "car 9: 0 2 30, 14 2 90\ncar 1: 1 2 20, 2 2 28, 3 -2 38, 5 -2 58, 6 2 68, "
			 "7 2 80\n",
		.expect = "lane_violation 1 2.5\n"},

	/* Parking. */
	{.name = "parking: stands for longer than allowed",
		.yaml = NO_PARKING,
		.paths = "car 1: 0 2 20, 3 4.5 35, 20 4.5 35\n",
		.expect = "illegal_parking 1 13\n",
		.noise_px = 1.5},
	{.name = "parking: drives off in time",
		.yaml = NO_PARKING,
		.paths = "car 1: 0 2 20, 3 4.5 35, 12 4.5 35, 15 2 60\n",
		.expect = "",
		.noise_px = 1.5},
	{.name = "parking: outside of the zone",
		.yaml = NO_PARKING,
		.paths = "car 1: 0 1 20, 3 1 35, 30 1 35\n",
		.expect = ""},
	{.name = "parking: drives along the zone",
		.yaml = NO_PARKING,
		.paths = "car 1: 0 4.5 20, 20 4.5 50\n",
		.expect = ""},
	{.name = "parking: hidden for a while and numbered anew",
		.yaml = NO_PARKING,
		.paths = "car 1: 0 2 20, 3 4.5 35, 8 4.5 35\ncar 2: 12 4.5 35, 20 4.5 35\n",
		.expect = "illegal_parking 2 13\n"},
	{.name = "parking: once for each stay",
		.yaml = NO_PARKING,
		.paths = "car 1: 0 2 20, 3 4.5 35, 30 4.5 35\ncar 2: 30.04 4.5 35, 60 4.5 35\n",
		.expect = "illegal_parking 1 13\n",
		.noise_px = 1},
	{.name = "parking: one drives off, another takes its place",
		.yaml = NO_PARKING,
		.paths = "car 1: 0 4.5 22, 2 4.5 35, 10 4.5 35, 12 2 55\n"
			 "car 2: 11 4.5 20, 14 4.5 35, 22 4.5 35, 24 2 60\n",
		.expect = ""},
	{.name = "parking: stands there from the beginning",
		.yaml = NO_PARKING,
		.paths = "car 1: 0 4.5 35, 30 4.5 35\n",
		.expect = "illegal_parking 1 10\n"},
	{.name = "parking: of no class, seen to come",
		.yaml = NO_PARKING,
		.paths = "vehicle 1: 0 2 20, 3 4.5 35, 8 4.5 35\nvehicle 2: 9 4.5 35, 20 4.5 35\n",
		.expect = "illegal_parking 2 13\n"},
	{.name = "parking: of no class, and never moved",
		.yaml = NO_PARKING,
		.paths = "vehicle 1: 0 4.5 35, 15 4.5 35, 15.4 4.5 36, 30 4.5 36\n",
		.expect = ""},
	{.name = "parking: a person stands there",
		.yaml = NO_PARKING,
		.paths = "person 1: 0 4.5 35, 30 4.5 35\n",
		.expect = ""},

	/* Stopped in a junction. */
	{.name = "junction: stands in the box",
		.yaml = BOX,
		.paths = "car 1: 0 2 20, 2 2 35, 12 2 35, 14 2 60\n",
		.expect = "stopped_in_junction 1 7\n",
		.noise_px = 1},
	{.name = "junction: waits before the box",
		.yaml = BOX,
		.paths = "car 1: 0 2 18, 2 2 26, 12 2 26, 14 2 60\n",
		.expect = "",
		.noise_px = 1},
	{.name = "junction: waits a moment to turn",
		.yaml = BOX,
		.paths = "car 1: 0 2 20, 2 2 35, 6 2 35, 9 -20 38\n",
		.expect = ""},

	/* Turns. */
	{.name = "turn: left where that is not allowed",
		.yaml = NO_LEFT,
		.paths = "car 1: 0 2 18, 1.5 2 30, 2.5 -1 36, 4.5 -15 37\n",
		.expect = "illegal_turn 1 3.5\n",
		.noise_px = 1},
	{.name = "turn: straight on",
		.yaml = NO_LEFT,
		.paths = "car 1: 0 2 18, 5 2 60\n",
		.expect = ""},
	{.name = "turn: out there, but from elsewhere",
		.yaml = NO_LEFT,
		.paths = "car 1: 0 -2 80, 3 -2 42, 4 -5 38, 6 -15 37\n",
		.expect = ""},
	{.name = "u-turn: turns round",
		.yaml = NO_U_TURN,
		.paths = "car 1: 0 2 20, 2 2 34, 2.6 1.5 37, 3.2 -0.5 39.5, 3.9 -3 40, 4.5 -5 38, "
			 "5 -5.5 35, "
			 "7 -5.5 20\n",
		.expect = "illegal_u_turn 1 4.9\n",
		.noise_px = 0.7},
	{.name = "u-turn: turns left",
		.yaml = NO_U_TURN,
		.paths = "car 1: 0 2 20, 2 2 34, 2.6 1.5 37, 3.2 -0.5 39.5, 3.9 -3 40, 6 -20 40\n",
		.expect = "",
		.noise_px = 0.7},
	{.name = "u-turn: backs up a little",
		.yaml = NO_U_TURN,
		.paths = "car 1: 0 2 20, 3 2 40, 4 2 40, 7 2 30, 8 2 30, 11 2 60\n",
		.expect = "",
		.noise_px = 0.7},
	{.name = "u-turn: in the picture alone",
		.image = true,
		.yaml = NO_U_TURN,
		.paths =
			"car 1 100x60: 0 800 280, 4 245 300, 4.6 220 370, 5.2 245 440, 9 800 460\n",
		.expect = "illegal_u_turn 1 5.32\n"},
	{.name = "u-turn: one leaves at the border, and another comes in under its number",
		.yaml = NO_U_TURN,
		.paths = "car 1: 0 4 27, 1.2 15 27, 1.6 19 28, 1.9 20 31, 2.2 19 34, 2.6 15 35, 4 "
			 "2 35\n",
		.expect = ""},
	{.name = "u-turn: stands for a long time",
		.yaml = NO_U_TURN,
		.paths = "car 1: 0 2 20, 3 2 60, 60 2 60\n",
		.expect = "",
		.noise_px = 2},

	/* Stop sign. */
	{.name = "stop: rolls through at 14 km/h",
		.yaml = STOP,
		.paths = "car 1: 0 2 14, 1 2 22, 3 2 30, 5 2 50\n",
		.expect = "stop_sign 1 2.46\n",
		.noise_px = 0.5},
	{.name = "stop: stops for a second",
		.yaml = STOP,
		.paths = "car 1: 0 2 14, 2 2 26.5, 3 2 26.5, 6 2 50\n",
		.expect = "",
		.noise_px = 0.5},
	{.name = "stop: stops, late, with its front on the line",
		.yaml = STOP,
		.paths = "car 1: 0 2 14, 2 2 28.2, 3 2 28.2, 6 2 50\n",
		.expect = "",
		.noise_px = 0.5},
	{.name = "stop: hidden for a moment, too short for a stop",
		.yaml = STOP,
		.paths = "car 1: 0 2 12, 1 2 20\ncar 2: 1.7 2 25.6, 4.5 2 48\n",
		.expect = "stop_sign 2 1.97\n",
		.noise_px = 0.5},
	{.name = "stop: hidden for so long that it may have stopped",
		.yaml = STOP,
		.paths = "car 1: 0 2 12, 1 2 20\ncar 2: 2.9 2 25.6, 5.7 2 48\n",
		.expect = "",
		.noise_px = 0.5},
	{.name = "stop: comes the other way",
		.yaml = STOP,
		.paths = "car 1: 0 -2 60, 5 -2 18\n",
		.expect = ""},

	/* Tailgating: 20 m/s is 72 km/h; middles 13 m apart are 8.6 m of gap, 0.43 s. */
	{.name = "tailgating: close for three seconds",
		.yaml = TAILGATING,
		.paths = "car 1: 0 2 28, 3.35 2 95\ncar 2: 0 2 15, 4 2 95\n",
		.expect = "tailgating 2 0.3\n",
		.noise_px = 0.5},
	{.name = "tailgating: the one ahead is missed now and then, one far ahead is not",
		.yaml = TAILGATING,
		.paths = "car 1: 0 2 28, 3.35 2 95\ncar 2: 0 2 15, 4 2 95\n"
			 "car 4: 0 2 60, 3 2 96\n",
		.expect = "tailgating 2 0.3\n",
		.miss_every = 10},
	{.name = "tailgating: with distance",
		.yaml = TAILGATING,
		.paths = "car 1: 0 2 40, 2.75 2 95\ncar 2: 0 2 15, 4 2 95\n",
		.expect = ""},
	{.name = "tailgating: in the next lane",
		.yaml = TAILGATING,
		.paths = "car 1: 0 -1.5 28, 3.35 -1.5 95\ncar 2: 0 2 15, 4 2 95\n",
		.expect = ""},
	{.name = "tailgating: a slow queue",
		.yaml = TAILGATING,
		.paths = "car 1: 0 2 24, 12 2 95\ncar 2: 0 2 16, 12 2 87\n",
		.expect = ""},
	{.name = "tailgating: for a moment, when cut in on",
		.yaml = TAILGATING,
		.paths = "car 1: 0 -1.5 24, 1 0.5 46, 3 2 98\ncar 2: 0 2 15, 4 2 95\n",
		.expect = ""},

	/* Crosswalk. */
	{.name = "crosswalk: in front of somebody who walks across",
		.yaml = CROSSWALK,
		.paths = "car 1: 0 2 14, 4 2 54\nperson 2: 0 -2 32, 4 3.6 32\n",
		.expect = "pedestrian_right_of_way 1 1.4\n",
		.noise_px = 0.5},
	{.name = "crosswalk: comes into sight right before it",
		.yaml = CROSSWALK,
		.paths = "car 1: 0 2 25.5, 1.5 2 45\nperson 2: 0 -1 32, 4 4.6 32\n",
		.expect = "pedestrian_right_of_way 1 0.3\n"},
	{.name = "crosswalk: somebody whose feet a waiting car hides",
		.yaml = CROSSWALK,
		.paths = "car 1: 1.1 2 14, 5 2 53\nperson 2: 0 -4 32, 6 4.4 32\n"
			 "car 3: 0 -1.2 26, 6 -1.2 26\n",
		.expect = "pedestrian_right_of_way 1 2.5\n"},
	{.name = "crosswalk: nobody on it",
		.yaml = CROSSWALK,
		.paths = "car 1: 0 2 14, 4 2 54\nperson 2: 0 8 32, 4 8 40\n",
		.expect = ""},
	{.name = "crosswalk: stops for the pedestrian",
		.yaml = CROSSWALK,
		.paths =
			"car 1: 0 2 14, 2 2 26.5, 8 2 26.5, 11 2 60\nperson 2: 0 -5 32, 7 5.5 32\n",
		.expect = ""},
	{.name = "crosswalk: the pedestrian has passed",
		.yaml = CROSSWALK,
		.paths = "car 1: 0 2 14, 4 2 54\nperson 2: 0 -1 32, 4 -6.6 32\n",
		.expect = ""},
	{.name = "crosswalk: the pedestrian is far on the other side",
		.yaml = CROSSWALK,
		.paths = "car 1: 0 3 14, 4 3 54\nperson 2: 0 -6 32, 4 -3 32\n",
		.expect = ""},
	{.name = "crosswalk: was standing on it before",
		.yaml = CROSSWALK,
		.paths = "car 1: 0 2 20, 1.5 2 32, 10 2 32, 12 2 50\nperson 2: 3 -5 31, 9 0.2 31\n",
		.expect = ""},
};

SCENE_MAIN(cases)
