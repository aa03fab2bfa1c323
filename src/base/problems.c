#include "base/problems.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void problems_add(struct problems *problems, enum problem_level level, struct option_where where,
	const char *path, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	problems_add_v(problems, level, where, path, fmt, args);
	va_end(args);
}

static struct problem *problems_grow(struct problems *problems)
{
	if (problems->count == PROBLEMS_KEPT_MAX)
		return NULL;
	if (problems->count == problems->capacity) {
		int capacity = problems->capacity ? 2 * problems->capacity : 16;
		struct problem *items = realloc(problems->items, (size_t)capacity * sizeof(*items));
		if (!items)
			return NULL;
		problems->items = items;
		problems->capacity = capacity;
	}
	return &problems->items[problems->count++];
}

void problems_add_v(struct problems *problems, enum problem_level level, struct option_where where,
	const char *path, const char *fmt, va_list args)
{
	if (level == PROBLEM_ERROR)
		problems->error_count++;
	else
		problems->warning_count++;
	struct problem *p = problems_grow(problems);
	if (!p)
		return;
	*p = (struct problem){.level = level, .line = where.line, .column = where.column};
	snprintf(p->path, sizeof(p->path), "%s", path ? path : "");
	vsnprintf(p->text, sizeof(p->text), fmt, args);
}

static bool problem_is_after(const struct problem *a, const struct problem *b)
{
	return a->line != b->line ? a->line > b->line : a->column > b->column;
}

/* Insertion sort: stable, few items, and nearly sorted already. */
void problems_sort(struct problems *problems)
{
	for (int i = 1; i < problems->count; i++) {
		struct problem p = problems->items[i];
		int at = i;
		for (; at > 0 && problem_is_after(&problems->items[at - 1], &p); at--)
			problems->items[at] = problems->items[at - 1];
		problems->items[at] = p;
	}
}

void problem_format(const struct problem *p, const char *file, char *text, size_t size)
{
	char place[32] = "";
	if (p->line > 0)
		snprintf(place, sizeof(place), "%d:%d:", p->line, p->column);
	snprintf(text, size, "%s%s%s%s%s: %s%s%s", file ? file : "", file ? ":" : "", place,
		file || place[0] ? " " : "", p->level == PROBLEM_ERROR ? "error" : "warning",
		p->path, p->path[0] ? ": " : "", p->text);
}

void problems_print(const struct problems *problems, FILE *out)
{
	char line[1024];
	for (int i = 0; i < problems->count; i++) {
		problem_format(&problems->items[i], problems->file, line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
	int left_out = problems->error_count + problems->warning_count - problems->count;
	if (left_out > 0)
		fprintf(out, "%s%sand %d more, not shown\n", problems->file ? problems->file : "",
			problems->file ? ": " : "", left_out);
}

void problems_first(
	const struct problems *problems, const char *file, const char *hint, struct err *err)
{
	int first = 0;
	while (first < problems->count && problems->items[first].level != PROBLEM_ERROR)
		first++;
	if (first == problems->count)
		return;
	problem_format(&problems->items[first], file, err->text, sizeof(err->text));
	size_t length = strlen(err->text);
	if (problems->error_count > 1)
		snprintf(err->text + length, sizeof(err->text) - length, " (and %d more%s)",
			problems->error_count - 1, hint);
}

void problems_finish(struct problems *problems)
{
	free(problems->items);
	*problems = (struct problems){.file = problems->file};
}
