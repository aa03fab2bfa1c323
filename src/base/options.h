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
 * This is the only door to libyaml.
 *
 * Memory: strings, point lists and lists that were read belong to the struct and are freed by
 * options_free(). Threads: tables are constant; the rest belongs to the caller.
 */
#pragma once

#include "base/err.h"
#include "base/geometry.h"

#include <stdbool.h>
#include <stddef.h>

enum option_type {
	OPTION_BOOL,   /* bool */
	OPTION_INT,    /* int, min to max */
	OPTION_REAL,   /* double, min to max, finite */
	OPTION_STRING, /* char *, NULL where not given */
	OPTION_ENUM,   /* int, an index into `names` */
	OPTION_POINT,  /* struct vec2, written [x, y] */
	OPTION_POINTS, /* struct option_points, written [[x, y], [x, y], ...], min to max of them */
	OPTION_REALS,  /* struct option_reals, written [a, b, ...], min to max of them */
	OPTION_STRINGS,/* struct option_strings, written [a, b, ...] */
	OPTION_TABLE,  /* a struct inside this one, described by `table` */
	OPTION_LIST,   /* struct option_list of structs described by `table` */
	OPTION_KINDS,  /* struct option_list; each item a struct described by one of `kinds`, chosen
	                * by its key "kind"; the item starts with an `int kind` (index into kinds) */
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
/* `items` are `count` structs of `item_size` bytes, one after another. */
struct option_list {
	void *items;
	int count;
	size_t item_size;
};

/* Where a value stood, so that a later check (a line outside the image) can point at it. */
struct option_where {
	int line, column; /* from 1; 0 where the value was not in the file */
};

struct option_table;

struct option {
	const char *name;
	enum option_type type;
	size_t offset;
	double min, max; /* both 0: no limit */
	double def;      /* default of bool, int, real and enum */
	const char *def_text;        /* default of a string */
	const char *const *names;    /* enum: the words, ended by NULL */
	const struct option_table *table;        /* table and list */
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
#define OPTION_COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

/* Everything that is wrong with a file. */
enum problem_level {
	PROBLEM_ERROR,
	PROBLEM_WARNING, /* legal, but hardly meant */
};
struct problem {
	enum problem_level level;
	int line, column;
	char path[128]; /* "rules[2].limit_kmh" */
	char text[320]; /* what is wrong and what to do: "must be 0 to 300, is -5" */
};
struct problems {
	const char *file; /* borrowed, for the printed form */
	struct problem *items;
	int count, capacity;
	int error_count;
};

void problems_add(struct problems *problems, enum problem_level level, struct option_where where,
	const char *path, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void problems_sort(struct problems *problems); /* by line, then column */
void problems_finish(struct problems *problems);

/* Fills `target` with the defaults of `table`; what it held before is not freed. */
void options_defaults(const struct option_table *table, void *target);
/* Frees what options_read() allocated inside `target` and sets the defaults again. */
void options_free(const struct option_table *table, void *target);

/*
 * Reads YAML text into `target` (which must hold defaults). Problems are added to `problems`; what
 * is right is filled in all the same, so that later checks find more in the same pass.
 * 0 where no error was added, -EINVAL where one was, -ENOMEM.
 */
int options_read(const struct option_table *table, const char *yaml, size_t length, void *target,
	struct problems *problems);
/* The same from a file; -errno where the file cannot be read (said in `err`). */
int options_read_file(const struct option_table *table, const char *path, void *target,
	struct problems *problems, struct err *err);

/* The best of `names` (ended by NULL) for a misspelt word, or NULL: Damerau-Levenshtein <= 2. */
const char *did_you_mean(const char *word, const char *const *names);
