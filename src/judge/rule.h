/*
 * What a kind of rule is made of. Private to src/judge. Adding a kind: one file rule_KIND.c that
 * defines its `const struct rule_ops` and its option table, one line in the table of rules.c.
 *
 * A rule lives through: check (what is wrong with its parameters), create (names become pointers),
 * then for every frame one call of frame() and one of vehicle() for each road user that the rule is
 * about and that was seen in that frame, and gone() when a road user will not come back. What it
 * must remember of a road user it keeps in `memory`, zeroed when the road user appears.
 *
 * A rule that has something to say calls rule_report(), fills in the numbers and the sentence, and
 * remembers that it did: once for each vehicle and event.
 */
#pragma once

#include "judge/judge.h"
#include "judge/lights.h"
#include "judge/outline.h"
#include "judge/vehicle.h"

/* The beginning of the parameters of every kind; `kind` and `where` are filled by options.h. */
struct rule_common {
	int kind;
	struct option_where where;
	char *name; /* NULL: the kind's */
	struct option_strings classes; /* none: every vehicle, but no person */
	char *hours; /* "22:00-06:00"; NULL: always */
};
extern const struct option_table rule_common_options;
#define RULE_COMMON(params)                                                                        \
	{                                                                                          \
		.type = OPTION_INLINE, .offset = offsetof(struct params, common),                  \
		.table = &rule_common_options                                                      \
	}
#define RULE_TABLE(kind_name, params, list, text)                                                  \
	{                                                                                          \
		.name = kind_name, .size = sizeof(struct params),                                  \
		.where_offset = offsetof(struct params, common.where), .options = list,            \
		.count = OPTION_COUNT(list), .help = text                                          \
	}

/* The lines, zones and signals of the scene, ready to use. */
struct site {
	const struct calibration *calibration;
	struct outline *lines, *zones;
	int line_count, zone_count;
	struct lights *signals;
	int signal_count;
};
/* NULL where there is none of that name, or `name` is NULL. */
const struct outline *site_line(const struct site *site, const char *name);
const struct outline *site_zone(const struct site *site, const char *name);
const struct lights *site_lights(const struct site *site, const char *name);

/* A name in the parameters that must exist in the scene. */
enum rule_ref_kind {
	RULE_REF_LINE,
	RULE_REF_ZONE,
	RULE_REF_ZONES, /* struct option_strings */
	RULE_REF_SIGNAL,
};
struct rule_ref {
	const char *option;
	enum rule_ref_kind kind;
	size_t offset;
};
#define RULE_REFS_MAX 6

struct rule_check {
	const struct judge_params *params;
	struct problems *problems;
	char path[64]; /* "rules[2]" */
	struct option_where where;
};
void rule_problem(const struct rule_check *check, enum problem_level level, const char *option,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

struct rule;
struct rule_step;

struct rule_ops {
	enum violation_kind kind;
	const struct option_table *options;
	bool needs_calibration;
	struct rule_ref refs[RULE_REFS_MAX]; /* ended by option NULL */
	size_t self_size; /* of what create() fills, zeroed before */
	size_t memory_size; /* kept for each vehicle */
	/* Whatever the table and the refs cannot say; may be NULL. */
	void (*check)(const void *params, const struct rule_check *check);
	/* `params` are checked, and borrowed for this call only. */
	int (*create)(const void *params, const struct site *site, struct err *err, void *self);
	void (*destroy)(void *self); /* may be NULL */
	/* Each may be NULL. */
	void (*frame)(struct rule_step *step);
	void (*vehicle)(struct rule_step *step, struct vehicle *vehicle, void *memory);
	/* `vehicle` was last seen earlier and will not come back. */
	void (*gone)(struct rule_step *step, struct vehicle *vehicle, void *memory);
};

struct hours {
	bool given;
	int from_min, to_min; /* of the day; from > to: over midnight */
};

struct rule {
	const struct rule_ops *ops;
	int index;
	char name[48];
	unsigned classes; /* a bit for each enum road_user */
	struct hours hours;
	void *self;
	size_t memory_offset;
};

#define RULE_RECENT_MAX 64

/* A violation just reported, so that two tracks on one vehicle do not report it twice. */
struct rule_recent {
	int rule;
	uint32_t track_id;
	struct media when;
	struct box box;
};

struct rule_step {
	const struct site *site;
	struct vehicles *vehicles;
	const struct rule *rule;
	void *self;
	struct media now;
	double frame_s; /* media time since the frame before; 0: first */
	struct violations *out;
	struct violation spare; /* for what is not to be kept */
	struct rule_recent recent[RULE_RECENT_MAX];
	int recent_count;
};

/* Every kind, in the order of their documentation, ended by NULL; and their option tables. */
extern const struct rule_ops *const rule_kinds[];
extern const struct option_table *const rule_tables[];

int rule_create(const struct rule_common *params, int index, size_t memory_offset,
	const struct site *site, struct err *err, struct rule *rule);
void rule_destroy(struct rule *rule);
void rule_check_all(const struct judge_params *params, bool calibrated, struct problems *problems);
bool rule_concerns(const struct rule *rule, const struct vehicle *vehicle);

/*
 * A new violation of `vehicle` at `at`, with everything filled in but the numbers, the severity
 * (medium) and the sentence. Never NULL; where there is no room, or another track on the same
 * vehicle has just reported the same, it is one that nobody will see.
 */
struct violation *rule_report(
	struct rule_step *step, const struct vehicle *vehicle, struct media at);
/* "car 17" */
const char *rule_subject(const struct vehicle *vehicle, char text[32]);
/* What the rule at work remembers of another vehicle. */
void *rule_memory(const struct rule_step *step, const struct vehicle *vehicle);

#define RULE_DECLARE(stem)                                                                         \
	extern const struct rule_ops stem##_ops;                                                   \
	extern const struct option_table stem##_options
RULE_DECLARE(rule_speed);
RULE_DECLARE(rule_red_light);
RULE_DECLARE(rule_lane);
RULE_DECLARE(rule_wrong_way);
RULE_DECLARE(rule_stay_parking);
RULE_DECLARE(rule_stay_junction);
RULE_DECLARE(rule_turn);
RULE_DECLARE(rule_u_turn);
RULE_DECLARE(rule_stop_sign);
RULE_DECLARE(rule_tailgating);
RULE_DECLARE(rule_crosswalk);
