/*
 * gzip (RFC 1952): whole files read, texts packed for the web. The only door to zlib.
 *
 * Threads: any.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

#define GZIP_BYTES_MAX (1u << 30)

/*
 * A whole file in memory, unpacked where it is gzip (by its first two bytes). `ret_text` is the
 * caller's to free(); a byte 0 follows it. -errno of opening, -EFBIG beyond GZIP_BYTES_MAX, -EINVAL
 * for damage, -ENOMEM.
 */
int gzip_read_file(const char *path, struct err *err, char **ret_text, size_t *ret_length);

/* As small as it gets; `ret_bytes` is the caller's to free(). 0 or -ENOMEM. */
int gzip_pack(const void *bytes, size_t length, void **ret_bytes, size_t *ret_length);
