/*
 * Options: what a user may set, declared as tables next to the struct that they fill.
 *
 * A stage declares its parameters once:
 *
 *     static const struct option tracker_option_list[] = {
 *         {"max_lost_s", OPTION_REAL, offsetof(struct tracker_params, max_lost_s),
 *          .min = 0, .max = 60, .def = 2, .help = "seconds a lost track is kept"},
 *     };
 *     const struct option_table tracker_options = {
 *             "track", sizeof(struct tracker_params), OPTION_NOWHERE, tracker_option_list,
 *             OPTION_COUNT(tracker_option_list), "how detections become tracks"};
 *
 * and options_read() fills the struct from a YAML mapping, collecting EVERYTHING that is wrong, in
 * one pass, with line, column, path and a suggestion for a misspelt name. Defaults come from the
 * table, so a struct that was never read is made by options_defaults().
 *
 * A key given twice is an error; an empty text ("") counts as not given; a section without content
 * is a warning. YAML's own bounds are in yamlin.h; OPTION_VALUES_MAX bounds what aliases multiply.
 *
 * Memory: strings, point lists and lists that were read belong to the struct and are freed by
 * options_free(). Threads: tables are constant; the rest belongs to the caller.
 */
#pragma once

#include "base/did_you_mean.h"
#include "base/err.h"
#include "base/geometry.h"
#include "base/json.h"
#include "base/problems.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum option_type {
	OPTION_BOOL, /* bool */
	OPTION_INT, /* int, min to max */
	OPTION_REAL, /* double, min to max, finite */
	OPTION_STRING, /* char *, NULL where not given */
	OPTION_ENUM, /* int, an index into `names` */
	OPTION_POINT, /* struct vec2, written [x, y] */
	OPTION_POINTS, /* struct option_points, written [[x, y], [x, y], ...], min to max of them */
	OPTION_REALS, /* struct option_reals, written [a, b, ...], min to max of them */
	OPTION_STRINGS, /* struct option_strings, written [a, b, ...] */
	OPTION_TABLE, /* a struct inside this one, described by `table` */
	OPTION_INLINE, /* the same, but its keys stand at this level: no name */
	OPTION_LIST, /* struct option_list of structs described by `table`, min to max of them */
	OPTION_KINDS, /* struct option_list; each item a struct described by one of `kinds`, chosen
		       * by its key "kind"; the item starts with an `int kind` (index into kinds)
		       * and has the size of the largest kind; min to max of them */
};

struct option_points {
	struct vec2 *items;
	int count;
};
struct option_reals {
	double *items;
	int count;
};
struct option_strings {
	char **items;
	int count;
};
/* `items` are `count` structs of `item_size` bytes, one after another. What cannot be an item at
 * all (no mapping, an unknown kind) is an error and is left out. */
struct option_list {
	void *items;
	int count;
	size_t item_size;
};

struct option_table;

struct option {
	const char *name;
	enum option_type type;
	size_t offset;
	double min, max; /* both 0: no limit */
	double def; /* default of bool, int, real and enum */
	const char *def_text; /* default of a string */
	const char *const *names; /* enum: the words, ended by NULL */
	const struct option_table *table; /* table and list */
	const struct option_table *const *kinds; /* kinds: ended by NULL */
	bool required;
	const char *unit; /* for the help: "km/h", "s", "px" */
	const char *help; /* one line */
};

struct option_table {
	const char *name; /* "speed_violation"; for kinds the word after `kind:` */
	size_t size;
	/* Offset of a struct option_where that says where the mapping began, or OPTION_NOWHERE. */
	size_t where_offset;
	const struct option *options;
	int count;
	const char *help;
};

#define OPTION_NOWHERE ((size_t)-1)
#define OPTION_TABLE_MAX 64 /* options in one table */
#define OPTION_TEXT_MAX 4096 /* bytes of one string */
#define OPTION_VALUES_MAX 100000 /* values in one file, those repeated by aliases included */
#define OPTION_COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

/* Fills `target` with the defaults of `table`; what it held before is not freed. */
void options_defaults(const struct option_table *table, void *target);
/* Frees what options_defaults() and options_read() allocated inside `target`, and zeroes it. */
void options_free(const struct option_table *table, void *target);

/*
 * Reads YAML text into `target` (which must hold defaults). Problems are added to `problems`; what
 * is right is filled in all the same, so that later checks find more in the same pass: a later
 * check takes a NULL string and an empty list of points, numbers or texts as already complained of.
 * 0 where no error was added, -EINVAL where one was, -ENOMEM.
 */
int options_read(const struct option_table *table, const char *yaml, size_t length, void *target,
	struct problems *problems);
/* The same from a file; -errno where the file cannot be read (said in `err`). */
int options_read_file(const struct option_table *table, const char *path, void *target,
	struct problems *problems, struct err *err);

/*
 * One value from the command line or the environment: `path` as in the problems
 * ("pipeline.target_fps", "rules[0].limit_kmh"; list items must exist), `text` as in the file, but
 * that strings and enum words are taken as they are. What was there before is freed.
 * -EINVAL with the reason in `err` and `target` unchanged but where a list was given wrongly;
 * -ENOMEM.
 */
int options_set(const struct option_table *table, void *target, const char *path, const char *text,
	struct err *err);

/* What differs from the defaults, as a JSON object that options_read() reads to the same. */
void options_write_json(const struct option_table *table, const void *from, struct json *json);

/* Every option with default, unit, range and help: as a commented YAML file that can be copied, or
 * as Markdown tables. */
void options_print_yaml(const struct option_table *table, FILE *out);
void options_print_markdown(const struct option_table *table, FILE *out);
