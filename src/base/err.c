#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int(err_set)(struct err *err, int code, const char *fmt, ...)
{
	assert(code < 0);
	if (!err)
		return code;
	va_list args;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}

int(err_prefix)(struct err *err, int code, const char *fmt, ...)
{
	assert(code < 0);
	if (!err)
		return code;
	struct err inner = *err;
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(err->text))
		snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", inner.text);
	return code;
}
