/*
 * The subcommands of the program `gantry` and what they have in common.
 *
 * A subcommand is one file NAME.c (eval_NAME.c, bench_NAME.c) with one function cli_NAME(argc,
 * argv), declared at the end of this file, and one row of a table in main.c. argv[0] is its full
 * name ("gantry eval detect"). It declares its options in a table (args.h), writes what was asked
 * for to standard output and everything else to standard error, and returns an exit code:
 */
#pragma once

#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1, /* everything ran, and the answer is no: a check or comparison failed */
	CLI_USAGE = 2, /* the command line is wrong */
	CLI_CONFIG = 3, /* the configuration is wrong or cannot be read */
	CLI_SOURCE = 4, /* a video cannot be opened or holds nothing to analyse */
	CLI_MODEL = 5, /* the detector cannot be made: model, labels or ONNX Runtime */
	CLI_OUTPUT = 6, /* something cannot be written; what was written before is valid */
	CLI_DATA = 7, /* another input (truth, results, images) cannot be read or is wrong */
	CLI_RUNTIME = 8, /* the machine refused: out of memory, no thread */
	CLI_DAMAGED = 9, /* a video is damaged or ends early; the rest of it was analysed */
	CLI_INTERRUPTED = 130, /* SIGINT or SIGTERM; what was written is valid */
};

struct cli_command {
	const char *name;
	const char *help; /* a few words, lower case, no full stop */
	int (*run)(int argc, char **argv);
	const struct cli_command *group; /* instead of run: commands below this one, ended by {0} */
};

/* "gantry: SENTENCE" to standard error; returns `code`. */
int cli_fail(enum cli_exit code, const struct err *err);
int cli_failf(enum cli_exit code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* From here on SIGINT and SIGTERM are only noted, for whoever asks cli_interrupted(). */
void cli_catch_interrupts(void);
bool cli_interrupted(void);

/* Flushes standard output; CLI_OUTPUT, which it says, where that or an earlier write failed. */
int cli_flush(void);
/* A whole text to a file, or to standard output for "-". CLI_OK, or CLI_OUTPUT, said. */
int cli_write_text(const char *path, const char *text, size_t length);
/* A finished JSON text to a file, or to standard output for "-". CLI_OK, or CLI_OUTPUT, said. */
int cli_write_json(const char *path, const struct json *json);

int cli_bench_kernel(int argc, char **argv);
int cli_bench_pipeline(int argc, char **argv);
int cli_bench_streams(int argc, char **argv);
int cli_bench_serve(int argc, char **argv);
int cli_bench_store(int argc, char **argv);
int cli_bench_sim(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_db_backup(int argc, char **argv);
int cli_db_check(int argc, char **argv);
int cli_db_export(int argc, char **argv);
int cli_db_retain(int argc, char **argv);
int cli_demo(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_eval_count(int argc, char **argv);
int cli_eval_detect(int argc, char **argv);
int cli_eval_speed(int argc, char **argv);
int cli_eval_track(int argc, char **argv);
int cli_eval_violations(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_sim(int argc, char **argv);
int cli_version(int argc, char **argv);
