#include "sim/params.h"

#include "sim/builtin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const sim_kind_names[] = {
	"car", "van", "truck", "bus", "motorcycle", "bicycle", "person", NULL};
const char *const sim_lamp_names[] = {"unknown", "red", "red_yellow", "yellow", "green", NULL};
const char *const sim_rule_names[] = {"speed_violation", "red_light", "lane_violation", "wrong_way",
	"illegal_parking", "stopped_in_junction", "illegal_turn", "illegal_u_turn", "stop_sign",
	"tailgating", "pedestrian_right_of_way", NULL};
static const char *const paint_names[] = {"none", "box", "bay", "no_parking", NULL};
static const char *const marking_names[] = {"none", "dashed", "solid", "double", NULL};
static const char *const light_names[] = {"day", "low_sun", "dusk", "night", NULL};
static const char *const weather_names[] = {"clear", "overcast", "rain", "fog", "snow", NULL};
static const char *const prop_names[] = {"building", "tree", "lamp_post", "sign", NULL};
static const char *const codec_names[] = {"h264", "hevc", NULL};

/* A number of a struct with its range, default and unit. */
#define REAL(type, field, low, high, value, si, text)                                              \
	{                                                                                          \
#field, OPTION_REAL, offsetof(struct type, field),                                 \
			.min = low, .max = high, .def = value, .unit = si, .help = text            \
	}
#define INT(type, field, low, high, value, text)                                                   \
	{                                                                                          \
#field, OPTION_INT, offsetof(struct type, field), .min = low, .max = high,         \
								  .def = value, .help = text       \
	}
#define WORD(type, field, words, value, text)                                                      \
	{                                                                                          \
#field, OPTION_ENUM, offsetof(struct type, field), .names = words, .def = value,   \
								   .help = text                    \
	}
#define NAME(type, field, must, text)                                                              \
	{                                                                                          \
#field, OPTION_STRING, offsetof(struct type, field), .required = must,             \
								     .help = text                  \
	}
#define FLAG(type, field, value, text)                                                             \
	{                                                                                          \
#field, OPTION_BOOL, offsetof(struct type, field), .def = value, .help = text      \
	}
#define TABLE(type, word, list, text)                                                              \
	{                                                                                          \
		word, sizeof(struct type), OPTION_NOWHERE, list, OPTION_COUNT(list), text          \
	}
#define ITEM(type, word, list, text)                                                               \
	{                                                                                          \
		word, sizeof(struct type), offsetof(struct type, where), list, OPTION_COUNT(list), \
			text                                                                       \
	}

static const struct option video_list[] = {
	INT(sim_video_params, width_px, 64, 7680, 1280, "even"),
	INT(sim_video_params, height_px, 64, 4320, 720, "even"),
	REAL(sim_video_params, fps, 1, 240, 25, "1/s", "frames a second"),
	REAL(sim_video_params, jitter_ratio, 0, 0.45, 0, "",
		"frames come early or late by up to that share of an interval"),
	REAL(sim_video_params, drop_ratio, 0, 0.9, 0, "", "share of frames that are missing"),
	WORD(sim_video_params, codec, codec_names, 0, "of the video file"),
	INT(sim_video_params, crf, 1, 51, 23, "constant quality, lower is better"),
	INT(sim_video_params, bitrate_kbps, 0, 200000, 0, "0: constant quality"),
	INT(sim_video_params, gop_frames, 1, 1000, 50, "distance of key frames"),
};
static const struct option_table video_table =
	TABLE(sim_video_params, "video", video_list, "the recording");

static const struct option camera_list[] = {
	{"position", OPTION_POINT, offsetof(struct camera_params, position), .required = true,
		.unit = "m", .help = "where it stands"},
	REAL(camera_params, height_m, 0, 200, 8, "m", "above the road"),
	REAL(camera_params, yaw_deg, -360, 360, 0, "deg",
		"compass bearing it looks to; 0: along y"),
	REAL(camera_params, pitch_deg, -10, 90, 14, "deg", "downwards"),
	REAL(camera_params, roll_deg, -45, 45, 0, "deg", "clockwise seen from behind"),
	REAL(camera_params, focal_px, 0, 100000, 1300, "px", "focal length"),
	REAL(camera_params, k1, -1, 1, 0, "", "lens distortion, as in the calibration"),
	REAL(camera_params, k2, -1, 1, 0, "", "lens distortion, as in the calibration"),
};
static const struct option_table camera_table =
	TABLE(camera_params, "camera", camera_list, "where the camera stands and looks");

static const struct option sensor_list[] = {
	REAL(sim_sensor_params, noise_level, 0, 40, 2, "", "standard deviation, 8-bit steps"),
	REAL(sim_sensor_params, exposure_s, 0, 0.1, 0, "s", "shutter: what moves is blurred"),
	REAL(sim_sensor_params, shake_px, 0, 20, 0, "px", "standard deviation of the sway"),
	FLAG(sim_sensor_params, auto_exposure, 0, "follows the brightness of the picture"),
};
static const struct option_table sensor_table =
	TABLE(sim_sensor_params, "sensor", sensor_list, "what the camera does to the picture");

static const struct option look_list[] = {
	WORD(sim_look_params, light, light_names, 0, "time of day"),
	WORD(sim_look_params, weather, weather_names, 0, ""),
	REAL(sim_look_params, strength, 0, 1, 0.5, "", "of the weather"),
	REAL(sim_look_params, sun_bearing_deg, -360, 360, 135, "deg", "where the sun stands"),
	REAL(sim_look_params, sun_elevation_deg, 0, 90, 0, "deg", "0: that of the light"),
	REAL(sim_look_params, haze_m, 0, 100000, 0, "m",
		"distance at which haze takes 63 % of the colour; 0: that of the weather"),
};
static const struct option_table look_table =
	TABLE(sim_look_params, "look", look_list, "light and weather");

static const struct option road_list[] = {
	NAME(sim_road_params, name, true, "lanes are called NAME.f1, NAME.b1, ..."),
	{"points", OPTION_POINTS, offsetof(struct sim_road_params, points), .min = 2, .max = 64,
		.required = true, .unit = "m", .help = "its line; forward lanes lie to the right"},
	REAL(sim_road_params, bend_m, 0, 500, 0, "m",
		"corners are rounded from so far before them"),
	INT(sim_road_params, forward, 0, 6, 1, "lanes along the line"),
	INT(sim_road_params, backward, 0, 6, 1, "lanes against the line"),
	REAL(sim_road_params, lane_width_m, 2, 8, 3.5, "m", ""),
	REAL(sim_road_params, limit_kmh, 0, 200, 50, "km/h", "0: no limit"),
	WORD(sim_road_params, center, marking_names, SIM_MARKING_SOLID, "between the directions"),
	WORD(sim_road_params, divider, marking_names, SIM_MARKING_DASHED, "between lanes"),
	WORD(sim_road_params, edge, marking_names, SIM_MARKING_SOLID, "at the outside"),
	REAL(sim_road_params, shoulder_m, 0, 10, 0.6, "m", "asphalt outside the edge line"),
	REAL(sim_road_params, sidewalk_m, 0, 10, 2, "m", "0: none"),
};
static const struct option_table road_table = ITEM(sim_road_params, "road", road_list, "a road");

static const struct option phase_list[] = {
	{"lamp", OPTION_ENUM, offsetof(struct sim_phase_params, lamp), .names = sim_lamp_names,
		.required = true, .help = "what is lit"},
	{"duration_s", OPTION_REAL, offsetof(struct sim_phase_params, duration_s), .min = 0,
		.max = 3600, .required = true, .unit = "s"},
};
static const struct option_table phase_table =
	ITEM(sim_phase_params, "phase", phase_list, "a phase of a signal plan");

static const struct option signal_list[] = {
	NAME(sim_signal_params, name, true, ""),
	NAME(sim_signal_params, road, true, "whose traffic it stops"),
	REAL(sim_signal_params, at_m, 0, 100000, 0, "m", "the stop line, along the road"),
	FLAG(sim_signal_params, backward, 0, "for the backward lanes"),
	{"plan", OPTION_LIST, offsetof(struct sim_signal_params, plan), .table = &phase_table,
		.min = 1, .max = 64, .required = true, .help = "phases, repeated for ever"},
	REAL(sim_signal_params, offset_s, -3600, 3600, 0, "s", "the plan starts that much earlier"),
	REAL(sim_signal_params, pole_ahead_m, -50, 100, 1.5, "m", "head beyond the stop line"),
	REAL(sim_signal_params, pole_aside_m, -30, 30, 1.5, "m", "head outside the carriageway"),
	REAL(sim_signal_params, head_height_m, 1.5, 10, 3, "m", "its middle above the road"),
};
static const struct option_table signal_table =
	ITEM(sim_signal_params, "signal", signal_list, "a traffic light and its stop line");

static const struct option stop_sign_list[] = {
	NAME(sim_stop_sign_params, name, true, "also of its stop line"),
	NAME(sim_stop_sign_params, road, true, "whose traffic it stops"),
	REAL(sim_stop_sign_params, at_m, 0, 100000, 0, "m", "the stop line, along the road"),
	FLAG(sim_stop_sign_params, backward, 0, "for the backward lanes"),
};
static const struct option_table stop_sign_table =
	ITEM(sim_stop_sign_params, "stop sign", stop_sign_list, "a stop sign and its line");

static const struct option crosswalk_list[] = {
	NAME(sim_crosswalk_params, name, true, "also of its zone"),
	NAME(sim_crosswalk_params, road, true, "which it crosses"),
	REAL(sim_crosswalk_params, at_m, 0, 100000, 0, "m", "its middle, along the road"),
	REAL(sim_crosswalk_params, width_m, 1, 20, 4, "m", "along the road"),
};
static const struct option_table crosswalk_table =
	ITEM(sim_crosswalk_params, "crosswalk", crosswalk_list, "a zebra across a road");

static const struct option line_list[] = {
	NAME(sim_line_params, name, true, ""),
	{"points", OPTION_POINTS, offsetof(struct sim_line_params, points), .min = 2, .max = 32,
		.required = true, .unit = "m"},
	FLAG(sim_line_params, paint, 0, "a solid white line on the road"),
	FLAG(sim_line_params, count, 0, "crossings are counted"),
};
static const struct option_table line_table =
	ITEM(sim_line_params, "line", line_list, "a line for rules and counts");

static const struct option zone_list[] = {
	NAME(sim_zone_params, name, true, ""),
	{"polygon", OPTION_POINTS, offsetof(struct sim_zone_params, polygon), .min = 3, .max = 32,
		.required = true, .unit = "m"},
	WORD(sim_zone_params, paint, paint_names, 0, "what is painted there"),
};
static const struct option_table zone_table =
	ITEM(sim_zone_params, "zone", zone_list, "a zone for rules");

static const struct option rule_list[] = {
	{"kind", OPTION_ENUM, offsetof(struct sim_rule_params, kind), .names = sim_rule_names,
		.required = true, .help = "as in docs/rules.md"},
	NAME(sim_rule_params, zone, false, ""),
	NAME(sim_rule_params, line, false, ""),
	NAME(sim_rule_params, signal, false, ""),
	NAME(sim_rule_params, from, false, "illegal_turn: the zone it comes from"),
	{"to", OPTION_STRINGS, offsetof(struct sim_rule_params, to), .max = 8,
		.help = "illegal_turn: the zones it must not go to"},
	{"exempt_zones", OPTION_STRINGS, offsetof(struct sim_rule_params, exempt_zones), .max = 8,
		.help = "red_light: who goes there may cross on red"},
	REAL(sim_rule_params, limit_kmh, 0, 300, 0, "km/h", "speed_violation"),
	REAL(sim_rule_params, limit_s, 0, 3600, 0, "s", "illegal_parking, stopped_in_junction"),
	REAL(sim_rule_params, exempt_stationary_s, 0, 3600, 0, "s", "lane_violation"),
	REAL(sim_rule_params, min_gap_s, 0, 10, 0, "s", "tailgating"),
	REAL(sim_rule_params, min_speed_kmh, 0, 300, 0, "km/h", "tailgating"),
};
static const struct option_table rule_table = ITEM(sim_rule_params, "rule", rule_list, "a rule");

static const struct option change_list[] = {
	REAL(sim_change_params, at_m, 0, 100000, 0, "m", "begins there, of its own path"),
	REAL(sim_change_params, left_m, -30, 30, 0, "m", "to the left; negative: to the right"),
	REAL(sim_change_params, over_m, 1, 1000, 30, "m", "completed within"),
};
static const struct option_table change_table =
	ITEM(sim_change_params, "change", change_list, "a move sideways");

static const struct option stop_list[] = {
	REAL(sim_stop_params, at_m, 0, 100000, 0, "m", "of its own path"),
	REAL(sim_stop_params, for_s, 0, 3600, 5, "s", "stands so long"),
};
static const struct option_table stop_table = ITEM(sim_stop_params, "stop", stop_list, "a stop");

static const struct option user_list[] = {
	WORD(sim_user_params, kind, sim_kind_names, SIM_CAR, "what it is"),
	{"route", OPTION_STRINGS, offsetof(struct sim_user_params, route), .max = 8,
		.help = "lanes, as main.f1"},
	{"way", OPTION_POINTS, offsetof(struct sim_user_params, way), .max = 32, .unit = "m",
		.help = "instead of a route: points to go through"},
	REAL(sim_user_params, at_m, 0, 100000, 0, "m", "where on the first road it appears"),
	REAL(sim_user_params, at_s, -600, 36000, 0, "s", "when"),
	REAL(sim_user_params, speed_kmh, 0, 300, 48, "km/h", "what it drives on a free road"),
	REAL(sim_user_params, left_m, -10, 10, 0, "m", "left of the middle of its lane"),
	FLAG(sim_user_params, against, 0, "drives its lanes in the wrong direction"),
	REAL(sim_user_params, turn_at_m, 0, 100000, 0, "m",
		"where on the first road it turns round into another lane of it"),
	REAL(sim_user_params, turn_m, 0, 60, 0, "m",
		"bends so far before and behind where two lanes meet; 0: usual"),
	FLAG(sim_user_params, ignores_signals, 0, ""),
	FLAG(sim_user_params, ignores_stop_signs, 0, ""),
	FLAG(sim_user_params, ignores_persons, 0, "also on crosswalks"),
	FLAG(sim_user_params, ignores_others, 0, "does not brake for anybody"),
	FLAG(sim_user_params, gives_way, 0, "to everybody on its way through a junction"),
	REAL(sim_user_params, headway_s, 0.1, 10, 1.3, "s", "kept to the one in front"),
	{"changes", OPTION_LIST, offsetof(struct sim_user_params, changes), .table = &change_table,
		.max = 32, .help = "moves sideways"},
	{"stops", OPTION_LIST, offsetof(struct sim_user_params, stops), .table = &stop_table,
		.max = 8, .help = "places where it stands for a while"},
	{"breaks", OPTION_STRINGS, offsetof(struct sim_user_params, breaks), .max = 4,
		.help = "rules it is meant to break, by kind: the truth is compared with it"},
	INT(sim_user_params, look, -1, 1000000, -1,
		"variant of colour and shape; -1: from the seed"),
};
static const struct option_table user_table =
	ITEM(sim_user_params, "user", user_list, "somebody on the road");

static const struct option prop_list[] = {
	WORD(sim_prop_params, kind, prop_names, 0, "what it is"),
	{"position", OPTION_POINT, offsetof(struct sim_prop_params, position), .required = true,
		.unit = "m", .help = "its middle"},
	REAL(sim_prop_params, width_m, 0, 200, 6, "m", "along x before it is turned"),
	REAL(sim_prop_params, depth_m, 0, 200, 6, "m", "along y before it is turned"),
	REAL(sim_prop_params, height_m, 0, 200, 8, "m", ""),
	REAL(sim_prop_params, turn_deg, -360, 360, 0, "deg", "counter-clockwise"),
};
static const struct option_table prop_table =
	ITEM(sim_prop_params, "prop", prop_list, "a thing beside the road");

static const struct option config_list[] = {
	REAL(sim_config_params, tolerance_kmh, 0, 50, 3, "km/h", "of the speed rules"),
	REAL(sim_config_params, pick_sigma_px, 0, 20, 0.7, "px", "error of the calibration points"),
	REAL(sim_config_params, survey_sigma_m, 0, 5, 0.02, "m", "error of the surveyed points"),
	REAL(sim_config_params, range_m, 5, 1000, 90, "m", "calibrated as far as this"),
	FLAG(sim_config_params, usual_rules, 1,
		"limits, signals and directions of the roads have rules of their own"),
	FLAG(sim_config_params, count_lanes, 0,
		"the counting line across a road tells its lanes (f1, b1, ...) apart"),
};
static const struct option_table config_table = TABLE(
	sim_config_params, "config", config_list, "how the scene file is made from the world");

#define SECTION(field, text)                                                                       \
	{                                                                                          \
#field, OPTION_TABLE, offsetof(struct sim_params, field), .table = &field##_table, \
									  .help = text             \
	}
#define ITEMS(field, one, most, text)                                                              \
	{                                                                                          \
#field, OPTION_LIST, offsetof(struct sim_params, field), .table = &one##_table,    \
									 .max = most, .help = text \
	}
static const struct option sim_list[] = {
	{"name", OPTION_STRING, offsetof(struct sim_params, name), .def_text = "world",
		.help = "becomes the device id"},
	INT(sim_params, seed, 0, 2147483647, 1, "of everything that is left to chance"),
	REAL(sim_params, duration_s, 0, 36000, 30, "s", ""),
	SECTION(video, "the recording"),
	SECTION(camera, "where the camera stands and looks"),
	SECTION(sensor, "what the camera does to the picture"),
	SECTION(look, "light and weather"),
	ITEMS(roads, road, 16, "roads"),
	ITEMS(signals, signal, 16, "traffic lights"),
	ITEMS(stop_signs, stop_sign, 16, "stop signs"),
	ITEMS(crosswalks, crosswalk, 16, "zebras"),
	ITEMS(lines, line, 16, "lines for rules and counts"),
	ITEMS(zones, zone, 16, "zones for rules"),
	ITEMS(rules, rule, 32, "rules beside the usual ones"),
	ITEMS(users, user, 400, "who is on the road"),
	ITEMS(props, prop, 400, "buildings, trees, lamp posts"),
	SECTION(config, "how the scene file is made from the world"),
};
const struct option_table sim_options =
	TABLE(sim_params, "world", sim_list, "a world for the simulator");

int sim_params_parse(
	const char *yaml, size_t length, struct sim_params *params, struct problems *problems)
{
	options_defaults(&sim_options, params);
	return options_read(&sim_options, yaml, length, params, problems);
}

int sim_params_load(
	const char *path, struct sim_params *params, struct problems *problems, struct err *err)
{
	options_defaults(&sim_options, params);
	return options_read_file(&sim_options, path, params, problems, err);
}

void sim_params_finish(struct sim_params *params)
{
	options_free(&sim_options, params);
}

int sim_params_example(int index, struct sim_params *params, struct err *err)
{
	const struct {
		const char *text;
		size_t size;
	} worlds[SIM_BUILTIN_COUNT] = {{builtin_yaml, builtin_yaml_size},
		{illegal_turn_yaml, illegal_turn_yaml_size},
		{rolling_stop_yaml, rolling_stop_yaml_size},
		{zebra_ignored_yaml, zebra_ignored_yaml_size}};
	struct problems problems = {.file = "the built-in world"};
	int r = sim_params_parse(worlds[index].text, worlds[index].size, params, &problems);
	if (r < 0 && problems.count > 0)
		err_set(err, r, "%s: %s: %s", problems.file, problems.items[0].path,
			problems.items[0].text);
	else if (r < 0)
		err_set(err, r, "%s: out of memory", problems.file);
	problems_finish(&problems);
	return r;
}

int sim_params_builtin(struct sim_params *params, struct err *err)
{
	return sim_params_example(0, params, err);
}
