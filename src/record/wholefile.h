/*
 * Files that appear whole or not at all: written under a temporary name in the same directory,
 * synced, renamed. What a reader finds under the real name is always complete.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* Replaces a file of that name. -errno with a sentence; nothing is left behind then. */
int wholefile_write(const char *path, const void *bytes, size_t count, struct err *err);
