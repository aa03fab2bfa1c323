/* A table with every type of option, as a stage would declare it: for the test and the fuzzer. */
#pragma once

#include "base/options.h"

struct spot {
	struct option_where where;
	char *name;
	struct vec2 at;
	struct option_strings labels;
};
struct limit_rule {
	int kind;
	struct option_where where;
	double limit_kmh;
	char *zone;
};
struct lamp_rule {
	int kind;
	int lamp;
	double grace_s, spare[8]; /* larger than the other kind */
};
struct inner {
	double rate_hz;
	bool on;
};
struct shared {
	int seed;
};
struct all {
	bool flag;
	int count;
	double ratio;
	char *path, *mode_text;
	int space;
	struct vec2 center;
	struct option_points area;
	struct option_reals weights;
	struct option_strings labels;
	struct inner inner;
	struct shared shared;
	struct option_list spots, rules;
};

static const char *const space_names[] = {"image", "road", NULL};
static const char *const lamp_names[] = {"red", "amber", "green", NULL};

static const struct option inner_list[] = {
	{"rate_hz", OPTION_REAL, offsetof(struct inner, rate_hz), .min = 1, .max = 240, .def = 25,
		.unit = "Hz", .help = "how often"},
	{"on", OPTION_BOOL, offsetof(struct inner, on), .def = 1},
};
static const struct option_table inner_table = {"inner", sizeof(struct inner), OPTION_NOWHERE,
	inner_list, OPTION_COUNT(inner_list), "a section"};
static const struct option shared_list[] = {
	{"seed", OPTION_INT, offsetof(struct shared, seed), .def = 7},
};
static const struct option_table shared_table = {
	"", sizeof(struct shared), OPTION_NOWHERE, shared_list, OPTION_COUNT(shared_list), NULL};
static const struct option spot_list[] = {
	{"name", OPTION_STRING, offsetof(struct spot, name), .required = true},
	{"at", OPTION_POINT, offsetof(struct spot, at)},
	{"labels", OPTION_STRINGS, offsetof(struct spot, labels)},
};
static const struct option_table spot_table = {"spot", sizeof(struct spot),
	offsetof(struct spot, where), spot_list, OPTION_COUNT(spot_list), "a spot"};
static const struct option limit_list[] = {
	{"limit_kmh", OPTION_REAL, offsetof(struct limit_rule, limit_kmh), .min = 1, .max = 300,
		.required = true, .unit = "km/h"},
	{"zone", OPTION_STRING, offsetof(struct limit_rule, zone)},
};
static const struct option_table limit_table = {"speed_limit", sizeof(struct limit_rule),
	offsetof(struct limit_rule, where), limit_list, OPTION_COUNT(limit_list), "too fast"};
static const struct option lamp_list[] = {
	{"lamp", OPTION_ENUM, offsetof(struct lamp_rule, lamp), .names = lamp_names, .def = 2},
	{"grace_s", OPTION_REAL, offsetof(struct lamp_rule, grace_s), .max = 5, .def = 0.3},
};
static const struct option_table lamp_table = {
	"lamp", sizeof(struct lamp_rule), OPTION_NOWHERE, lamp_list, OPTION_COUNT(lamp_list), NULL};
static const struct option_table *const rule_kinds[] = {&limit_table, &lamp_table, NULL};

static const struct option all_list[] = {
	{"flag", OPTION_BOOL, offsetof(struct all, flag)},
	{"count", OPTION_INT, offsetof(struct all, count), .min = -5, .max = 300, .def = 3},
	{"ratio", OPTION_REAL, offsetof(struct all, ratio), .min = 0, .max = 1, .def = 0.5},
	{"path", OPTION_STRING, offsetof(struct all, path)},
	{"mode_text", OPTION_STRING, offsetof(struct all, mode_text), .def_text = "slow"},
	{"space", OPTION_ENUM, offsetof(struct all, space), .names = space_names, .def = 1},
	{"center", OPTION_POINT, offsetof(struct all, center)},
	{"area", OPTION_POINTS, offsetof(struct all, area), .min = 3, .max = 8},
	{"weights", OPTION_REALS, offsetof(struct all, weights), .min = 2, .max = 2},
	{"labels", OPTION_STRINGS, offsetof(struct all, labels)},
	{"inner", OPTION_TABLE, offsetof(struct all, inner), .table = &inner_table},
	{"", OPTION_INLINE, offsetof(struct all, shared), .table = &shared_table},
	{"spots", OPTION_LIST, offsetof(struct all, spots), .max = 3, .table = &spot_table},
	{"rules", OPTION_KINDS, offsetof(struct all, rules), .kinds = rule_kinds},
};
static const struct option_table all_table = {
	"all", sizeof(struct all), OPTION_NOWHERE, all_list, OPTION_COUNT(all_list), NULL};
