#include "cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int cli_fail(enum cli_exit code, const struct err *err)
{
	fprintf(stderr, "gantry: %s\n", err->text);
	return (int)code;
}

int cli_failf(enum cli_exit code, const char *fmt, ...)
{
	va_list args;
	fputs("gantry: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return (int)code;
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

void cli_catch_interrupts(void)
{
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
}

bool cli_interrupted(void)
{
	return interrupted;
}

int cli_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return CLI_OK;
	return cli_failf(CLI_OUTPUT, "standard output cannot be written");
}

int cli_write_text(const char *path, const char *text, size_t length)
{
	bool to_stdout = strcmp(path, "-") == 0;
	FILE *file = to_stdout ? stdout : fopen(path, "we");
	bool failed = !file || fwrite(text, 1, length, file) != length;
	if (file && !to_stdout)
		failed |= fclose(file) != 0;
	return failed ? cli_failf(CLI_OUTPUT, "%s: cannot be written: %s", path, strerror(errno))
		      : CLI_OK;
}

int cli_write_json(const char *path, const struct json *json)
{
	if (json->failed)
		return cli_failf(CLI_OUTPUT, "%s: cannot be written: out of memory", path);
	return cli_write_text(path, json->text, json->length);
}

int cli_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("gantry " GANTRY_VERSION);
	return cli_flush();
}
