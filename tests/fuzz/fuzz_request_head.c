/* The head of a request, before anybody else reads it. */
#include "serve/head.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"get ", "host:", "content-length:", "upgrade:", "put", NULL};

/* Exactly as long as it says, so that a look beyond is seen. */
static char *copy(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1);
	if (!bytes)
		abort();
	if (size > 0)
		memcpy(bytes, data, size);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = copy(data, size);
	size_t length = head_length(bytes, size);
	struct head_fault fault = head_check(bytes, size, names);
	if (length > size || (length > 0 && bytes[length - 1] != '\n'))
		abort();
	if (fault.status && !fault.detail)
		abort();
	if (fault.status && !head_is_begun(bytes, size))
		abort();
	/* What comes behind a head changes nothing. */
	if (length > 0 && head_check(bytes, length, names).status != fault.status)
		abort();
	free(bytes);
	return 0;
}
