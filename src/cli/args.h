/*
 * The command line of one subcommand, declared as a table next to the struct that it fills:
 *
 *     struct run_args { const char *config; bool quiet; };
 *     static const struct arg run_arg_list[] = {
 *         {"config", 'c', ARG_TEXT, offsetof(struct run_args, config), "FILE",
 *             .help = "the scene: calibration, lines, zones, rules"},
 *         {"quiet", 'q', ARG_FLAG, offsetof(struct run_args, quiet), .help = "no progress"},
 *     };
 *     static const struct arg_table run_table = {.about = "analyse videos",
 *         .operands = "SOURCE...", .operands_min = 1, .operands_max = ARG_MANY,
 *         .args = run_arg_list, .count = ARG_COUNT(run_arg_list)};
 *
 *     struct run_args args = {0};                     // the defaults
 *     struct arg_operands sources;
 *     int code = args_read(&run_table, argc, argv, &args, &sources);
 *     if (code != ARGS_GO_ON)
 *             return code;
 *
 * --name VALUE, --name=VALUE, -n VALUE, -nVALUE, -ab for two flags, and -- before operands that
 * begin with '-'; options and operands in any order. A long name may be shortened while only one
 * fits. -h and --help are there for every command, made from the table.
 *
 * Memory: none; texts are borrowed from argv, whose operands are moved together.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum arg_type {
	ARG_FLAG, /* bool, true where given */
	ARG_TEXT, /* const char * */
	ARG_TEXTS, /* struct arg_texts: may be given again and again */
	ARG_INT, /* int, min to max */
	ARG_REAL, /* double, min to max, finite */
	ARG_CHOICE, /* int, an index into `names` */
};

#define ARG_TEXTS_MAX 1024
struct arg_texts {
	const char *items[ARG_TEXTS_MAX];
	int count;
};

struct arg {
	const char *name; /* without the two hyphens */
	char letter; /* 0: none */
	enum arg_type type;
	size_t offset;
	const char *value; /* "FILE", for the help; flags have none */
	const char *const *names; /* choice: the words, ended by NULL */
	double min, max; /* both 0: no limit */
	const char *help; /* one line; say the default here */
};

struct arg_table {
	const char *about; /* one sentence, lower case, no full stop */
	const char *operands; /* "SOURCE...", for the usage line; NULL: none are taken */
	int operands_min, operands_max;
	const struct arg *args;
	int count;
	const char
		*more; /* paragraphs behind the options (examples), ending in a newline; or NULL */
};

#define ARG_COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))
#define ARG_MANY 1000000

struct arg_operands {
	char **items;
	int count;
};

#define ARGS_GO_ON (-1)
/*
 * Fills `target`, which holds the defaults. ARGS_GO_ON, or the exit code to return at once: CLI_OK
 * after --help, CLI_USAGE after a wrong command line (said on standard error).
 */
int args_read(const struct arg_table *table, int argc, char **argv, void *target,
	struct arg_operands *ret_operands);

void args_print_help(const struct arg_table *table, const char *program, FILE *out);
