/*
 * What a simulated scene consists of: the parameters, as a scene file gives them.
 *
 * The road plane: x to the east, y to the north, metres. A road is a line from its first point to
 * its last; "forward" lanes run that way and lie to the right of the line, "backward" lanes run
 * against it and lie to the left (traffic keeps to the right). A place along a road is `at_m`, the
 * distance from its first point, whichever way one travels.
 *
 * A lane is named road.lane: main.f1 is the forward lane next to the middle of `main`, main.f2 the
 * one outside it, main.b1 the backward lane next to the middle.
 *
 * Memory: what options_read() allocated is freed by options_free(). Threads: read-only once read.
 */
#pragma once

#include "base/options.h"
#include "sim/camera.h"

enum sim_kind {
	SIM_CAR,
	SIM_VAN,
	SIM_TRUCK,
	SIM_BUS,
	SIM_MOTORCYCLE,
	SIM_BICYCLE,
	SIM_PEDESTRIAN,
	SIM_KIND_COUNT
};
extern const char *const sim_kind_names[]; /* as in truth files, ended by NULL */

enum sim_lamp {
	SIM_LAMP_UNKNOWN, /* dark */
	SIM_LAMP_RED,
	SIM_LAMP_RED_YELLOW,
	SIM_LAMP_YELLOW,
	SIM_LAMP_GREEN,
	SIM_LAMP_COUNT
};
extern const char *const sim_lamp_names[]; /* ended by NULL */

enum sim_marking {
	SIM_MARKING_NONE,
	SIM_MARKING_DASHED,
	SIM_MARKING_SOLID,
	SIM_MARKING_DOUBLE, /* two solid lines */
};
extern const char *const sim_marking_names[]; /* ended by NULL */

struct sim_video_params {
	int width_px, height_px;
	double fps;
};

struct sim_look_params {
	double sun_bearing_deg; /* compass, where the sun stands */
	double sun_elevation_deg; /* above the horizon */
	double haze_m; /* distance at which haze takes 63 % of the colour */
	double noise_level; /* of the sensor, standard deviation in 8-bit luma steps */
};

struct sim_road_params {
	struct option_where where;
	char *name;
	struct option_points points;
	double bend_m; /* corners are rounded from that far before them; 0: sharp */
	int forward, backward; /* lanes */
	double lane_width_m;
	double limit_kmh;
	int center, divider, edge; /* enum sim_marking */
	double shoulder_m; /* asphalt outside the edge line */
	double sidewalk_m; /* 0: none */
};

struct sim_phase_params {
	struct option_where where;
	int lamp; /* enum sim_lamp */
	double duration_s;
};

struct sim_signal_params {
	struct option_where where;
	char *name;
	char *road;
	double at_m; /* the stop line */
	bool backward; /* for the backward lanes */
	struct option_list plan; /* struct sim_phase_params, repeated for ever */
	double offset_s; /* the plan starts that much before time 0 */
	double pole_ahead_m; /* where the head stands: beyond the stop line, */
	double pole_aside_m; /* and outside the edge of the carriageway */
	double head_height_m; /* of its middle */
};

struct sim_change_params {
	struct option_where where;
	double at_m; /* begins there, of its own path */
	double left_m; /* how far to the left; negative: to the right */
	double over_m; /* completed within */
};

struct sim_user_params {
	struct option_where where;
	int kind; /* enum sim_kind */
	struct option_strings route; /* lanes */
	double at_m; /* of the first road: where it appears, */
	double at_s; /* and when; before that it does not exist */
	double speed_kmh; /* what it would drive on a free road */
	double left_m; /* how far to the left of the middle of its lane it keeps */
	bool against; /* drives its lanes in the wrong direction */
	bool ignores_signals;
	struct option_list changes; /* struct sim_change_params */
	double stop_at_m; /* of its own path: stands there for a while, from its middle */
	double stop_for_s; /* 0: does not */
	int look; /* chooses the variant of colour and size; -1: from the seed */
};

enum sim_prop_kind {
	SIM_PROP_BUILDING,
	SIM_PROP_TREE,
	SIM_PROP_LAMP_POST,
};

struct sim_prop_params {
	struct option_where where;
	int kind; /* enum sim_prop_kind */
	struct vec2 position;
	double width_m, depth_m, height_m;
	double turn_deg;
};

/* How the scene file for the analysis is made from the world. */
struct sim_config_params {
	double tolerance_kmh; /* of the speed rules */
	double pick_sigma_px; /* how well the calibration points were clicked */
	double survey_sigma_m; /* how well they were surveyed */
	double range_m; /* calibrated as far from the camera as this */
};

struct sim_params {
	char *name;
	int seed;
	double duration_s;
	struct sim_video_params video;
	struct camera_params camera;
	struct sim_look_params look;
	struct option_list roads, signals, users, props;
	struct sim_config_params config;
};

/* The scene that `make run` shows; everything in it is constant. */
const struct sim_params *sim_builtin(void);
