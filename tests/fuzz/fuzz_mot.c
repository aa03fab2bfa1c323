#include "eval/trackscore.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses is scored against itself, unless it is long: scoring grows with ids squared. */
static void score(const struct mot *mot)
{
	struct pairs_options options = {.first_frame = 0, .forgive = mot->count & 1};
	struct pairs *pairs = NULL;
	struct trackscore sums;
	struct err err;
	if (mot->count < 200 && mot->last_frame < 10000 &&
		pairs_create(mot, mot, &options, &err, &pairs) == 0)
		trackscore_count(pairs, &sums);
	pairs_destroy(&pairs);
}

/* The first byte chooses the format; AUTO among them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	struct mot *mot = NULL;
	struct mot_info info;
	if (size < 1)
		return 0;
	enum mot_format format = (enum mot_format)(data[0] % 4);
	if (mot_parse((const char *)data + 1, size - 1, "fuzz", format, "Car", &err, &mot) == 0)
		score(mot);
	mot_free(&mot);
	char *text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	mot_info_parse(text, "fuzz", &err, &info);
	free(text);
	return 0;
}
