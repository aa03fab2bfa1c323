/* What an operator does with a whole store: check it, copy it, take it elsewhere. */
#pragma once

#include "store/store.h"

#include <stdio.h>

/*
 * Looks at every page and index of the database, and whether the sums agree with the rows. `each`
 * is called for every problem, at most 100 of them; 0 problems or their number, or a negative errno
 * where the check itself could not be done.
 */
int upkeep_check(struct store *store, void (*each)(void *opaque, const char *problem), void *opaque,
	struct err *err);

/* A consistent copy while others write. -EEXIST where `path` is there. */
int upkeep_backup(struct store *store, const char *path, struct err *err);

enum upkeep_table {
	UPKEEP_VIOLATIONS,
	UPKEEP_PASSAGES,
	UPKEEP_EVIDENCE,
	UPKEEP_ALERTS,
	UPKEEP_AUDIT,
	UPKEEP_STREAMS,
	UPKEEP_CONGESTION,
	UPKEEP_TABLE_COUNT
};
const char *upkeep_table_name(enum upkeep_table table); /* "violations", "passages", ... */

enum upkeep_format {
	UPKEEP_CSV, /* RFC 4180 with a header line */
	UPKEEP_JSONL, /* an object a line */
};
/*
 * Every row, oldest first; times are ISO 8601 in UTC. In CSV a text that a spreadsheet would take
 * for a formula gets an apostrophe in front. -EIO with errno's sentence where `out` fails.
 */
int upkeep_export(struct store *store, enum upkeep_table table, enum upkeep_format format,
	FILE *out, struct err *err);
