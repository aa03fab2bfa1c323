/*
 * A folder of a benchmark's own with room for a store in it, gone again afterwards.
 *
 * Threads: plain values, the owner's.
 */
#pragma once

#include "base/err.h"

#include <limits.h>

struct bench_folder {
	char path[PATH_MAX - 64]; /* "": none */
	char store[PATH_MAX]; /* the database's file, which is not made here */
};

/* `parent`/bench-`name`-XXXXXX; `parent` NULL: the working directory. 0 or a negative errno. */
int bench_folder_create(
	const char *parent, const char *name, struct err *err, struct bench_folder *ret_folder);
/* With the store, which nobody may have open. */
void bench_folder_remove(struct bench_folder *folder);
