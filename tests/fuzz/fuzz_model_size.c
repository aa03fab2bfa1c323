/* An ONNX file whose size is to be left open: what comes out is a file, too, and open. */
#include "detect/model_size.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *open, *again;
	size_t open_size, again_size;
	if (model_size_open(data, size, &open, &open_size) < 0)
		return 0;
	if (model_size_open(open, open_size, &again, &again_size) != -ENOENT)
		abort();
	free(open);
	return 0;
}
