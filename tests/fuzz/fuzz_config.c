/* Configuration text: read, overridden, printed and freed. */
#include "base/options_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "path=value" lines behind a line of '%' are overrides from the command line. */
static void override(struct all *all, const char *text)
{
	char path[256], value[256];
	struct err err;
	const char *marker = strstr(text, "\n%\n");
	if (marker && sscanf(marker + 3, "%255[^=\n]=%255[^\n]", path, value) == 2)
		options_set(&all_table, all, path, value, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct all all;
	struct problems problems = {.file = "fuzz"};
	char *text = malloc(size + 1), line[1024];
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	options_defaults(&all_table, &all);
	options_read(&all_table, text, size, &all, &problems);
	problems_sort(&problems);
	for (int i = 0; i < problems.count; i++)
		problem_format(&problems.items[i], problems.file, line, sizeof(line));
	override(&all, text);
	problems_finish(&problems);
	options_free(&all_table, &all);
	free(text);
	return 0;
}
