/*
 * Everything that is wrong with a file, collected in one pass and printed the way compilers do:
 *
 *     scene.yaml:12:14: error: rules[2].limit_kmh: must be 1 to 300 km/h, is -5
 *
 * At most PROBLEMS_KEPT_MAX are kept; errors beyond are still counted in `error_count`.
 *
 * Memory: a zeroed struct is empty; problems_finish() frees. Threads: belongs to the caller.
 */
#pragma once

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#define PROBLEMS_KEPT_MAX 200

/* Where a value stood, so that a later check (a line outside the image) can point at it. */
struct option_where {
	int line, column; /* from 1; 0 where the value was not in the file */
};

enum problem_level {
	PROBLEM_ERROR,
	PROBLEM_WARNING, /* legal, but hardly meant */
};

struct problem {
	enum problem_level level;
	int line, column;
	char path[128]; /* "rules[2].limit_kmh"; empty: the file as a whole */
	char text[320]; /* what is wrong and what to do: "must be 0 to 300, is -5" */
};

struct problems {
	const char *file; /* borrowed, for the printed form */
	struct problem *items;
	int count, capacity;
	int error_count, warning_count; /* of all, kept or not */
};

void problems_add(struct problems *problems, enum problem_level level, struct option_where where,
	const char *path, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void problems_add_v(struct problems *problems, enum problem_level level, struct option_where where,
	const char *path, const char *fmt, va_list args) __attribute__((format(printf, 5, 0)));
/* By line, then column; those of one place stay in the order found. */
void problems_sort(struct problems *problems);
/* "FILE:LINE:COLUMN: error: PATH: TEXT"; parts that are not known are left out. */
void problem_format(const struct problem *problem, const char *file, char *text, size_t size);
/* One line each, and a last one for those that were not kept. */
void problems_print(const struct problems *problems, FILE *out);
/*
 * The first error as a sentence, and how many more there are: "... (and 2 moreHINT)", where `hint`
 * says how to see them (": gantry check"), or "". Leaves `err` as it is where there is none.
 */
void problems_first(
	const struct problems *problems, const char *file, const char *hint, struct err *err);
void problems_finish(struct problems *problems);
