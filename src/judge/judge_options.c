#include "judge/lanes.h"
#include "judge/rule.h"

#include <stdio.h>
#include <string.h>

static const char *const space_names[] = {"image", "road", NULL};
static const char *const lamp_names[] = {"unknown", "red", "red_yellow", "yellow", "green", NULL};

static const struct option line_list[] = {
	{"name", OPTION_STRING, offsetof(struct line_params, name), .required = true,
		.help = "by which rules and counts call it"},
	{"space", OPTION_ENUM, offsetof(struct line_params, space), .names = space_names,
		.help = "image: pixels; road: metres, needs a calibration"},
	{"points", OPTION_POINTS, offsetof(struct line_params, points), .min = 2, .max = 64,
		.required = true,
		.help = "forward is from the left to the right of who walks along it"},
	{"count", OPTION_BOOL, offsetof(struct line_params, count), .def = 1,
		.help = "count who crosses it"},
	{"lanes", OPTION_STRINGS, offsetof(struct line_params, lanes), .max = 63,
		.help = "names of the lanes between its points; or, of a line of two points, of "
			"equal parts"},
};
static const struct option_table line_table = {"lines", sizeof(struct line_params),
	offsetof(struct line_params, where), line_list, OPTION_COUNT(line_list),
	"stop lines, solid lines, counting lines"};

static const struct option zone_list[] = {
	{"name", OPTION_STRING, offsetof(struct zone_params, name), .required = true,
		.help = "by which rules call it"},
	{"space", OPTION_ENUM, offsetof(struct zone_params, space), .names = space_names,
		.help = "image: pixels; road: metres, needs a calibration"},
	{"polygon", OPTION_POINTS, offsetof(struct zone_params, polygon), .min = 3, .max = 64,
		.required = true, .help = "its corners, in order"},
};
static const struct option_table zone_table = {"zones", sizeof(struct zone_params),
	offsetof(struct zone_params, where), zone_list, OPTION_COUNT(zone_list),
	"areas of the road"};

static const struct option phase_list[] = {
	{"lamp", OPTION_ENUM, offsetof(struct phase_params, lamp), .names = lamp_names,
		.required = true, .help = "what is lit"},
	{"duration_s", OPTION_REAL, offsetof(struct phase_params, duration_s), .min = 0.1,
		.max = 3600, .required = true, .unit = "s", .help = "for how long"},
};
static const struct option_table phase_table = {"phases", sizeof(struct phase_params),
	offsetof(struct phase_params, where), phase_list, OPTION_COUNT(phase_list),
	"one phase of a signal plan"};

#define LAMP(name)                                                                                 \
	{                                                                                          \
#name, OPTION_POINTS, offsetof(struct lamps_params, name),                         \
			.min = 2, .max = 2, .unit = "px",                                          \
			.help = "two corners of the region in which it is seen"                    \
	}
static const struct option lamps_list[] = {LAMP(red), LAMP(yellow), LAMP(green)};
static const struct option_table lamps_table = {"lamps", sizeof(struct lamps_params),
	OPTION_NOWHERE, lamps_list, OPTION_COUNT(lamps_list), "a region for each lamp"};

static const struct option signal_list[] = {
	{"name", OPTION_STRING, offsetof(struct signal_params, name), .required = true,
		.help = "by which rules call it"},
	{"region", OPTION_POINTS, offsetof(struct signal_params, region), .min = 2, .max = 2,
		.unit = "px", .help = "two corners of the whole head: red at its top, or its left"},
	{"lamps", OPTION_TABLE, offsetof(struct signal_params, lamps), .table = &lamps_table,
		.help = "or a region for each lamp"},
	{"hold_s", OPTION_REAL, offsetof(struct signal_params, hold_s), .min = 0, .max = 10,
		.def = 0.2, .unit = "s",
		.help = "a lamp read from the picture must last so long to be believed"},
	{"phases", OPTION_LIST, offsetof(struct signal_params, phases), .max = 64,
		.table = &phase_table, .help = "or a plan that repeats for ever"},
	{"offset_s", OPTION_REAL, offsetof(struct signal_params, offset_s), .min = -86400,
		.max = 86400, .unit = "s", .help = "media time at which the first phase begins"},
	{"file", OPTION_STRING, offsetof(struct signal_params, file),
		.help = "or JSON Lines {\"t\": 12.4, \"lamp\": \"red\"}"},
};
static const struct option_table signal_table = {"signals", sizeof(struct signal_params),
	offsetof(struct signal_params, where), signal_list, OPTION_COUNT(signal_list),
	"traffic lights: seen in the picture, by a plan, or from a file"};

static const struct option judge_list[] = {
	{"lines", OPTION_LIST, offsetof(struct judge_params, lines), .max = COUNT_LINES_MAX,
		.table = &line_table, .help = "stop lines, solid lines, counting lines"},
	{"zones", OPTION_LIST, offsetof(struct judge_params, zones), .max = 128,
		.table = &zone_table, .help = "areas of the road"},
	{"signals", OPTION_LIST, offsetof(struct judge_params, signals), .max = SIGNALS_MAX,
		.table = &signal_table, .help = "traffic lights"},
	{"rules", OPTION_KINDS, offsetof(struct judge_params, rules), .max = 128,
		.kinds = rule_tables, .help = "what is not allowed"},
};
const struct option_table judge_options = {"judge", sizeof(struct judge_params), OPTION_NOWHERE,
	judge_list, OPTION_COUNT(judge_list), "lines, zones, signals and rules"};

struct place {
	struct problems *problems;
	struct option_where where;
	char path[128];
	int width_px, height_px;
};

static void check_inside(const struct place *at, const struct option_points *points)
{
	int outside = 0;
	if (at->width_px == 0 || at->height_px == 0)
		return;
	for (int i = 0; i < points->count; i++) {
		struct vec2 p = points->items[i];
		outside += p.x < 0 || p.y < 0 || p.x > at->width_px || p.y > at->height_px;
	}
	if (outside == 0)
		return;
	if (outside == points->count)
		problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
			"lies outside the picture of %dx%d pixels", at->width_px, at->height_px);
	else
		problems_add(at->problems, PROBLEM_WARNING, at->where, at->path,
			"%d of %d points lie outside the picture of %dx%d pixels", outside,
			points->count, at->width_px, at->height_px);
}

static void check_space(const struct place *at, int space, bool calibrated)
{
	if (space == SPACE_ROAD && !calibrated)
		problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
			"road coordinates need a calibration; add calibration.points, or draw it "
			"with "
			"space: image");
}

static void check_polygon(const struct place *at, const struct option_points *polygon)
{
	int a, b;
	if (polygon->count < 3)
		return;
	if (polygon_crosses_itself(polygon->items, polygon->count, &a, &b))
		problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
			"crosses itself: the edge from corner %d to %d meets the one from %d to "
			"%d; put the "
			"corners in order",
			a + 1, (a + 1) % polygon->count + 1, b + 1, (b + 1) % polygon->count + 1);
	else if (!(fabs(polygon_area(polygon->items, polygon->count)) > 0))
		problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
			"has no area: its corners lie on one line");
}

static void check_line_points(const struct place *at, const struct option_points *points)
{
	for (int i = 1; i < points->count; i++)
		if (!(vec2_length(vec2_sub(points->items[i], points->items[i - 1])) > 0))
			problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
				"the points %d and %d are the same", i, i + 1);
}

/* Where a lane of that name is, before `index`, with another in between; or -1. */
static int lane_elsewhere(const struct option_strings *lanes, int index)
{
	int i = index - 1;
	while (i >= 0 && strcmp(lanes->items[i], lanes->items[index]) == 0)
		i--;
	while (i >= 0 && strcmp(lanes->items[i], lanes->items[index]) != 0)
		i--;
	return i;
}

static void check_lane_names(const struct place *at, const struct option_strings *lanes)
{
	for (int i = 0; i < lanes->count; i++) {
		int other = lane_elsewhere(lanes, i);
		if (strlen(lanes->items[i]) > 47)
			problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
				"the name of lane %d is longer than 47 bytes", i + 1);
		if (other >= 0)
			problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
				"\"%s\" is the name of lane %d and of lane %d, with another in "
				"between",
				lanes->items[i], other + 1, i + 1);
	}
}

/* Stretches of one name are one lane. */
static int count_lanes(const struct option_strings *lanes)
{
	int count = 0;
	for (int i = 0; i < lanes->count; i++)
		count += i == 0 || strcmp(lanes->items[i], lanes->items[i - 1]) != 0;
	return count;
}

static void check_lanes(struct place *at, const struct line_params *line, int index, int *total)
{
	const int stretches = line->points.count - 1, names = line->lanes.count;
	int count = count_lanes(&line->lanes);
	snprintf(at->path, sizeof(at->path), "lines[%d].lanes", index);
	if (names == 0)
		return;
	if (!line->count)
		problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
			"a line that does not count has no lanes: leave out count: false");
	if (stretches > 1 && names != stretches)
		problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
			"has %d names for %d stretches between its points: name each of them, or "
			"give two points, between which lanes are equal",
			names, stretches);
	if (count > LINE_LANES_MAX)
		problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
			"has %d lanes; at most %d are possible", count, LINE_LANES_MAX);
	if (*total <= COUNT_LANES_MAX && *total + count > COUNT_LANES_MAX)
		problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
			"all lines together have more than %d lanes", COUNT_LANES_MAX);
	*total += count;
	check_lane_names(at, &line->lanes);
}

static const char *name_at(const struct option_list *list, int index, size_t offset)
{
	const char *item = (const char *)list->items + (size_t)index * list->item_size;
	return *(char *const *)(const void *)(item + offset);
}

static void check_names(struct place *at, const struct option_list *list, size_t name_offset,
	size_t where_offset, const char *what)
{
	for (int i = 0; i < list->count; i++) {
		const char *name = name_at(list, i, name_offset);
		const char *item = (const char *)list->items + (size_t)i * list->item_size;
		memcpy(&at->where, item + where_offset, sizeof(at->where));
		snprintf(at->path, sizeof(at->path), "%s[%d].name", what, i);
		if (name && strlen(name) > 47)
			problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
				"is longer than 47 bytes");
		for (int k = 0; name && k < i; k++) {
			const char *other = name_at(list, k, name_offset);
			if (other && !strcmp(other, name))
				problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
					"\"%s\" is already the name of %s[%d]", name, what, k);
		}
	}
}

static void check_signal(struct place *at, const struct signal_params *s, int index)
{
	const struct option_points *lamps[] = {&s->lamps.red, &s->lamps.yellow, &s->lamps.green};
	int lamp_count = lamps[0]->count + lamps[1]->count + lamps[2]->count;
	int sources = (s->region.count > 0) + (lamp_count > 0) + (s->phases.count > 0) + !!s->file;
	at->where = s->where;
	snprintf(at->path, sizeof(at->path), "signals[%d]", index);
	if (sources == 0)
		problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
			"does not say where its lamps are seen: give one of region, lamps, phases, "
			"file");
	else if (sources > 1)
		problems_add(at->problems, PROBLEM_ERROR, at->where, at->path,
			"has %d sources: give only one of region, lamps, phases, file", sources);
	if (lamp_count > 0 && s->lamps.red.count == 0)
		problems_add(at->problems, PROBLEM_WARNING, at->where, at->path,
			"has no red lamp: no rule can find it red");
	check_inside(at, &s->region);
	for (int i = 0; i < 3; i++)
		check_inside(at, lamps[i]);
}

void judge_check(const struct judge_params *params, int width_px, int height_px, bool calibrated,
	struct problems *problems)
{
	struct place at = {.problems = problems, .width_px = width_px, .height_px = height_px};
	const struct line_params *lines = params->lines.items;
	const struct zone_params *zones = params->zones.items;
	const struct signal_params *signals = params->signals.items;
	int lane_count = 0;
	check_names(&at, &params->lines, offsetof(struct line_params, name),
		offsetof(struct line_params, where), "lines");
	check_names(&at, &params->zones, offsetof(struct zone_params, name),
		offsetof(struct zone_params, where), "zones");
	check_names(&at, &params->signals, offsetof(struct signal_params, name),
		offsetof(struct signal_params, where), "signals");
	for (int i = 0; i < params->lines.count; i++) {
		at.where = lines[i].where;
		snprintf(at.path, sizeof(at.path), "lines[%d].points", i);
		check_space(&at, lines[i].space, calibrated);
		check_line_points(&at, &lines[i].points);
		if (lines[i].space == SPACE_IMAGE)
			check_inside(&at, &lines[i].points);
		check_lanes(&at, &lines[i], i, &lane_count);
	}
	for (int i = 0; i < params->zones.count; i++) {
		at.where = zones[i].where;
		snprintf(at.path, sizeof(at.path), "zones[%d].polygon", i);
		check_space(&at, zones[i].space, calibrated);
		check_polygon(&at, &zones[i].polygon);
		if (zones[i].space == SPACE_IMAGE)
			check_inside(&at, &zones[i].polygon);
	}
	for (int i = 0; i < params->signals.count; i++)
		check_signal(&at, &signals[i], i);
	rule_check_all(params, calibrated, problems);
}

/* What a rule's parameters say for its first reference of that kind, or NULL. */
static const char *ref_name(const struct rule_common *params, enum rule_ref_kind kind)
{
	const struct rule_ref *ref = rule_kinds[params->kind]->refs;
	for (int i = 0; i < RULE_REFS_MAX && ref[i].option; i++)
		if (ref[i].kind == kind)
			return *(char *const *)(const void *)((const char *)params + ref[i].offset);
	return NULL;
}

static bool same_name(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

int judge_line_signal(const struct judge_params *params, int line)
{
	const struct line_params *lines = params->lines.items;
	const struct signal_params *signals = params->signals.items;
	for (int i = 0; i < params->rules.count; i++) {
		const struct rule_common *rule =
			(const void *)((const char *)params->rules.items +
				       (size_t)i * params->rules.item_size);
		const char *line_name = ref_name(rule, RULE_REF_LINE);
		const char *signal_name = ref_name(rule, RULE_REF_SIGNAL);
		if (!same_name(line_name, lines[line].name))
			continue;
		for (int k = 0; k < params->signals.count; k++)
			if (same_name(signal_name, signals[k].name))
				return k;
	}
	return -1;
}
