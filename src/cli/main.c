/* Finds the subcommand and hands over. */
#include "cli/cli.h"

#include "base/did_you_mean.h"
#include "base/heap.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COMMANDS_MAX 32
#define NAME_MAX_BYTES 64

static const struct cli_command bench_commands[] = {
	{"kernel", "picture to tensor, against libswscale", cli_bench_kernel},
	{"pipeline", "the pipeline against its parts alone", cli_bench_pipeline},
	{"sim", "the simulator: what a drawn frame costs", cli_bench_sim},
	{"streams", "how many live cameras can be analysed", cli_bench_streams},
	{"serve", "requests beside FastAPI, and hundreds of WebSockets", cli_bench_serve},
	{"store", "durable violations, and questions about them", cli_bench_store},
	{0},
};

static const struct cli_command db_commands[] = {
	{"check", "look at every page, sum and evidence file", cli_db_check},
	{"backup", "copy a store while others write to it", cli_db_backup},
	{"retain", "let go what is older, or more, than is to be kept", cli_db_retain},
	{"export", "rows as CSV or JSON Lines", cli_db_export},
	{0},
};

static const struct cli_command eval_commands[] = {
	{"detect", "score a detection model against labelled images", cli_eval_detect},
	{"track", "score tracks against truth: HOTA, MOTA, IDF1", cli_eval_track},
	{"speed", "score speeds against truth: errors, intervals, refusals", cli_eval_speed},
	{"violations", "score violations against truth: precision, recall", cli_eval_violations},
	{"count", "score counts over lines against truth", cli_eval_count},
	{0},
};

static const struct cli_command commands[] = {
	{"run", "analyse videos: vehicles, speeds, violations", cli_run},
	{"demo", "analyse the built-in scene and compare with its truth", cli_demo},
	{"serve", "run cameras; serve what they see over REST and WebSocket", cli_serve},
	{"check", "say everything that is wrong with a scene file", cli_check},
	{"doctor", "look at a camera or a file, and say what to change about it", cli_doctor},
	{"db", "check, copy, export and thin out a store", NULL, db_commands},
	{"eval", "score results against truth", NULL, eval_commands},
	{"bench", "measure speed and memory", NULL, bench_commands},
	{"sim", "draw a road scene and write down the truth about it", cli_sim},
	{"version", "print the version", cli_version},
	{0},
};

static void print_help(const char *program, const struct cli_command *table, FILE *out)
{
	fprintf(out, "usage: %s COMMAND [options]\n\ncommands:\n", program);
	for (const struct cli_command *c = table; c->name; c++)
		fprintf(out, "  %-14s%s\n", c->name, c->help);
	fprintf(out, "\n'%s COMMAND --help' says more about one of them.\n", program);
}

static int unknown_command(const char *program, const struct cli_command *table, const char *word)
{
	const char *names[COMMANDS_MAX + 1];
	int count = 0;
	for (; table[count].name && count < COMMANDS_MAX; count++)
		names[count] = table[count].name;
	names[count] = NULL;
	const char *meant = did_you_mean(word, names);
	fprintf(stderr, "%s: unknown command '%s'%s%s%s\nTry '%s --help'.\n", program, word,
		meant ? ": did you mean '" : "", meant ? meant : "", meant ? "'?" : "", program);
	return CLI_USAGE;
}

static bool is_word(const char *word, const char *one, const char *other)
{
	return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

/* argv[0] is the command that `table` stands below, argv[1] the one to find in it. */
static int dispatch(const struct cli_command *table, int argc, char **argv)
{
	char program[NAME_MAX_BYTES];
	if (argc < 2) {
		print_help(argv[0], table, stderr);
		return CLI_USAGE;
	}
	if (is_word(argv[1], "--help", "-h") || strcmp(argv[1], "help") == 0) {
		print_help(argv[0], table, stdout);
		return cli_flush();
	}
	for (const struct cli_command *c = table; c->name; c++) {
		if (strcmp(c->name, argv[1]) != 0)
			continue;
		snprintf(program, sizeof(program), "%s %s", argv[0], c->name);
		argv[1] = program;
		return c->group ? dispatch(c->group, argc - 1, argv + 1)
				: c->run(argc - 1, argv + 1);
	}
	return unknown_command(argv[0], table, argv[1]);
}

int main(int argc, char **argv)
{
	char name[] = "gantry";
	/* A reader that went away is a failed write, not the end of the process. */
	signal(SIGPIPE, SIG_IGN);
	heap_share();
	if (argc > 0)
		argv[0] = name;
	if (argc > 1 && is_word(argv[1], "--version", "-V"))
		return cli_version(argc, argv);
	return dispatch(commands, argc, argv);
}
