/*
 * Rows of `gantry run --csv` (docs/events.md): columns are found by their names in the first line,
 * so that files with more or fewer of them can be read.
 *
 * Threads: none. Memory: none.
 */
#pragma once

#include "eval/results.h"

enum results_csv_column {
	RESULTS_CSV_TRACK_ID,
	RESULTS_CSV_TRUTH_ID,
	RESULTS_CSV_FIRST_S,
	RESULTS_CSV_LAST_S,
	RESULTS_CSV_FROM_X,
	RESULTS_CSV_FROM_Y,
	RESULTS_CSV_TO_X,
	RESULTS_CSV_TO_Y,
	RESULTS_CSV_SPEED_STATUS,
	RESULTS_CSV_SPEED_KMH,
	RESULTS_CSV_UNCERTAINTY_KMH,
	RESULTS_CSV_SPEED_AT_S,
	RESULTS_CSV_COLUMN_COUNT
};

struct results_csv {
	int at[RESULTS_CSV_COLUMN_COUNT]; /* which field of a row; -1: not there */
};

/* False with what is wrong in `why`. */
bool results_csv_head(
	const char *text, size_t length, struct results_csv *ret_columns, char *why, size_t size);
bool results_csv_row(const struct results_csv *columns, const char *text, size_t length,
	struct result_vehicle *ret_vehicle, char *why, size_t size);
