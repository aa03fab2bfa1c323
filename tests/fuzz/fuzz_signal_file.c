#include "judge/signal_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lights_change *plan = NULL;
	struct err err;
	int count = 0;
	if (signal_file_parse((const char *)data, size, "fuzz", "main", &err, &plan, &count) == 0)
		free(plan);
	return 0;
}
