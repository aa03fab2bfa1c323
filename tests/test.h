/* What every unit test includes: cmocka in the order it wants, and where the test data lies. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Skips the calling test, and says so, where the file is not there. Static memory. */
static inline const char *test_data(const char *name)
{
	static char path[4096];
	const char *root = getenv("GANTRY_TEST_DATA");
	snprintf(path, sizeof(path), "%s/%s", root ? root : "../shared/data", name);
	if (access(path, R_OK) != 0) {
		print_message("# skipped: no test data (%s)\n", path);
		skip();
	}
	return path;
}

/*
 * Stands in for cmocka's own, through which it prints its results: some releases call a skipped
 * test "not ok N # SKIP", which TAP readers take for a failure.
 */
__attribute__((weak)) void print_message(const char *const format, ...)
{
	char text[4096];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	bool is_skip = strncmp(text, "not ok", 6) == 0 && strstr(text, "# SKIP");
	bool is_tap = strncmp(text, "ok", 2) == 0 || strncmp(text, "not ok", 6) == 0 ||
		      strncmp(text, "1..", 3) == 0 || text[0] == '#';
	if (!is_tap)
		fputs("# ", stdout);
	fputs(is_skip ? text + 4 : text, stdout);
	fflush(stdout);
}

/* TAP, so that meson counts single cases. */
#define TEST_MAIN(...)                                                                             \
	int main(void)                                                                             \
	{                                                                                          \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                                   \
		cmocka_set_message_output(CM_OUTPUT_TAP);                                          \
		return cmocka_run_group_tests(tests, NULL, NULL);                                  \
	}
