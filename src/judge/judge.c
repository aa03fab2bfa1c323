#include "judge/judge.h"

#include "judge/crosser.h"
#include "judge/lanes.h"
#include "judge/rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT_MARGIN_M 0.3
#define LANE_MARGIN_M 0.3 /* nearer to a division, it may be the next lane */
#define LANE_SIGMAS 2
#define RETURN_MARGIN_M 2.0 /* vehicles do not turn round on a line */
/* At the end: fast enough over that time to come clear of the line. */
#define DRIVE_ON_S 0.5
#define OCCUPIED_WINDOW_S 1.0
#define OCCUPIED_MPS_MIN 0.3 /* slower, and the time is anybody's guess */
#define DRIVE_ON_MPS 1.0

/* What a vehicle's memory begins with: one per line of the scene. */
struct line_memory {
	struct crosser crosser;
	bool counted[CROSSING_DIRECTION_COUNT];
};

struct line_lanes {
	struct lanes lanes;
	int first; /* of them among counts.lanes */
};

struct judge {
	struct site site;
	struct line_lanes *lanes; /* one per line */
	struct vehicles vehicles;
	struct rule *rules;
	int rule_count;
	struct counts counts;
	struct rule_step step;
	bool has_time;
	struct media last;
	bool has_look;
	struct media looked; /* the latest frame that was not coasted */
};

static const void *item(const struct option_list *list, int index)
{
	return (const char *)list->items + (size_t)index * list->item_size;
}

static int make_site(struct judge *j, const struct judge_params *params, struct err *err)
{
	struct site *s = &j->site;
	s->calibration = params->calibration;
	s->lines = calloc((size_t)params->lines.count + 1, sizeof(s->lines[0]));
	s->zones = calloc((size_t)params->zones.count + 1, sizeof(s->zones[0]));
	s->signals = calloc((size_t)params->signals.count + 1, sizeof(s->signals[0]));
	if (!s->lines || !s->zones || !s->signals)
		return err_set(err, -ENOMEM, "no memory for the judge");
	for (; s->line_count < params->lines.count; s->line_count++) {
		const struct line_params *p = item(&params->lines, s->line_count);
		int r = outline_init(&s->lines[s->line_count], p->name, &p->points, false, p->space,
			s->calibration, err);
		if (r < 0)
			return r;
	}
	for (; s->zone_count < params->zones.count; s->zone_count++) {
		const struct zone_params *p = item(&params->zones, s->zone_count);
		int r = outline_init(&s->zones[s->zone_count], p->name, &p->polygon, true, p->space,
			s->calibration, err);
		if (r < 0)
			return r;
	}
	for (; s->signal_count < params->signals.count; s->signal_count++) {
		int r = lights_init(
			&s->signals[s->signal_count], item(&params->signals, s->signal_count), err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_lanes(struct judge *j, int line, const struct line_params *params, struct err *err)
{
	struct line_lanes *l = &j->lanes[line];
	struct counts *c = &j->counts;
	const char *names[LINE_LANES_MAX];
	lanes_init(&l->lanes, params, &j->site.lines[line], names);
	l->first = c->lane_count;
	for (int i = 0; i < l->lanes.count; i++) {
		if (c->lane_count == COUNT_LANES_MAX)
			return err_set(err, -EINVAL, "more than %d lanes", COUNT_LANES_MAX);
		struct lane_count *lane = &c->lanes[c->lane_count++];
		lane->line = line;
		snprintf(lane->name, sizeof(lane->name), "%s", names[i]);
	}
	return 0;
}

static int make_counts(struct judge *j, const struct judge_params *params, struct err *err)
{
	int r = 0;
	j->lanes = calloc((size_t)j->site.line_count + 1, sizeof(j->lanes[0]));
	if (!j->lanes)
		return err_set(err, -ENOMEM, "no memory for the judge");
	j->counts.line_count = j->site.line_count;
	for (int i = 0; r == 0 && i < j->site.line_count; i++) {
		const struct line_params *p = item(&params->lines, i);
		struct line_count *c = &j->counts.lines[i];
		memcpy(c->name, j->site.lines[i].name, sizeof(c->name));
		c->counting = p->count;
		r = make_lanes(j, i, p, err);
	}
	return r;
}

static size_t aligned(size_t size)
{
	size_t unit = _Alignof(max_align_t);
	return (size + unit - 1) / unit * unit;
}

static int make_rules(struct judge *j, const struct judge_params *params, struct err *err,
	size_t *ret_memory_size)
{
	size_t memory = aligned((size_t)j->site.line_count * sizeof(struct line_memory));
	j->rules = calloc((size_t)params->rules.count + 1, sizeof(j->rules[0]));
	if (!j->rules)
		return err_set(err, -ENOMEM, "no memory for the rules");
	for (; j->rule_count < params->rules.count; j->rule_count++) {
		struct rule *rule = &j->rules[j->rule_count];
		int r = rule_create(item(&params->rules, j->rule_count), j->rule_count, memory,
			&j->site, err, rule);
		if (r < 0) {
			rule_destroy(rule);
			return r;
		}
		memory += aligned(rule->ops->memory_size);
	}
	*ret_memory_size = memory;
	return 0;
}

static void begin(struct judge *j, const struct rule *rule)
{
	j->step.rule = rule;
	j->step.self = rule->self;
}

static void gone(void *opaque, struct vehicle *vehicle)
{
	struct judge *j = opaque;
	for (int i = 0; i < j->rule_count; i++) {
		const struct rule *rule = &j->rules[i];
		if (!rule->ops->gone || !rule_concerns(rule, vehicle))
			continue;
		begin(j, rule);
		rule->ops->gone(&j->step, vehicle, rule_memory(&j->step, vehicle));
	}
}

static int check_counts(const struct judge_params *params, struct err *err)
{
	if (params->lines.count > COUNT_LINES_MAX)
		return err_set(err, -EINVAL, "more than %d lines", COUNT_LINES_MAX);
	if (params->signals.count > SIGNALS_MAX)
		return err_set(err, -EINVAL, "more than %d signals", SIGNALS_MAX);
	return 0;
}

int judge_create(const struct judge_params *params, struct err *err, struct judge **ret_judge)
{
	size_t memory_size = 0;
	int r = check_counts(params, err);
	if (r < 0)
		return r;
	struct judge *j = calloc(1, sizeof(*j));
	if (!j)
		return err_set(err, -ENOMEM, "no memory for the judge");
	r = make_site(j, params, err);
	if (r < 0)
		goto fail;
	r = make_counts(j, params, err);
	if (r < 0)
		goto fail;
	r = make_rules(j, params, err, &memory_size);
	if (r < 0)
		goto fail;
	r = vehicles_init(&j->vehicles, params->calibration, memory_size, gone, j);
	if (r < 0) {
		err_set(err, r, "no memory for the judge");
		goto fail;
	}
	j->step.site = &j->site;
	j->step.vehicles = &j->vehicles;
	*ret_judge = j;
	return 0;
fail:
	judge_destroy(&j);
	return r;
}

void judge_destroy(struct judge **judge)
{
	struct judge *j = *judge;
	*judge = NULL;
	if (!j)
		return;
	for (int i = 0; i < j->rule_count; i++)
		rule_destroy(&j->rules[i]);
	for (int i = 0; i < j->site.line_count; i++)
		outline_finish(&j->site.lines[i]);
	for (int i = 0; i < j->site.zone_count; i++)
		outline_finish(&j->site.zones[i]);
	for (int i = 0; i < j->site.signal_count; i++)
		lights_finish(&j->site.signals[i]);
	vehicles_finish(&j->vehicles);
	free(j->lanes);
	free(j->site.lines);
	free(j->site.zones);
	free(j->site.signals);
	free(j->rules);
	free(j);
}

/* The footprint's extent across the line over the speed across it. */
static double occupied_s(const struct judge *j, const struct vehicle *v, int line)
{
	struct vec2 normal, velocity;
	outline_side(&j->site.lines[line], v->center, &normal);
	if (!vehicle_velocity(v, OCCUPIED_WINDOW_S, &velocity, NULL))
		return NAN;
	double speed = fabs(vec2_dot(velocity, normal));
	if (speed < OCCUPIED_MPS_MIN * v->units_per_m)
		return NAN;
	return 2 * vehicle_extent(&j->vehicles, v, normal) / speed;
}

/* Its lane among all, -1: none; and whether it may be the next one. */
static int lane_of(
	const struct judge *j, const struct vehicle *v, int line, double along, bool *ret_unsure)
{
	const struct line_lanes *l = &j->lanes[line];
	struct vec2 normal;
	double distance;
	*ret_unsure = false;
	if (l->lanes.count == 0)
		return -1;
	int lane = lanes_at(&l->lanes, along, &distance);
	outline_side(&j->site.lines[line], v->center, &normal);
	double sigma = vehicle_sigma(v, (struct vec2){-normal.y, normal.x});
	*ret_unsure = distance < larger(LANE_MARGIN_M * v->units_per_m, LANE_SIGMAS * sigma);
	return l->first + lane;
}

static void count_crossing(struct judge *j, const struct vehicle *v, int line,
	enum crossing_direction direction, const struct crosser *crosser)
{
	struct counts *c = &j->counts;
	bool unsure;
	int lane = lane_of(j, v, line, crosser->met_along, &unsure);
	c->lines[line].count[direction][v->road_user]++;
	if (lane >= 0) {
		c->lanes[lane].count[direction][v->road_user]++;
		c->lanes[lane].unsure[direction] += unsure;
	}
	if (c->crossing_count < CROSSINGS_MAX)
		c->crossings[c->crossing_count++] = (struct crossing){.line = line,
			.direction = direction,
			.track_id = v->id,
			.truth_id = v->truth_id,
			.road_user = v->road_user,
			.at = crosser->met_at,
			.lane = lane,
			.lane_unsure = unsure,
			.occupied_s = occupied_s(j, v, line)};
}

/*
 * How far from a line a vehicle must be to be surely beyond it. Where another stands right in front
 * of it, as in the next lane, its lower side may be further down than is seen, by what its box has
 * lost in height at least; across that it is as sure as ever.
 */
static double count_margin(const struct vehicle *v, struct vec2 normal, bool first, bool returns)
{
	double margin = larger((returns ? RETURN_MARGIN_M : COUNT_MARGIN_M) * v->units_per_m,
		(returns ? 4 : 2) * vehicle_sigma(v, normal));
	double hidden = vehicle_hidden_px(v) * fabs(vec2_dot(v->per_px[1], normal));
	/* On which side one came is believed from a third of the margin on, but not of what is
	 * hidden. */
	return margin + (first ? 3 : 1) * hidden;
}

static void count_vehicle(struct judge *j, const struct vehicle *v)
{
	struct line_memory *memory = vehicles_memory(&j->vehicles, v);
	struct media at;
	struct vec2 normal;
	for (int i = 0; i < j->site.line_count; i++) {
		if (!j->counts.lines[i].counting || v->cut || v->still)
			continue;
		/* One that is covered says no more than on which side it came. */
		if (v->covered && memory[i].crosser.side)
			continue;
		const struct outline *line = &j->site.lines[i];
		double side = outline_side(line, v->center, &normal);
		/* Of whom the lower side was never seen is nearer than it seems. */
		if (v->doubtful && v->whole_px == 0 && v->usual_px == 0 &&
			side * vec2_dot(normal, v->per_px[1]) < 0)
			continue;
		bool returns = memory[i].counted[0] || memory[i].counted[1];
		double margin = count_margin(v, normal, memory[i].crosser.side == 0, returns);
		if (!memory[i].crosser.has_last && v->born_at.us != MEDIA_NONE.us)
			crosser_step(&memory[i].crosser, line, v->born, margin, v->born_at, &at);
		int crossed = crosser_step(&memory[i].crosser, line, v->center, margin, v->at, &at);
		enum crossing_direction d = crossed > 0 ? CROSSING_FORWARD : CROSSING_BACKWARD;
		if (!crossed || memory[i].counted[d])
			continue;
		memory[i].counted[d] = true;
		count_crossing(j, v, i, d, &memory[i].crosser);
	}
}

/* Minute of the local day, or -1 where the frame does not know the time of day. */
static int minute_of_day(const struct frame *frame)
{
	struct tm tm;
	if (!frame || frame->wall.us <= 0)
		return -1;
	time_t seconds = (time_t)(frame->wall.us / 1000000);
	return localtime_r(&seconds, &tm) ? tm.tm_hour * 60 + tm.tm_min : -1;
}

static bool applies(const struct rule *rule, int minute)
{
	const struct hours *h = &rule->hours;
	if (!h->given)
		return true;
	if (minute < 0)
		return false;
	return h->from_min <= h->to_min ? minute >= h->from_min && minute < h->to_min
					: minute >= h->from_min || minute < h->to_min;
}

static void apply_rule(struct judge *j, const struct rule *rule)
{
	struct vehicles *vs = &j->vehicles;
	begin(j, rule);
	for (int i = 0; rule->ops->vehicle && i < vs->used_count; i++) {
		struct vehicle *v = &vs->items[vs->used[i]];
		if (v->measure && rule_concerns(rule, v))
			rule->ops->vehicle(&j->step, v, rule_memory(&j->step, v));
	}
	if (rule->ops->frame)
		rule->ops->frame(&j->step);
}

static void show_signals(const struct judge *j, struct violations *out)
{
	out->signal_count = j->site.signal_count;
	for (int i = 0; i < j->site.signal_count; i++)
		out->signals[i] = lights_at(&j->site.signals[i], out->media);
}

static void lose_time(struct judge *j)
{
	vehicles_expire(&j->vehicles, j->last, true);
	for (int i = 0; i < j->site.signal_count; i++)
		lights_forget(&j->site.signals[i], j->step.now);
}

/* What was seen in a frame that somebody looked at; the frame before is the last such. */
static void judge_look(struct judge *j, const struct frame *frame, const struct measures *measures)
{
	j->step.frame_s = j->has_look ? media_diff_s(measures->media, j->looked) : 0;
	j->looked = measures->media;
	j->has_look = true;
	vehicles_step(&j->vehicles, measures);
	for (int i = 0; i < j->vehicles.used_count; i++) {
		const struct vehicle *v = &j->vehicles.items[j->vehicles.used[i]];
		if (v->measure)
			count_vehicle(j, v);
	}
	int minute = minute_of_day(frame);
	for (int i = 0; i < j->rule_count; i++)
		if (applies(&j->rules[i], minute))
			apply_rule(j, &j->rules[i]);
	vehicles_expire(&j->vehicles, measures->media, false);
}

/* No more lines and crossings than there are. */
static void tell_counts(const struct judge *j, struct counts *out)
{
	const struct counts *c = &j->counts;
	out->line_count = c->line_count;
	memcpy(out->lines, c->lines, sizeof(c->lines[0]) * (size_t)c->line_count);
	out->lane_count = c->lane_count;
	memcpy(out->lanes, c->lanes, sizeof(c->lanes[0]) * (size_t)c->lane_count);
	out->crossing_count = c->crossing_count;
	memcpy(out->crossings, c->crossings, sizeof(c->crossings[0]) * (size_t)c->crossing_count);
}

int judge_step(struct judge *judge, const struct frame *frame, const struct measures *measures,
	struct violations *out, struct counts *counts)
{
	struct judge *j = judge;
	if (j->has_time && measures->media.us <= j->last.us)
		return -EINVAL;
	out->media = measures->media;
	out->sequence = measures->sequence;
	out->count = out->dropped_count = 0;
	j->counts.crossing_count = 0;
	j->step.out = out;
	j->step.now = measures->media;
	if (measures->reset)
		lose_time(j);
	j->last = measures->media;
	for (int i = 0; i < j->site.signal_count; i++)
		lights_step(&j->site.signals[i], frame, measures->media);
	if (!measures->coasted)
		judge_look(j, frame, measures);
	j->has_time = true;
	show_signals(j, out);
	tell_counts(j, counts);
	return 0;
}

/*
 * Whoever stands on a line crosses it when leaving it. Where the feet were hidden lately it is the
 * box that says whether a vehicle drives.
 */
static bool drives_on(const struct vehicle *v, const struct outline *line, int direction)
{
	struct vec2 normal, velocity;
	outline_side(line, v->center, &normal);
	if (!vehicle_velocity(v, DRIVE_ON_S, &velocity, NULL))
		velocity = vehicle_box_velocity(v);
	return !v->standing &&
	       direction * vec2_dot(velocity, normal) > DRIVE_ON_MPS * v->units_per_m;
}

/* Who has met a line and is beyond it, if not clearly: more likely than not it goes on. */
static void count_pending(struct judge *j)
{
	j->counts.crossing_count = 0;
	for (int i = 0; i < j->vehicles.used_count; i++) {
		const struct vehicle *v = &j->vehicles.items[j->vehicles.used[i]];
		struct line_memory *memory = vehicles_memory(&j->vehicles, v);
		for (int k = 0; k < j->site.line_count; k++) {
			const struct crosser *c = &memory[k].crosser;
			enum crossing_direction d =
				c->met > 0 ? CROSSING_FORWARD : CROSSING_BACKWARD;
			bool returns = memory[k].counted[0] || memory[k].counted[1];
			bool beyond = c->met * outline_side(&j->site.lines[k], c->last, NULL) > 0;
			if (!v->ended && beyond && c->side == -c->met && !returns &&
				drives_on(v, &j->site.lines[k], c->met))
				count_crossing(j, v, k, d, c);
		}
	}
}

void judge_flush(struct judge *judge, struct violations *out, struct counts *counts)
{
	struct judge *j = judge;
	out->media = j->last;
	out->count = out->dropped_count = 0;
	j->step.out = out;
	j->step.now = j->last;
	count_pending(j);
	tell_counts(j, counts);
	lose_time(j);
	show_signals(j, out);
}
