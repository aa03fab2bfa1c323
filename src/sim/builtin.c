#include "sim/params.h"

#include <stdint.h>

/* The literals are writable only in type: nothing ever changes them. */
#define LIST(a)                                                                                    \
	{                                                                                          \
		(void *)(uintptr_t)(a), (int)(sizeof(a) / sizeof((a)[0])), sizeof((a)[0])          \
	}
#define TEXT(s) ((char *)(uintptr_t)(s))

static const struct vec2 line[] = {{0, -60}, {0, 320}};
static char *const f1[] = {TEXT("main.f1")}, *const f2[] = {TEXT("main.f2")};
static char *const b1[] = {TEXT("main.b1")}, *const b2[] = {TEXT("main.b2")};

static const struct sim_road_params roads[] = {{
	.name = TEXT("main"),
	.points = {(struct vec2 *)(uintptr_t)line, 2},
	.forward = 2,
	.backward = 2,
	.lane_width_m = 3.5,
	.limit_kmh = 50,
	.center = SIM_MARKING_DOUBLE,
	.divider = SIM_MARKING_DASHED,
	.edge = SIM_MARKING_SOLID,
	.shoulder_m = 0.6,
	.sidewalk_m = 2.5,
}};

static const struct sim_phase_params plan[] = {
	{.lamp = SIM_LAMP_GREEN, .duration_s = 10},
	{.lamp = SIM_LAMP_YELLOW, .duration_s = 3},
	{.lamp = SIM_LAMP_RED, .duration_s = 8},
	{.lamp = SIM_LAMP_RED_YELLOW, .duration_s = 1},
	{.lamp = SIM_LAMP_GREEN, .duration_s = 60},
};
static const struct sim_signal_params signals[] = {{
	.name = TEXT("main"),
	.road = TEXT("main"),
	.at_m = 96,
	.plan = LIST(plan),
	.pole_ahead_m = 1.5,
	.pole_aside_m = 3.0,
	.head_height_m = 3.0,
}};

#define USER(k, lane, at, time, ...)                                                               \
	{                                                                                          \
		.kind = SIM_##k, .route = {(char **)(uintptr_t)lane, 1}, .at_m = at, .at_s = time, \
		.look = -1, .speed_kmh = __VA_ARGS__                                               \
	}

/*
 * Forward traffic comes into view at about 76 m; the stop line is at 96. The signal turns red at
 * 13 s. Oncoming traffic starts at the far end, some of it before the recording does.
 */
static const struct sim_user_params users[] = {
	USER(MOTORCYCLE, f2, 10, 0, 52), /* over the limit, within the tolerance */
	USER(CAR, f1, 10, 0.5, 79), /* speeding, well over */
	USER(CAR, f2, 10, 2.8, 47),
	USER(CAR, f1, 10, 3.4, 49),
	USER(CAR, f2, 10, 8.0, 50), /* stops */
	USER(CAR, f1, 10, 9.6, 48, .ignores_signals = true), /* runs the red light */
	USER(TRUCK, f2, 10, 11.2, 42), /* stops behind */
	USER(VAN, f1, 10, 13.2, 46), /* stops */
	USER(CAR, f2, 10, 16.5, 48),
	USER(CAR, f1, 10, 18.0, 51),
	USER(CAR, b1, 20, 12.8, 44, .against = true), /* wrong way */
	USER(CAR, b1, 330, -2, 71), /* speeding */
	USER(VAN, b2, 330, -10, 48),
	USER(CAR, b2, 330, -6.8, 50),
	USER(CAR, b2, 330, -3, 46),
	USER(BUS, b2, 330, 1.6, 44),
	USER(CAR, b2, 330, 6.4, 47),
	USER(MOTORCYCLE, b2, 330, 9.4, 49),
	USER(CAR, b2, 330, 12, 50),
};

#define PROP(k, x, y, w, d, h, turn)                                                               \
	{                                                                                          \
		.kind = SIM_PROP_##k, .position = {x, y}, .width_m = w, .depth_m = d,              \
		.height_m = h, .turn_deg = turn                                                    \
	}
static const struct sim_prop_params props[] = {
	PROP(BUILDING, -24, 62, 14, 22, 11, 0),
	PROP(BUILDING, -26, 92, 16, 26, 15, 0),
	PROP(BUILDING, -25, 132, 14, 34, 9, 0),
	PROP(BUILDING, -28, 190, 18, 50, 18, 0),
	PROP(BUILDING, 27, 82, 14, 24, 9, 0),
	PROP(BUILDING, 28, 116, 16, 28, 14, 0),
	PROP(BUILDING, 26, 160, 14, 36, 11, 0),
	PROP(BUILDING, 29, 215, 18, 44, 16, 0),
	PROP(TREE, 15, 46, 5, 5, 7, 0),
	PROP(TREE, 16, 60, 6, 6, 8, 0),
	PROP(TREE, 15, 96, 6, 6, 8, 0),
	PROP(TREE, 15, 138, 6, 6, 9, 0),
	PROP(TREE, -14, 46, 5, 5, 7, 0),
	PROP(TREE, -14, 76, 6, 6, 8, 0),
	PROP(TREE, -14, 112, 6, 6, 8, 0),
	PROP(TREE, -14, 158, 6, 6, 9, 0),
	PROP(TREE, 14, 180, 6, 6, 8, 0),
	PROP(TREE, -14, 215, 6, 6, 8, 0),
	PROP(TREE, 15, 240, 7, 7, 9, 0),
	PROP(TREE, -15, 270, 7, 7, 10, 0),
	PROP(LAMP_POST, 10.5, 74, 1.6, 0, 8, 180),
	PROP(LAMP_POST, 10.5, 118, 1.6, 0, 8, 180),
	PROP(LAMP_POST, 10.5, 162, 1.6, 0, 8, 180),
	PROP(LAMP_POST, -10.5, 96, 1.6, 0, 8, 0),
	PROP(LAMP_POST, -10.5, 140, 1.6, 0, 8, 0),
};

static const struct sim_params builtin = {
	.name = TEXT("builtin"),
	.seed = 7,
	.duration_s = 28,
	.video = {1280, 720, 25},
	.camera = {.position = {-1.0, 0},
		.height_m = 9,
		.yaw_deg = 1.5,
		.pitch_deg = 13,
		.focal_px = 1350},
	.look = {.sun_bearing_deg = 125, .sun_elevation_deg = 52, .haze_m = 900, .noise_level = 2},
	.roads = LIST(roads),
	.signals = LIST(signals),
	.users = LIST(users),
	.props = LIST(props),
	.config = {.tolerance_kmh = 3, .pick_sigma_px = 0.7, .survey_sigma_m = 0.02, .range_m = 90},
};

const struct sim_params *sim_builtin(void)
{
	return &builtin;
}
