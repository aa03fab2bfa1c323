#include "truth/truth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	struct truth *truth = NULL;
	if (truth_parse((const char *)data, size, "fuzz", &err, &truth) < 0)
		return 0;
	truth_at(truth, (struct media){0}, 1000000);
	truth_free(&truth);
	return 0;
}
