#include "eval/results.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct results *results = NULL;
	struct err err;
	if (results_parse((const char *)data, size, "fuzz", &err, &results) == 0)
		results_free(&results);
	return 0;
}
