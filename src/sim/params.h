/*
 * What a simulated world consists of, as its file says (gantry sim --reference).
 *
 *     name: crossroads
 *     seed: 4
 *     duration_s: 30
 *     video:   {width_px: 1280, height_px: 720, fps: 25}
 *     camera:  {position: [-1, 0], height_m: 9, pitch_deg: 13, focal_px: 1350}
 *     look:    {light: day, sun_bearing_deg: 125, sun_elevation_deg: 52}
 *     roads:   [{name: main, points: [[0, -60], [0, 320]], forward: 2, backward: 2}]
 *     signals: [{name: main, road: main, at_m: 96, plan: [{lamp: green, duration_s: 10}, ...]}]
 *     users:   [{kind: car, route: [main.f1], at_m: 10, at_s: 0.5, speed_kmh: 79}]
 *     props:   [{kind: tree, position: [15, 46], width_m: 5, height_m: 7}]
 *
 * The road plane: x to the east, y to the north, metres. A road is a line from its first point to
 * its last; "forward" lanes run that way and lie to the right of the line, "backward" lanes run
 * against it and lie to the left (traffic keeps to the right). A place along a road is `at_m`, the
 * distance from its first point, whichever way one travels.
 *
 * A lane is named road.lane: main.f1 is the forward lane next to the middle of `main`, main.f2 the
 * one outside it, main.b1 the backward lane next to the middle.
 *
 * Memory: sim_params_finish() frees what was read. Threads: read-only once read.
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
	SIM_PERSON,
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

/* The order is that of the rule kinds in docs/rules.md. */
enum sim_rule {
	SIM_RULE_SPEED,
	SIM_RULE_RED_LIGHT,
	SIM_RULE_LANE,
	SIM_RULE_WRONG_WAY,
	SIM_RULE_PARKING,
	SIM_RULE_STOPPED,
	SIM_RULE_TURN,
	SIM_RULE_U_TURN,
	SIM_RULE_STOP_SIGN,
	SIM_RULE_TAILGATING,
	SIM_RULE_PEDESTRIAN,
	SIM_RULE_COUNT
};
extern const char *const sim_rule_names[]; /* ended by NULL */

/* How a zone is painted on the road. */
enum sim_paint {
	SIM_PAINT_NONE,
	SIM_PAINT_BOX, /* yellow hatching: a junction to be kept clear */
	SIM_PAINT_BAY, /* a white frame: a parking bay */
	SIM_PAINT_NO_PARKING, /* a yellow zigzag */
};

enum sim_light {
	SIM_LIGHT_DAY,
	SIM_LIGHT_LOW_SUN,
	SIM_LIGHT_DUSK,
	SIM_LIGHT_NIGHT,
};

enum sim_weather {
	SIM_WEATHER_CLEAR,
	SIM_WEATHER_OVERCAST,
	SIM_WEATHER_RAIN,
	SIM_WEATHER_FOG,
	SIM_WEATHER_SNOW,
};

struct sim_video_params {
	int width_px, height_px; /* even */
	double fps;
	double jitter_ratio; /* frames come early or late by up to that share of an interval */
	double drop_ratio; /* share of frames that are missing */
	int codec; /* h264, hevc */
	int crf, bitrate_kbps, gop_frames;
};

/* What the camera does beside standing there (camera.h). */
struct sim_sensor_params {
	double noise_level; /* standard deviation in 8-bit luma steps */
	double exposure_s; /* the shutter: what moves is blurred */
	double shake_px; /* the pole sways: standard deviation */
	bool auto_exposure; /* follows the brightness of the picture */
};

struct sim_look_params {
	int light; /* enum sim_light */
	int weather; /* enum sim_weather */
	double strength; /* of the weather, 0 to 1 */
	double sun_bearing_deg; /* compass, where the sun stands */
	double sun_elevation_deg; /* above the horizon; 0: that of the light */
	double haze_m; /* distance at which haze takes 63 % of the colour; 0: of the weather */
};

struct sim_road_params {
	struct option_where where;
	char *name;
	struct option_points points;
	double bend_m; /* corners are rounded from that far before them; 0: sharp */
	int forward, backward; /* lanes */
	double lane_width_m;
	double limit_kmh; /* 0: none */
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

/* A sign and a stop line where everybody has to stop. */
struct sim_stop_sign_params {
	struct option_where where;
	char *name; /* also of the line */
	char *road;
	double at_m;
	bool backward;
};

/* A zebra across the whole road; drivers let persons go first. */
struct sim_crosswalk_params {
	struct option_where where;
	char *name; /* also of the zone */
	char *road;
	double at_m; /* its middle */
	double width_m; /* along the road */
};

struct sim_line_params {
	struct option_where where;
	char *name;
	struct option_points points; /* m */
	bool paint; /* a solid line on the road */
	bool count;
};

struct sim_zone_params {
	struct option_where where;
	char *name;
	struct option_points polygon; /* m */
	int paint; /* enum sim_paint */
};

/* As in docs/rules.md; numbers that are 0 and texts that are NULL are the rule's own defaults. */
struct sim_rule_params {
	struct option_where where;
	int kind; /* enum sim_rule */
	char *zone, *line, *signal, *from;
	struct option_strings to, exempt_zones;
	double limit_kmh, limit_s, exempt_stationary_s, min_gap_s, min_speed_kmh;
};

struct sim_change_params {
	struct option_where where;
	double at_m; /* begins there, of its own path */
	double left_m; /* how far to the left; negative: to the right */
	double over_m; /* completed within */
};

struct sim_stop_params {
	struct option_where where;
	double at_m; /* of its own path: its middle stands there */
	double for_s;
};

struct sim_user_params {
	struct option_where where;
	int kind; /* enum sim_kind */
	struct option_strings route; /* lanes */
	struct option_points way; /* instead of a route: across the land, m */
	double at_m; /* of the first road, or of the way: where it appears, */
	double at_s; /* and when; before that it does not exist */
	double speed_kmh; /* what it would drive on a free road */
	double left_m; /* how far to the left of the middle of its lane it keeps */
	bool against; /* drives its lanes in the wrong direction */
	double turn_at_m; /* of the first road: where it turns round into another lane of it */
	double turn_m; /* how far before and behind the crossing of two lanes it bends; 0: usual */
	bool ignores_signals, ignores_stop_signs, ignores_persons, ignores_others;
	bool gives_way; /* lets everybody on its way through a junction go first */
	double headway_s; /* what it keeps to the one in front */
	struct option_list changes; /* struct sim_change_params */
	struct option_list stops; /* struct sim_stop_params */
	int look; /* chooses the variant of colour and size; -1: from the seed */
	/* The rules that the author of the world says it breaks; sim_agrees() compares. */
	struct option_strings breaks;
};

enum sim_prop_kind {
	SIM_PROP_BUILDING,
	SIM_PROP_TREE,
	SIM_PROP_LAMP_POST,
	SIM_PROP_SIGN, /* round, red rim: a limit */
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
	bool usual_rules; /* limits, signals and directions of the roads have rules of their own */
	bool count_lanes; /* the counting line across a road tells its lanes apart */
};

struct sim_params {
	char *name;
	int seed;
	double duration_s;
	struct sim_video_params video;
	struct camera_params camera;
	struct sim_sensor_params sensor;
	struct sim_look_params look;
	struct option_list roads, signals, stop_signs, crosswalks, lines, zones, users, props,
		rules;
	struct sim_config_params config;
};
extern const struct option_table sim_options;

/* Reads a world's file. -EINVAL with everything that is wrong in `problems`; -errno with the
 * reason in `err` where it cannot be read. What was read is freed by sim_params_finish() in any
 * case. */
int sim_params_load(
	const char *path, struct sim_params *params, struct problems *problems, struct err *err);
/* The same from memory. */
int sim_params_parse(
	const char *yaml, size_t length, struct sim_params *params, struct problems *problems);
/* The world that `make run` shows, built into the program. -ENOMEM. */
int sim_params_builtin(struct sim_params *params, struct err *err);
/* Of those built in, the n-th: 0 is that one; the others show a turn, a stop sign and a zebra. */
#define SIM_BUILTIN_COUNT 4
int sim_params_example(int index, struct sim_params *params, struct err *err);
void sim_params_finish(struct sim_params *params);
