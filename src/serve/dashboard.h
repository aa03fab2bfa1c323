/*
 * The dashboard: one page for people and what it is made of, written by hand in serve/dashboard and
 * built into the program as it is (embed_files.py).
 *
 * Threads: constant. Memory: none.
 */
#pragma once

#include <stddef.h>

struct dashboard_file {
	const char *name; /* "index.html" */
	const char *text; /* no NUL at its end */
	size_t length;
};

extern const struct dashboard_file dashboard_files[];
extern const int dashboard_file_count;
