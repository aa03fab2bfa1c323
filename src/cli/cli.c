#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

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

int cli_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return CLI_OK;
	return cli_failf(CLI_OUTPUT, "standard output cannot be written");
}

int cli_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("gantry " GANTRY_VERSION);
	return cli_flush();
}
