/*
 * A whole file in memory, unpacked where it is gzip (by its first two bytes). The only door to
 * zlib. Memory: `ret_text` is the caller's to free(); a byte 0 follows it.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

#define GUNZIP_BYTES_MAX (1u << 30)

/* -errno of opening, -EFBIG beyond GUNZIP_BYTES_MAX, -EINVAL for damage, -ENOMEM. */
int gunzip_file(const char *path, struct err *err, char **ret_text, size_t *ret_length);
