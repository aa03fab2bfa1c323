/*
 * A text file that is written line by line: each line reaches the system whole or is taken back,
 * so that what is in the file can always be read.
 *
 * Errors: -errno with a sentence. After one nothing more is written, and every later call, close
 * included, says the same. Threads: one owner. Memory: none per line.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct lines;

/* Empties the file or makes it; "-": standard output. */
int lines_open(const char *path, struct err *err, struct lines **ret_lines);
/* `text`: one or more whole lines, each with its newline. */
int lines_write(struct lines *lines, const char *text, size_t length, struct err *err);
/* Waits for the disk; frees in any case. 0 only where everything reached it. NULL: 0. */
int lines_close(struct lines **lines, struct err *err);
