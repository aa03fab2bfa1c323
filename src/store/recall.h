/*
 * Sums of violations at rest (store/settled.h), remembered from one question to the next: somebody
 * who looks at the last 24 hours asks again every few seconds, and 23 of them have not changed.
 *
 *     struct recall_key key = {what, from_hour, to_hour, settled.late_count};
 *     if (recall_get(recall, &key, &data, &bytes) == 0) {
 *             ... read them ...
 *             recall_put(recall, &key, data, bytes);
 *     }
 *
 * Threads: any. Memory: RECALL_MAX answers of at most RECALL_BYTES_MAX; the one not asked for
 * longest goes first.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define RECALL_MAX 32
#define RECALL_BYTES_MAX (1u << 20)

struct recall;

struct recall_key {
	int64_t what; /* which sums: the asker's */
	int64_t from_hour, to_hour; /* all of them at rest */
	int64_t late_count;
};

/* 0 or -ENOMEM. */
int recall_create(struct recall **ret_recall);
void recall_destroy(struct recall **recall);

/* 1: a copy, the caller's to free(); 0: not remembered; -ENOMEM. `recall` NULL remembers nothing.
 */
int recall_get(
	struct recall *recall, const struct recall_key *key, void **ret_data, size_t *ret_bytes);
/* Copies; does nothing where there is no memory, too much data or no `recall`. */
void recall_put(
	struct recall *recall, const struct recall_key *key, const void *data, size_t bytes);
