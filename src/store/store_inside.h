/* What the files of this room share about an open store. */
#pragma once

#include "store/store.h"

#define STORE_NAME_MAX 63 /* bytes of a device, type, line */

/* A connection to read with, until store_read_end(): all that is read through it is of one moment.
 */
int store_read_begin(struct store *store, struct err *err, struct sql **ret_sql);
void store_read_end(struct store *store, struct sql **sql);

/* -EROFS with a sentence where the store was opened for reading. */
int store_post(struct store *store, struct writer_job *job, struct err *err);
int store_do(struct store *store, struct writer_job *job, struct err *err);

/* Sums remembered from one question to the next; NULL where the store was opened for reading: what
 * another process does to the file is not known then. */
struct recall;
struct recall *store_recall(const struct store *store);

bool store_has_outbox(const struct store *store);

/* The job of a function that changes something and waits: a step with its arguments. */
struct store_change {
	struct writer_job job;
	const void *arguments;
	int64_t number; /* an id or a version that the step gives back */
};
int store_change(struct store *store,
	int (*step)(
		struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err),
	const void *arguments, struct err *err, int64_t *ret_number);
