/*
 * What the files of options.h share among themselves: options.c (YAML into structs),
 * options_values.c (single values and lists of them), options_memory.c (defaults and freeing),
 * options_set.c (one value by its path), options_help.c (what a table says to people),
 * options_json.c (structs into JSON).
 */
#pragma once

#include "base/options.h"
#include "base/yamlin.h"

/* One key of a mapping, with inline tables unfolded, and the struct that it belongs to. */
struct option_slot {
	const struct option *option;
	char *base;
};

/* Unfolds `table` over `target` (NULL: only the options matter); returns the count. */
int option_slots(
	const struct option_table *table, void *target, struct option_slot slots[OPTION_TABLE_MAX]);
/* The keys of `slots`, ended by NULL, for did_you_mean(). */
void option_slot_names(
	const struct option_slot *slots, int count, const char *names[OPTION_TABLE_MAX + 1]);

/* Bytes of one item of a list or kinds option. */
size_t option_item_size(const struct option *option);
/* The table of one item, by its kind where the option has kinds. */
const struct option_table *option_item_table(const struct option *option, const void *item);
/* Frees what one value holds and leaves it empty (not: its default). */
void option_clear(const struct option *option, void *base);

#define OPTION_EXPECTATION_MAX 256
/* "a whole number, 1 to 240 fps": what must be written, for messages and help. */
const char *option_expectation(const struct option *option, char text[OPTION_EXPECTATION_MAX]);

/* One pass over a document: where it is and what it may still take. */
struct option_reader {
	struct problems *problems;
	int values_left;
	char path[sizeof((struct problem){0}.path)];
	size_t path_length;
};

/* Fills one option in the struct at `base`. 0 also where it complained; -ENOMEM and -E2BIG (too
 * many values, which it said) end the pass. */
typedef int option_read(struct option_reader *r, const struct option *o,
	const struct yamlin_node *node, char *base);

option_read option_read_leaf; /* every type but tables and lists of them */
option_read option_read_enum;
option_read option_read_value; /* every type */

/* The type and the length of a list; false where they are wrong, which is said. */
bool option_check_list(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node);

#define option_complain(r, where, ...)                                                             \
	problems_add((r)->problems, PROBLEM_ERROR, (where), (r)->path, __VA_ARGS__)
void option_complain_expected(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node);

/* The path grows with each step down, by ".name", or "[index]" where name is NULL; the length
 * before is given back for option_path_cut(). */
size_t option_path_push(struct option_reader *r, const char *name, int index);
void option_path_cut(struct option_reader *r, size_t length);

/* Aliases can make a small file say a lot, so what is taken from it is counted: 0 or -E2BIG. */
int option_spend(struct option_reader *r, const struct yamlin_node *node);
